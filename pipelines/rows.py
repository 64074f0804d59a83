"""The columns of the Parquet tables: one list drives writers, readers and the README."""

from typing import NamedTuple

import pyarrow as pa

from tfrecords.labels import LABELS


class Column(NamedTuple):
    """One column of a table."""

    name: str
    type: pa.DataType
    nullable: bool
    meaning: str  # with its unit; what null stands for where it is nullable


_SOURCE = Column("source", pa.string(), False, "path or URI of the file")
_MEMBER = Column("member", pa.string(), True, "name inside an archive; null for a plain file")
_FRAME = Column("frame", pa.int64(), True, "frame of a recording, from 0; null for images")
_TIME = Column("time_ms", pa.int64(), True, "milliseconds from the first frame; null for images")
_MODEL = Column("model", pa.string(), False, "identity of the model bundle")


def _emotions(nullable: bool, meaning: str) -> tuple[Column, ...]:
    return tuple(
        Column(label, pa.float32(), nullable, meaning.format(label=label)) for label in LABELS
    )


COLUMNS: dict[str, tuple[Column, ...]] = {
    # A row is a face in an image or frame.
    "emotions": (
        _SOURCE,
        _MEMBER,
        _FRAME,
        _TIME,
        Column("face", pa.int32(), False, "number of the face in its image, from 0"),
        Column("track", pa.int64(), True, "the same face through a recording; null for images"),
        Column("box_left", pa.float32(), True, "pixels of the upright image; null with whole"),
        Column("box_top", pa.float32(), True, "pixels of the upright image; null with whole"),
        Column("box_width", pa.float32(), True, "pixels of the upright image; null with whole"),
        Column("box_height", pa.float32(), True, "pixels of the upright image; null with whole"),
        Column("detection", pa.float32(), True, "detector's score of the face; null with whole"),
        Column("emotion", pa.string(), False, "the most probable emotion"),
        Column("confidence", pa.float32(), False, "its probability"),
        *_emotions(False, "probability of {label}; the seven sum to 1"),
        _MODEL,
    ),
    # A row is a source file: an image, or an archive as a whole.
    "recordings": (
        _SOURCE,
        Column("member", pa.string(), True, "name inside an archive of a recording, else null"),
        Column("media", pa.string(), False, "image or archive"),
        Column("bytes", pa.int64(), False, "size of the file"),
        Column("etag", pa.string(), False, "state of the file when it was listed"),
        Column("width", pa.int32(), True, "pixels, upright; null for archives and where unread"),
        Column("height", pa.int32(), True, "pixels, upright; null for archives and where unread"),
        Column("duration_ms", pa.int64(), True, "length of a recording; null for images"),
        Column("frames_scored", pa.int64(), False, "images or frames that could be read"),
        Column("faces", pa.int64(), False, "rows in emotions"),
        Column("dominant", pa.string(), True, "emotion of the highest mean; null without faces"),
        *_emotions(True, "mean probability of {label} over its faces; null without faces"),
        _MODEL,
        Column("scored_at", pa.timestamp("ms", tz="UTC"), False, "when the row was written"),
    ),
    # A row is an input that could not be read, whole or in part.
    "failures": (
        _SOURCE,
        _MEMBER,
        _FRAME,
        _TIME,
        Column("stage", pa.string(), False, "open (an archive), read (bytes) or decode (pixels)"),
        Column("error", pa.string(), False, "class of the error"),
        Column("message", pa.string(), False, "what was wrong"),
    ),
}


def schema(table: str) -> pa.Schema:
    """Returns the Parquet schema of a table; each field says what it means."""
    return pa.schema(
        pa.field(column.name, column.type, column.nullable, {"meaning": column.meaning})
        for column in COLUMNS[table]
    )


def to_table(table: str, columns: dict) -> pa.Table:
    """Makes Arrow of columns (lists or arrays) by name; one left out is null in every row.

    Raises:
        ValueError: where a column does not belong to the table, or one that may not be null is
            missing.
    """
    rows = len(next(iter(columns.values())))
    known = {column.name for column in COLUMNS[table]}
    if unknown := columns.keys() - known:
        raise ValueError(f"{table} has no column {', '.join(sorted(unknown))}")
    return pa.Table.from_arrays(
        [_array(column, columns.get(column.name), rows) for column in COLUMNS[table]],
        schema=schema(table),
    )


def from_rows(table: str, rows: list[dict]) -> pa.Table:
    """Makes Arrow of rows; a column left out is null."""
    names = [column.name for column in COLUMNS[table]]
    return to_table(table, {name: [row.get(name) for row in rows] for name in names})


def is_text(name: str) -> bool:
    """Tells whether a name can stand in a table; one of other bytes than UTF-8 cannot."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _array(column: Column, values: object, rows: int) -> pa.Array:
    array = pa.nulls(rows, column.type) if values is None else pa.array(values, column.type)
    if array.null_count and not column.nullable:
        raise ValueError(f"column {column.name} is null in {array.null_count} of {rows} rows")
    return array
