"""fer2013.csv: a row is a face, its emotion as a digit and its 2,304 pixels as text."""

import csv
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pipelines.spool import local_path
from tfrecords.faces import FaceError
from tfrecords.schema import FACE_SHAPE
from tfrecords.splits import parse_usage

_REQUIRED = ("emotion", "pixels")


class TableError(ValueError):
    """A csv file that does not have the columns of fer2013.csv."""


class Row(NamedTuple):
    """Where a row stands in the file, and what it says besides its pixels."""

    offset: int  # bytes
    size: int  # bytes
    emotion: str
    usage: str  # "Training", "PublicTest", "PrivateTest", or "" where there is no such column


def iterate_rows(uri: str) -> Iterator[Row]:
    """Yields the data rows of a table in order.

    Raises:
        TableError: where a column is missing or a row has another number of fields.
    """
    with open(local_path(uri), "rb") as file:
        header = file.readline()
        columns = _columns(header)
        offset = len(header)
        for line in file:
            if line.strip():
                fields = _fields(line, columns, offset)
                usage = fields.get("Usage", "")
                if usage and parse_usage(usage) is None:
                    raise TableError(
                        f"csv row at byte {offset} has the usage {usage!r}, expected Training, "
                        "PublicTest or PrivateTest"
                    )
                yield Row(offset, len(line), fields["emotion"], usage)
            offset += len(line)


def read_face(uri: str, offset: int, size: int) -> np.ndarray:
    """Returns the pixels of one row, uint8 [48, 48, 1].

    Raises:
        FaceError: where they are not 2,304 numbers from 0 to 255.
    """
    with open(local_path(uri), "rb") as file:
        columns = _columns(file.readline())
        file.seek(offset)
        pixels = _fields(file.read(size), columns, offset)["pixels"]
    try:
        values = np.array(pixels.split(), dtype=np.int64)
    except ValueError as error:
        raise FaceError(f"pixels are not whole numbers: {error}") from error
    expected = int(np.prod(FACE_SHAPE))
    if len(values) != expected:
        raise FaceError(f"row has {len(values)} pixels, expected {expected}")
    if values.min() < 0 or values.max() > 255:
        raise FaceError(f"pixels reach from {values.min()} to {values.max()}, expected 0 to 255")
    return values.astype(np.uint8).reshape(FACE_SHAPE)


def _columns(header: bytes) -> list[str]:
    columns = [name.strip() for name in header.decode("utf-8-sig", "replace").split(",")]
    if missing := [name for name in _REQUIRED if name not in columns]:
        raise TableError(
            f"csv has no column {' and no column '.join(missing)}; it has {', '.join(columns)}, "
            "expected emotion,pixels,Usage as in fer2013.csv"
        )
    return columns


def _fields(line: bytes, columns: list[str], offset: int) -> dict[str, str]:
    values = next(csv.reader([line.decode("utf-8", "replace")]))
    if len(values) != len(columns):
        raise TableError(
            f"csv row at byte {offset} has {len(values)} fields, expected {len(columns)}"
        )
    return dict(zip(columns, values, strict=True))
