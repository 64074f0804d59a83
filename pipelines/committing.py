"""Turns classified batches into rows, and commits them."""

import collections
import datetime
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from pipelines import ledger, planning, rows
from pipelines.ledger import Commit, Counts
from pipelines.planning import Entry, MediaFile, Span
from pipelines.reading_faces import FaceBatch, ImageRead
from tfrecords.errors import JobError
from tfrecords.labels import LABELS


class CommitRules(NamedTuple):
    """What all commits of a run have in common."""

    tables: str  # folder
    run: str  # id of the run
    model: str  # id of the bundle
    settings: str  # part of the names of commits


def commit_batch(
    batch: FaceBatch, probabilities: np.ndarray, rules: CommitRules
) -> Iterator[tuple[str, Span]]:
    """Writes the rows of a batch; yields the span by its archive, where it is one.

    Args:
        probabilities: float32 [n, 7], of the batch's n faces.
    """
    parts = {
        "emotions": emotion_rows(batch, probabilities, rules.model),
        "failures": failure_rows(batch),
        "recordings": image_rows(batch, probabilities, rules.model),
    }
    sums = tuple(probabilities.sum(axis=0, dtype=np.float64).tolist())
    record = Commit(
        name=batch.name,
        kind=batch.kind,
        run=rules.run,
        model=rules.model,
        sources=tuple(file.state for file in batch.files),
        counts=count(batch, probabilities),
        start=batch.start,
        stop=batch.stop,
        probability_sums=sums,
    )
    ledger.commit(rules.tables, record, parts)
    if batch.kind == ledger.SPAN:
        span = Span(batch.start, batch.stop, batch.scored, len(batch.heads), sums)
        yield batch.files[0].uri, span


def finish_archive(entry: Entry, committed: Iterable[Span], rules: CommitRules) -> int:
    """Writes the row of an archive whose spans are all committed, some perhaps by earlier runs.

    Returns:
        The number of its faces.

    Raises:
        JobError: where a span is missing, which only a runner that loses elements can bring about.
    """
    (file,) = entry.files
    spans = sorted({Span(*span) for span in (*entry.done, *committed)})
    _check_whole(file.uri, spans)
    faces = sum(span.faces for span in spans)
    sums = np.array([span.probability_sums for span in spans], np.float64).sum(axis=0)
    row = {
        **_recording(file, "archive", rules.model),
        "frames_scored": sum(span.images for span in spans),
        "faces": faces,
        **_means(sums, faces),
    }
    record = Commit(
        name=ledger.unit_name(rules.model, rules.settings, file.state, ledger.ARCHIVE),
        kind=ledger.ARCHIVE,
        run=rules.run,
        model=rules.model,
        sources=(file.state,),
        counts=Counts(),
    )
    ledger.commit(rules.tables, record, {"recordings": rows.from_rows("recordings", [row])})
    return faces


def _check_whole(uri: str, spans: Sequence[Span]) -> None:
    """A span starts where the one before ended; only the last is shorter than the others."""
    starts = [span.start for span in spans]
    whole = starts == list(range(0, planning.UNIT * len(spans), planning.UNIT))
    if not spans or not whole or spans[-1].stop - spans[-1].start >= planning.UNIT:
        raise JobError(
            f"spans of {uri} are missing, there are {starts}: the runner lost some; "
            "run it again, on another runner"
        )


def emotion_rows(batch: FaceBatch, probabilities: np.ndarray, model: str) -> pa.Table:
    """Returns a row for each face."""
    best = probabilities.argmax(axis=1)
    columns: dict[str, Any] = {
        "source": [head.source for head in batch.heads],
        "member": [head.member for head in batch.heads],
        "face": [head.face for head in batch.heads],
        "emotion": [LABELS[label] for label in best.tolist()],
        "confidence": probabilities.max(axis=1, initial=0.0),
        "model": [model] * len(batch.heads),
    }
    for field in ("left", "top", "width", "height"):
        columns[f"box_{field}"] = [head.box and getattr(head.box, field) for head in batch.heads]
    columns["detection"] = [head.box and head.box.detection for head in batch.heads]
    columns |= {label: probabilities[:, place] for place, label in enumerate(LABELS)}
    return rows.to_table("emotions", columns)


def failure_rows(batch: FaceBatch) -> pa.Table:
    """Returns a row for each input that could not be read."""
    return rows.from_rows("failures", [failure._asdict() for failure in batch.failures])


def image_rows(batch: FaceBatch, probabilities: np.ndarray, model: str) -> pa.Table:
    """Returns a row for each image file that was tried; an archive gets its own when it is done."""
    found, first = [], 0
    for image in batch.images:
        sums = probabilities[first : first + image.faces].sum(axis=0, dtype=np.float64)
        found.append(_image_row(image, sums, model))
        first += image.faces
    return rows.from_rows("recordings", found)


def _image_row(image: ImageRead, sums: np.ndarray, model: str) -> dict[str, Any]:
    return {
        **_recording(image.file, "image", model),
        "width": image.width,
        "height": image.height,
        "frames_scored": int(image.width is not None),
        "faces": image.faces,
        **_means(sums, image.faces),
    }


def _recording(file: MediaFile, media: str, model: str) -> dict[str, Any]:
    return {
        "source": file.uri,
        "media": media,
        "bytes": file.size,
        "etag": file.etag,
        "model": model,
        "scored_at": datetime.datetime.now(datetime.UTC),
    }


def _means(sums: np.ndarray, faces: int) -> dict[str, Any]:
    if not faces:
        return {}
    means = dict(zip(LABELS, (sums / faces).tolist(), strict=True))
    return {"dominant": LABELS[int(sums.argmax())], **means}


def count(batch: FaceBatch, probabilities: np.ndarray) -> Counts:
    """Counts what became of a batch.

    Raises:
        JobError: where an input is unaccounted for.
    """
    emotions = np.bincount(probabilities.argmax(axis=1), minlength=len(LABELS))
    counts = Counts(
        listed=batch.listed,
        scored=batch.scored,
        faces=len(batch.heads),
        failed=dict(collections.Counter(failure.reason for failure in batch.failures)),
        skipped=batch.skipped,
        emotions=dict(zip(LABELS, emotions.tolist(), strict=True)),
    )
    if counts.missing():
        raise JobError(
            f"{counts.listed} inputs were listed, but {counts.scored} scored, "
            f"{counts.failed} failed and {counts.skipped} skipped in {batch.files[0].uri} ff."
        )
    return counts


def sum_counts(parts: Iterable[Counts]) -> Counts:
    """Adds counts up."""
    parts = list(parts)

    def by_key(field: Callable[[Counts], dict[str, int]]) -> dict[str, int]:
        total: collections.Counter = collections.Counter()
        for part in parts:
            total.update(field(part))
        return dict(total)

    return Counts(
        listed=sum(part.listed for part in parts),
        scored=sum(part.scored for part in parts),
        faces=sum(part.faces for part in parts),
        failed=by_key(lambda part: part.failed),
        skipped=by_key(lambda part: part.skipped),
        emotions=by_key(lambda part: part.emotions),
    )
