"""The TFRecord framing: length, masked CRC-32C of it, payload, masked CRC-32C of it.

Source: tensorflow/core/lib/io/record_writer.h. google-crc32c computes the checksums in hardware.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import IO

import google_crc32c

_HEADER = struct.Struct("<QI")
_FOOTER = struct.Struct("<I")
_MASK_DELTA = 0xA282EAD8


class RecordError(ValueError):
    """A file that is not a whole, undamaged TFRecord file."""


def write_records(file: IO[bytes], payloads: Iterable[bytes]) -> int:
    """Writes each payload as one record; returns how many there were."""
    count = 0
    for payload in payloads:
        length = len(payload).to_bytes(8, "little")
        file.write(_HEADER.pack(len(payload), _masked_crc(length)))
        file.write(payload)
        file.write(_FOOTER.pack(_masked_crc(payload)))
        count += 1
    return count


def read_records(file: IO[bytes]) -> Iterator[bytes]:
    """Yields each record's payload.

    Raises:
        RecordError: at the first record that is cut short or whose checksum is wrong.
    """
    index = 0
    while header := file.read(_HEADER.size):
        yield _read_payload(file, header, index)
        index += 1


def _read_payload(file: IO[bytes], header: bytes, index: int) -> bytes:
    if len(header) < _HEADER.size:
        raise RecordError(f"record {index} is cut short")
    length, length_crc = _HEADER.unpack(header)
    if _masked_crc(header[:8]) != length_crc:
        raise RecordError(f"record {index} has a wrong length checksum: not a TFRecord file?")
    payload, footer = file.read(length), file.read(_FOOTER.size)
    if len(payload) < length or len(footer) < _FOOTER.size:
        raise RecordError(f"record {index} is cut short")
    if _masked_crc(payload) != _FOOTER.unpack(footer)[0]:
        raise RecordError(f"record {index} has a wrong checksum")
    return payload


def _masked_crc(data: bytes) -> int:
    crc = google_crc32c.value(data)
    return (((crc >> 15) | (crc << 17)) + _MASK_DELTA) & 0xFFFFFFFF
