"""Thins the rows of a person to the points of a chart, in memory that does not grow with rows."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from tfrecords.labels import LABELS

MOST_POINTS = 300  # of a timeline; on a chart, a point is some three pixels wide
KEY = ("source", "member", "track")
_TIME = "time_ms"


class Person(NamedTuple):
    """Who a timeline is about: one track of one recording."""

    source: str
    member: str | None
    track: int | None


class Extent(NamedTuple):
    """When a person was seen."""

    first_ms: int
    last_ms: int
    faces: int

    def merge(self, other: "Extent") -> "Extent":
        """Returns the extent of both together."""
        return Extent(
            min(self.first_ms, other.first_ms),
            max(self.last_ms, other.last_ms),
            self.faces + other.faces,
        )


class Timeline:
    """Mean probabilities of one person in at most `MOST_POINTS` spans of equal length."""

    def __init__(self, extent: Extent):
        spans = min(MOST_POINTS, extent.faces)
        self._first = extent.first_ms
        self._width = -(-(extent.last_ms - extent.first_ms + 1) // spans)  # ms, rounded up
        self._faces = np.zeros(spans, np.int64)
        self._times = np.zeros(spans, np.int64)
        self._sums = np.zeros((spans, len(LABELS)), np.float64)

    def add(self, times: np.ndarray, probabilities: np.ndarray) -> None:
        """Takes in faces: int64 [n] milliseconds, float32 [n, 7]."""
        spans = (times - self._first) // self._width
        np.add.at(self._faces, spans, 1)
        np.add.at(self._times, spans, times)
        np.add.at(self._sums, spans, probabilities)

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """Returns int64 [p] mean milliseconds, rising, and float64 [p, 7], of spans not empty."""
        seen = self._faces > 0
        faces = self._faces[seen]
        return self._times[seen] // faces, self._sums[seen] / faces[:, np.newaxis]


def measure(batches: Iterable[pa.RecordBatch]) -> dict[Person, Extent]:
    """Finds who was seen and when, in rows with the columns of `KEY` and time_ms."""
    found: dict[Person, Extent] = {}
    for batch in batches:
        grouped = (
            pa.Table.from_batches([batch])
            .group_by(list(KEY))
            .aggregate([(_TIME, "min"), (_TIME, "max"), (_TIME, "count")])
        )
        for row in grouped.to_pylist():
            person = Person(*(row[name] for name in KEY))
            extent = Extent(row["time_ms_min"], row["time_ms_max"], row["time_ms_count"])
            found[person] = found[person].merge(extent) if person in found else extent
    return found


def thin(
    batches: Iterable[pa.RecordBatch], extents: dict[Person, Extent]
) -> dict[Person, Timeline]:
    """Makes the timelines of some people of rows with `KEY`, time_ms and the emotions."""
    timelines = {person: Timeline(extent) for person, extent in extents.items()}
    for batch in batches:
        times = batch.column(_TIME).to_numpy()
        columns = [batch.column(label).to_numpy() for label in LABELS]
        probabilities = np.stack(columns, axis=1)  # [rows, 7]
        for person, rows in _rows_by_person(batch):
            if person in timelines:
                timelines[person].add(times[rows], probabilities[rows])
    return timelines


def _rows_by_person(batch: pa.RecordBatch) -> Iterator[tuple[Person, np.ndarray]]:
    keys = pa.Table.from_batches([batch]).select(KEY)
    numbered = keys.append_column("row", pa.array(np.arange(batch.num_rows)))
    grouped = numbered.group_by(list(KEY)).aggregate([("row", "list")])
    names = [grouped[name].to_pylist() for name in KEY]
    for *key, rows in zip(*names, grouped["row_list"], strict=True):
        yield Person(*key), rows.values.to_numpy()
