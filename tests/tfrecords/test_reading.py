import numpy as np
import pytest

from tfrecords.codec import encode
from tfrecords.errors import JobError
from tfrecords.manifest import Manifest
from tfrecords.naming import shard_name
from tfrecords.reading import count, face_dataset
from tfrecords.records import write_records


@pytest.fixture
def dataset(tmp_path, examples):
    """Twenty examples in three shards."""
    shards = [examples[0:7], examples[7:14], examples[14:20]]
    for i, shard in enumerate(shards):
        with open(tmp_path / shard_name("train", i, 3), "wb") as file:
            write_records(file, map(encode, shard))
    manifest = Manifest(examples={}, shards={"train": [7, 7, 6]})
    (tmp_path / "dataset.json").write_text(manifest.to_json())
    return str(tmp_path)


def read_keys(dataset, **options):
    return [
        key.decode()
        for _, _, key in face_dataset(dataset, "train", keys=True, **options).as_numpy_iterator()
    ]


def test_whole_content_in_the_order_of_the_shards(dataset, examples):
    read = list(face_dataset(dataset, "train", keys=True).as_numpy_iterator())
    assert len(read) == count(dataset, "train") == 20
    for (image, label, key), example in zip(read, examples, strict=True):
        np.testing.assert_array_equal(image, example.image)
        assert (label, key.decode()) == (example.label, example.key)


def test_elements_are_typed_and_counted(dataset):
    faces = face_dataset(dataset, "train")
    image, label = faces.element_spec
    assert (image.shape, image.dtype.name) == ((48, 48, 1), "uint8")
    assert (label.shape, label.dtype.name) == ((), "int64")
    assert faces.cardinality() == 20


def test_shuffled_order_is_a_function_of_seed_and_epoch(dataset, examples):
    first = read_keys(dataset, shuffle_seed=1, epoch=0)
    assert sorted(first) == sorted(example.key for example in examples)
    assert first == read_keys(dataset, shuffle_seed=1, epoch=0)
    others = [read_keys(dataset, shuffle_seed=s, epoch=e) for s, e in [(1, 1), (2, 0), (None, 0)]]
    assert first not in others


def test_absent_split_is_refused_with_those_there_are(dataset):
    with pytest.raises(JobError, match="has no 'test' examples; it has train"):
        face_dataset(dataset, "test")
