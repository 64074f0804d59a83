import pytest

from tfrecords.splits import SPLITS, parse_split, parse_usage


@pytest.mark.parametrize(
    ("folder", "split"),
    [("train", "train"), ("Training", "train"), ("val", "validation"), ("test", "test")],
)
def test_split_folder(folder, split):
    assert parse_split(folder) == split
    assert split in SPLITS


def test_other_folder_is_no_split():
    assert parse_split("images") is None


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("Training", "train"),
        ("Training_3908.jpg", "train"),
        ("PublicTest_10116449.jpg", "validation"),
        ("PrivateTest", "test"),
        ("IMG_0001.jpg", None),
    ],
)
def test_kaggle_usage(name, split):
    assert parse_usage(name) == split
