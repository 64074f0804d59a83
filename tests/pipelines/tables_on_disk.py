"""Tables of recordings that never were: people who come, are annoyed for a while, and go."""

import datetime
import pathlib
from collections.abc import Iterable

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines import rows
from tfrecords.labels import LABELS

MODEL = "fast-1"
SCORED_AT = datetime.datetime(2026, 3, 1, 2, 10, tzinfo=datetime.UTC)
STEP_MS = 500  # two frames a second
MOMENTS = pa.schema(
    [
        ("source", pa.string()),
        ("member", pa.string()),
        ("track", pa.int64()),
        ("start_ms", pa.int64()),
        ("end_ms", pa.int64()),
        ("emotion", pa.string()),
        ("mean", pa.float32()),
        ("peak", pa.float32()),
    ]
)


def write_table(folder: pathlib.Path, table: str, content: pa.Table) -> None:
    """Adds a part to a table."""
    (folder / table).mkdir(parents=True, exist_ok=True)
    part = len(list((folder / table).iterdir()))
    pq.write_table(content, folder / table / f"{part:05}.parquet")


def emotion_table(source: str, track: int, times: np.ndarray, shares: np.ndarray) -> pa.Table:
    """Returns rows of one person: int64 [n] milliseconds, [n, 7] probabilities."""
    best = shares.argmax(axis=1)
    count = len(times)
    return rows.to_table(
        "emotions",
        {
            "source": [source] * count,
            "time_ms": times,
            "frame": times // 40,
            "face": [0] * count,
            "track": [track] * count,
            "emotion": [LABELS[index] for index in best],
            "confidence": shares.max(axis=1).astype(np.float32),
            "model": [MODEL] * count,
            **{label: shares[:, i].astype(np.float32) for i, label in enumerate(LABELS)},
        },
    )


def recording_row(source: str, duration_ms: int | None, shares: np.ndarray, **other) -> dict:
    """Returns the row of a recording whose faces have these probabilities, [n, 7]."""
    means = shares.mean(axis=0) if len(shares) else None
    return {
        "source": source,
        "media": "video",
        "bytes": 1_000_000,
        "etag": "1",
        "duration_ms": duration_ms,
        "frames_scored": (duration_ms or STEP_MS) // STEP_MS,
        "faces": len(shares),
        "dominant": None if means is None else LABELS[int(means.argmax())],
        "model": MODEL,
        "scored_at": SCORED_AT,
        **({} if means is None else dict(zip(LABELS, means.tolist(), strict=True))),
        **other,
    }


def moment_row(source: str, track: int, start_ms: int, end_ms: int, emotion: str) -> dict:
    """Returns the row of a moment."""
    span = {"source": source, "member": None, "track": track}
    return span | {
        "start_ms": start_ms,
        "end_ms": end_ms,
        "emotion": emotion,
        "mean": 0.62,
        "peak": 0.91,
    }


def failure_row(source: str, **other) -> dict:
    """Returns the row of a file that could not be read."""
    failure = {"stage": "decode", "error": "ImageError", "message": "the file ends in the middle"}
    return {"source": source} | failure | other


def write_tables(
    folder: pathlib.Path,
    *,
    emotions: Iterable[pa.Table] = (),
    recordings: Iterable[dict] = (),
    moments: Iterable[dict] = (),
    failures: Iterable[dict] = (),
) -> None:
    """Writes all four tables, as a run of the score job leaves them."""
    write_table(folder, "emotions", pa.concat_tables([rows.from_rows("emotions", []), *emotions]))
    write_table(folder, "recordings", rows.from_rows("recordings", list(recordings)))
    write_table(folder, "moments", pa.Table.from_pylist(list(moments), schema=MOMENTS))
    write_table(folder, "failures", rows.from_rows("failures", list(failures)))


def write_night(
    folder: pathlib.Path, count: int, generator: np.random.Generator, longest_s: int = 1500
) -> None:
    """Writes the tables of a night with `count` recordings, from calm ones to bad ones."""
    emotions, recordings, moments = [], [], []
    for index in range(count):
        source = f"/archive/2026-03-01/desk-{index % 7 + 1}/call-{index:04}.mp4"
        duration = int(generator.integers(120, longest_s)) * 1000
        tables, spans = _people(source, duration, generator)
        emotions += tables
        moments += spans
        shares = np.concatenate([np.stack([t[label] for label in LABELS], 1) for t in tables])
        recordings.append(recording_row(source, duration, shares))
    failures = [
        failure_row("/archive/2026-03-01/desk-3/call-0002.mp4", time_ms=95_000, error="MediaError"),
        failure_row("/archive/2026-03-01/photos.zip", member="img/17.jpg"),
        failure_row(
            "/archive/2026-03-01/notes.txt",
            stage="open",
            error="UnknownMedia",
            message="it is text",
        ),
    ]
    write_tables(
        folder, emotions=emotions, recordings=recordings, moments=moments, failures=failures
    )


def _people(
    source: str, duration: int, generator: np.random.Generator
) -> tuple[list[pa.Table], list[dict]]:
    tables, moments = [], []
    for track in range(int(generator.integers(1, 4))):
        start = 0 if not track else int(generator.integers(0, duration // 2))
        times = np.arange(start, duration - int(generator.integers(0, duration // 4)), STEP_MS)
        upsets = _upsets(source, track, times, generator)
        tables.append(emotion_table(source, track, times, _shares(times, upsets, generator)))
        moments += upsets
    return tables, moments


def _upsets(
    source: str, track: int, times: np.ndarray, generator: np.random.Generator
) -> list[dict]:
    count = max(int(generator.integers(-3, 4)), 0) if len(times) > 500 else 0
    starts = np.sort(generator.choice(times[:-100:120], count, replace=False))
    return [
        moment_row(source, track, int(start), int(start) + 20_000, emotion)
        for start, emotion in zip(
            starts, generator.permutation(["angry", "sad", "fear"]), strict=False
        )
    ]


def _shares(times: np.ndarray, upsets: list[dict], generator: np.random.Generator) -> np.ndarray:
    """Returns float64 [n, 7]: a slow walk around neutral, with the upsets laid over it."""
    steps = generator.normal(0, 0.12, (len(times), len(LABELS))).cumsum(axis=0)
    walk = steps - steps.mean(axis=0)
    walk[:, LABELS.index("neutral")] += 2.4
    walk[:, LABELS.index("happy")] += 1.2
    for upset in upsets:
        during = (times >= upset["start_ms"]) & (times < upset["end_ms"])
        walk[during, LABELS.index(upset["emotion"])] += 5
    exponential = np.exp(np.clip(walk, -4, 6))
    return exponential / exponential.sum(axis=1, keepdims=True)
