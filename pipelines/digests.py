"""Digests of examples, packed: a few long strings cross a shuffle for what thousands would cost."""

import collections
import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

_SIZE = 16  # bytes of a digest
_BUCKETS = 64


class Digest(NamedTuple):
    """The content of one example, for the search for duplicates."""

    content: bytes  # 16 bytes, equal for equal pixels
    label: int  # index into LABELS
    key: str


PackedDigests = tuple[bytes, bytes, bytes]  # contents, labels, keys parted by NUL


def pack(digests: Iterable[Digest]) -> dict[int, PackedDigests]:
    """Returns digests by bucket; equal contents come into the same one, whoever packs them."""
    buckets: dict[int, list[Digest]] = collections.defaultdict(list)
    for digest in digests:
        buckets[digest.content[0] % _BUCKETS].append(digest)
    return {bucket: _pack(members) for bucket, members in buckets.items()}


def _pack(digests: list[Digest]) -> PackedDigests:
    contents, labels, keys = zip(*digests, strict=True)
    return b"".join(contents), bytes(labels), b"\0".join(map(os.fsencode, keys))


def unpack(packed: PackedDigests) -> Iterator[Digest]:
    """Yields what `pack` took, within a bucket in the same order."""
    contents, labels, keys = packed
    for place, (label, key) in enumerate(zip(labels, keys.split(b"\0"), strict=True)):
        yield Digest(contents[place * _SIZE : (place + 1) * _SIZE], label, os.fsdecode(key))


def contents(packed: PackedDigests) -> list[bytes]:
    """Returns the contents alone."""
    return [packed[0][start : start + _SIZE] for start in range(0, len(packed[0]), _SIZE)]
