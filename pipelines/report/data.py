"""Gathers what the page shows of the tables, as JSON-ready values of bounded size."""

import base64
import collections
from typing import Any

import numpy as np
import pyarrow.compute as pc

from pipelines.report.people import People, Place
from pipelines.report.tables import Tables
from pipelines.report.timelines import KEY, Person, Timeline, measure, thin
from tfrecords.labels import LABELS

NEGATIVE = ("angry", "disgust", "fear", "sad")  # emotions that a supervisor looks for

# What keeps the page small; all that is left out is counted on it.
MOST_RECORDINGS = 2_000
MOST_FAILURES = 1_000

_RECORDING = ("source", "member", "media", "duration_ms", "frames_scored", "faces", "dominant")
_MOMENT = ("track", "start_ms", "end_ms", "emotion", "mean", "peak")
_FAILURE = ("source", "member", "time_ms", "stage", "error", "message")
_TIMED = pc.field("time_ms").is_valid()  # faces in recordings; photos have no time

Values = dict[str, Any]


def collect(folder: str) -> Values:
    """Reads the tables and returns what `page.render` shows.

    Raises:
        JobError: where there are no tables, or they cannot be read.
    """
    tables = Tables(folder)
    model, scored_at = _newest_model(tables)
    people = People(measure(tables.batches("emotions", [*KEY, "time_ms"], model, _TIMED)))
    moments = _moments_by_place(tables, model, people)
    recordings = _recordings(tables, model, moments, people)
    failures = list(tables.rows("failures", _FAILURE, model))
    totals = {
        **_totals(recordings),
        "people": len(people.extents),
        "moments": sum(map(len, moments.values())),
        "failures": len(failures),
    }
    listed = sorted(recordings, key=_need, reverse=True)[:MOST_RECORDINGS]
    _add_timelines(tables, model, listed, people)
    return {
        "tables": folder,
        "model": model,
        "scored_at": scored_at,
        "labels": list(LABELS),
        "negative": list(NEGATIVE),
        "totals": totals,
        "recordings": listed,
        "failures": _failures(failures),
    }


def _newest_model(tables: Tables) -> tuple[str | None, str | None]:
    # A folder may hold the rows of several models, one beside the other; the page is about one.
    rows = tables.rows("recordings", ("model", "scored_at"))
    newest = max(((row["scored_at"], row["model"]) for row in rows), default=None)
    return (newest[1], newest[0].isoformat(timespec="seconds")) if newest else (None, None)


def _place(row: Values) -> Place:
    return Place(row["source"], row["member"])


def _moments_by_place(
    tables: Tables, model: str | None, people: People
) -> dict[Place, list[Values]]:
    found: dict[Place, list[Values]] = collections.defaultdict(list)
    for row in tables.rows("moments", ("source", "member", *_MOMENT), model):
        person = people.number(Person(row["source"], row["member"], row["track"]))
        rounded = {name: round(row[name], 3) for name in ("mean", "peak")}
        moment = {name: row[name] for name in _MOMENT} | rounded | {"person": person}
        found[_place(row)].append(moment)
    for moments in found.values():
        moments.sort(key=lambda moment: (moment["start_ms"], moment["person"] or 0))
    return found


def _recordings(
    tables: Tables, model: str | None, moments: dict[Place, list[Values]], people: People
) -> list[Values]:
    return [
        _recording(row, moments.get(_place(row), []), people.count(_place(row)))
        for row in tables.rows("recordings", (*_RECORDING, *LABELS), model)
    ]


def _recording(row: Values, moments: list[Values], people: int) -> Values:
    seen = row["dominant"] is not None
    return {
        **{name: row[name] for name in _RECORDING},
        "means": [round(row[label], 3) for label in LABELS] if seen else None,
        "negative": round(sum(row[label] for label in NEGATIVE), 3) if seen else None,
        "people": people,
        "moments": moments,
        "moments_ms": sum(moment["end_ms"] - moment["start_ms"] for moment in moments),
    }


def _need(recording: Values) -> tuple:
    """Orders recordings by how much they need attention, then by name so that pages repeat."""
    return (
        len(recording["moments"]),
        recording["moments_ms"],
        recording["negative"] or 0,
        recording["source"],
        recording["member"] or "",
    )


def _totals(recordings: list[Values]) -> Values:
    return {
        "recordings": len(recordings),
        "duration_ms": sum(recording["duration_ms"] or 0 for recording in recordings),
        "faces": sum(recording["faces"] for recording in recordings),
    }


def _failures(rows: list[Values]) -> Values:
    reasons = collections.Counter((row["stage"], row["error"]) for row in rows)
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    rows = sorted(rows, key=lambda row: (row["source"], row["member"] or "", row["time_ms"] or 0))
    return {
        "reasons": [
            {"stage": stage, "error": error, "count": count} for (stage, error), count in ordered
        ],
        "rows": rows[:MOST_FAILURES],
    }


def _add_timelines(
    tables: Tables, model: str | None, recordings: list[Values], people: People
) -> None:
    chosen = [people.most_telling(_place(row), row["moments"]) for row in recordings]
    extents = {person: people.extents[person] for persons in chosen for person in persons}
    batches = tables.batches("emotions", [*KEY, "time_ms", *LABELS], model, _TIMED)
    timelines = thin(batches, extents)
    for recording, persons in zip(recordings, chosen, strict=True):
        recording["tracks"] = [
            {"person": people.number(person), **_track(person, timelines[person])}
            for person in persons
        ]


def _track(person: Person, timeline: Timeline) -> Values:
    times, probabilities = timeline.points()
    return {
        "track": person.track,
        # The first time, then how much later each next one is: short in JSON.
        "steps_ms": np.diff(times, prepend=0).tolist(),
        # Bytes [7, points]; 255 stands for a probability of 1.
        "shares": _pack(probabilities.T),
    }


def _pack(probabilities: np.ndarray) -> str:
    return base64.b64encode(np.rint(probabilities * 255).astype(np.uint8).tobytes()).decode()
