"""The columns of the tables."""

import datetime

import numpy as np
import pytest

from pipelines import rows
from tfrecords.labels import LABELS


def test_columns_are_those_of_the_design():
    names = {table: [column.name for column in rows.COLUMNS[table]] for table in rows.COLUMNS}
    assert names == {
        "emotions": (
            "source member frame time_ms face track box_left box_top box_width box_height "
            "detection emotion confidence angry disgust fear happy neutral sad surprise model"
        ).split(),
        "recordings": (
            "source member media bytes etag width height duration_ms frames_scored faces dominant "
            "angry disgust fear happy neutral sad surprise model scored_at"
        ).split(),
        "failures": "source member frame time_ms stage error message".split(),
    }


@pytest.mark.parametrize(
    ("table", "column", "kind"),
    [
        ("emotions", "time_ms", "int64"),
        ("emotions", "face", "int32"),
        ("emotions", "box_left", "float"),
        ("emotions", "emotion", "string"),
        *(("emotions", label, "float") for label in LABELS),
        ("recordings", "bytes", "int64"),
        ("recordings", "scored_at", "timestamp[ms, tz=UTC]"),
        ("failures", "message", "string"),
    ],
)
def test_types(table, column, kind):
    assert str(rows.schema(table).field(column).type) == kind


def test_every_field_says_what_it_means():
    assert rows.schema("emotions").field("track").metadata == {
        b"meaning": b"the same face through a recording; null for images"
    }


def test_columns_left_out_are_null():
    table = rows.from_rows(
        "failures", [{"source": "a", "stage": "read", "error": "E", "message": "m"}]
    )
    assert table.to_pylist() == [
        {
            "source": "a",
            "member": None,
            "frame": None,
            "time_ms": None,
            "stage": "read",
            "error": "E",
            "message": "m",
        }
    ]


def test_arrays_and_lists_make_columns():
    full = {
        "source": ["a", "b"],
        "media": ["image", "image"],
        "bytes": np.array([1, 2]),
        "etag": ["1", "2"],
        "frames_scored": [1, 1],
        "faces": [1, 1],
        "model": ["m", "m"],
        "scored_at": [datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)] * 2,
    }
    table = rows.to_table("recordings", full)
    assert table.schema == rows.schema("recordings")
    assert table["bytes"].to_pylist() == [1, 2]


def test_a_required_column_must_be_there():
    with pytest.raises(ValueError, match="column stage is null in 1 of 1 rows"):
        rows.from_rows("failures", [{"source": "a", "error": "E", "message": "m"}])


def test_an_unknown_column_is_refused():
    with pytest.raises(ValueError, match="failures has no column colour"):
        rows.to_table("failures", {"source": ["a"], "colour": ["red"]})


def test_no_rows():
    assert rows.from_rows("emotions", []).num_rows == 0


@pytest.mark.parametrize(("name", "text"), [("Ünï.png", True), ("a\udcff.png", False)])
def test_is_text(name, text):
    assert rows.is_text(name) is text
