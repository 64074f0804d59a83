import json

import pytest

from tfrecords import manifest
from tfrecords.errors import JobError
from tfrecords.manifest import Manifest
from tfrecords.schema import ContractMismatch

MANIFEST = Manifest(
    examples={"train": {"happy": 3, "sad": 2}, "test": {"happy": 1}},
    shards={"train": [2, 3], "test": [1], "validation": []},
    skipped=[{"source": "a.txt", "reason": "not an image"}],
)


@pytest.fixture
def dataset(tmp_path):
    (tmp_path / "dataset.json").write_text(MANIFEST.to_json())
    return tmp_path


def damage(dataset, **fields):
    path = dataset / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_round_trip(dataset):
    assert manifest.load(str(dataset)).to_json() == MANIFEST.to_json()


def test_counts_splits_and_paths(dataset):
    loaded = manifest.load(str(dataset))
    assert (loaded.count("train"), loaded.count("test"), loaded.count("validation")) == (5, 1, 0)
    assert loaded.splits() == ["train", "test"]
    assert loaded.shard_paths(str(dataset), "train") == [
        f"{dataset}/train-00000-of-00002.tfrecord",
        f"{dataset}/train-00001-of-00002.tfrecord",
    ]


def test_unfinished_data_set_is_refused(tmp_path):
    with pytest.raises(JobError, match="is not a complete data set.*semblante convert"):
        manifest.load(str(tmp_path))


def test_text_that_is_not_json_is_refused(tmp_path):
    (tmp_path / "dataset.json").write_text("{")
    with pytest.raises(JobError, match="cannot read .*dataset.json"):
        manifest.load(str(tmp_path))


@pytest.mark.parametrize("version", [0, None, "1"])
def test_other_schema_version_is_refused(dataset, version):
    damage(dataset, schema_version=version)
    with pytest.raises(JobError, match=f"schema version {version}; this software reads 1"):
        manifest.load(str(dataset))


def test_unknown_field_is_refused(dataset):
    damage(dataset, examplse={})
    with pytest.raises(JobError, match="is damaged: .*examplse"):
        manifest.load(str(dataset))


def test_other_labels_are_refused(dataset):
    damage(dataset, labels=["happy", "sad"])
    with pytest.raises(ContractMismatch, match="has the labels happy, sad; this version expects"):
        manifest.load(str(dataset))
