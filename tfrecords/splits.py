"""The three splits of a data set and the names under which they arrive."""

SPLITS = ("train", "validation", "test")

_FOLDERS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}

# The Usage column of fer2013.csv; Kaggle's image files carry it as the start of their names.
_USAGES = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}


def parse_split(folder: str) -> str | None:
    """Returns the split that a folder name stands for, or None where it is no split name."""
    return _FOLDERS.get(folder.lower())


def parse_usage(name: str) -> str | None:
    """Returns the split of a Kaggle usage (`PublicTest`) or file name (`PublicTest_123.jpg`)."""
    return _USAGES.get(name.partition("_")[0])
