import numpy as np
import pytest
from PIL import Image

from tfrecords import codec, inspection
from tfrecords.errors import JobError
from tfrecords.manifest import Manifest
from tfrecords.naming import shard_name
from tfrecords.records import write_records
from tfrecords.schema import FaceExample


@pytest.fixture
def dataset(tmp_path, examples):
    """Twenty examples, one of which is black; two are said to be equal."""
    black = FaceExample(np.zeros((48, 48, 1), np.uint8), 4, "train/black.png")
    with open(tmp_path / shard_name("train", 0, 1), "wb") as file:
        write_records(file, map(codec.encode, [*examples, black]))
    content = Manifest(
        examples={"train": {"angry": 3, "neutral": 18}},
        shards={"train": [21]},
        failed=[{"source": f"{i}.png", "reason": "file is empty"} for i in range(7)],
        duplicates={
            "redundant": ["train/1.png"],
            "conflicting_labels": [{"train/0.png": "angry", "train/1.png": "disgust"}],
            "leaked_from_test_into_train": [],
        },
    )
    (tmp_path / "dataset.json").write_text(content.to_json())
    return tmp_path


def test_findings_in_words_and_on_a_sheet(dataset, tmp_path, capsys):
    sheet = tmp_path / "sheet.png"
    assert inspection.main([str(dataset), "--output", str(sheet)]) == 0
    printed = capsys.readouterr().out
    for line in (
        "neutral             18",
        "all                 21",
        "failed: 7 inputs\n  0.png: file is empty",
        "  and 2 more, all in dataset.json",
        "duplicates: 1 redundant copies",
        "conflicting labels: 1 groups of equal images",
        "suspicious: 1 images show next to nothing",
    ):
        assert line in printed
    with Image.open(sheet) as picture:
        assert picture.size[0] > 1_000 and picture.size[1] > 1_000


@pytest.mark.parametrize(
    ("level", "spread", "suspicious"), [(0, 0, True), (90, 2, True), (90, 30, False)]
)
def test_suspicious_is_what_shows_next_to_nothing(generator, level, spread, suspicious):
    face = generator.normal(level, spread, (48, 48, 1)).clip(0, 255).astype(np.uint8)
    assert inspection.is_suspicious(face) == suspicious


def test_damaged_shard_is_named(dataset):
    shard = dataset / shard_name("train", 0, 1)
    shard.write_bytes(shard.read_bytes()[:-5])
    with pytest.raises(JobError, match="cannot read .*train-00000.*: record 20 is cut short; conv"):
        inspection.main([str(dataset)])


def test_shard_of_another_length_is_named(dataset, examples):
    with open(dataset / shard_name("train", 0, 1), "wb") as file:
        write_records(file, map(codec.encode, examples))
    with pytest.raises(JobError, match="has 20 examples, expected 21; convert anew"):
        inspection.main([str(dataset)])


def test_sheet_that_cannot_be_written(dataset, tmp_path):
    with pytest.raises(JobError, match="cannot write .*: No such file or directory"):
        inspection.main([str(dataset), "--output", str(tmp_path / "absent" / "sheet.png")])
