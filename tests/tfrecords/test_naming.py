import pytest

from tfrecords.naming import ShardName, parse_shard_name, shard_name


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("train", 0, 16), "train-00000-of-00016.tfrecord"),
        (("validation", 7, 8), "validation-00007-of-00008.tfrecord"),
        (("test", 123_456, 200_000), "test-123456-of-200000.tfrecord"),
    ],
)
def test_format_and_parse_are_inverse(parts, name):
    assert shard_name(*parts) == name
    assert parse_shard_name(name) == ShardName(*parts)


@pytest.mark.parametrize(
    "name", ["dataset.json", "train-00000-of-00016.tfrecord.tmp", "dev-00000-of-00001.tfrecord"]
)
def test_other_files_are_no_shards(name):
    assert parse_shard_name(name) is None


def test_shard_out_of_range_is_refused():
    with pytest.raises(ValueError, match=r"shard 4 is outside \[0, 4\)"):
        shard_name("train", 4, 4)
