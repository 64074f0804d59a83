import io

import pytest
import tensorflow as tf

from tfrecords.records import RecordError, read_records, write_records

PAYLOADS = [b"", b"one", bytes(range(256)) * 40]


def written() -> bytes:
    file = io.BytesIO()
    assert write_records(file, PAYLOADS) == 3
    return file.getvalue()


def test_round_trip():
    assert list(read_records(io.BytesIO(written()))) == PAYLOADS


def test_no_record_is_an_empty_file():
    assert write_records(io.BytesIO(), []) == 0
    assert list(read_records(io.BytesIO())) == []


def test_file_is_tensorflows_own(tmp_path):
    path = str(tmp_path / "theirs.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for payload in PAYLOADS:
            writer.write(payload)
    assert (tmp_path / "theirs.tfrecord").read_bytes() == written()


@pytest.mark.parametrize("cut", [1, 4, 100])
def test_cut_file_is_noticed(cut):
    records = read_records(io.BytesIO(written()[:-cut]))
    assert [next(records), next(records)] == PAYLOADS[:2]
    with pytest.raises(RecordError, match="record 2 is cut short"):
        next(records)


def test_file_cut_in_a_header_is_noticed():
    with pytest.raises(RecordError, match="record 1 is cut short"):
        list(read_records(io.BytesIO(written()[:20])))


@pytest.mark.parametrize(
    ("position", "message"),
    [(0, "record 0 has a wrong length checksum"), (-10, "record 2 has a wrong checksum")],
)
def test_flipped_bit_is_noticed(position, message):
    damaged = bytearray(written())
    damaged[position] ^= 1
    with pytest.raises(RecordError, match=message):
        list(read_records(io.BytesIO(bytes(damaged))))
