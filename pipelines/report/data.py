"""Gathers what the page shows of the tables, as JSON-ready values of bounded size."""

import base64
import collections
from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc

from pipelines.report.tables import Tables
from pipelines.report.timelines import KEY, Extent, Person, Timeline, measure, thin
from tfrecords.labels import LABELS

NEGATIVE = ("angry", "disgust", "fear", "sad")  # emotions that a supervisor looks for

# What keeps the page small; all that is left out is counted on it.
MOST_RECORDINGS = 2_000
MOST_PEOPLE = 20  # timelines of a recording
MOST_FAILURES = 1_000

_RECORDING = ("source", "member", "media", "duration_ms", "frames_scored", "faces", "dominant")
_MOMENT = ("track", "start_ms", "end_ms", "emotion", "mean", "peak")
_FAILURE = ("source", "member", "time_ms", "stage", "error", "message")
_TIMED = pc.field("time_ms").is_valid()  # faces in recordings; photos have no time

Values = dict[str, Any]


class Place(NamedTuple):
    """Which recording: a file, or a video in an archive."""

    source: str
    member: str | None


def collect(folder: str) -> Values:
    """Reads the tables and returns what `page.render` shows.

    Raises:
        JobError: where there are no tables, or they cannot be read.
    """
    tables = Tables(folder)
    model, scored_at = _newest_model(tables)
    people = measure(tables.batches("emotions", [*KEY, "time_ms"], model, _TIMED))
    numbers = _number(people)
    moments = _moments_by_place(tables, model, numbers)
    recordings = _recordings(tables, model, moments, _people_by_place(people))
    failures = list(tables.rows("failures", _FAILURE, model))
    totals = _totals(recordings, people, moments, len(failures))
    listed = sorted(recordings, key=_need, reverse=True)[:MOST_RECORDINGS]
    _add_timelines(tables, model, listed, people, numbers)
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


def _people_by_place(people: dict[Person, Extent]) -> dict[Place, list[Person]]:
    found: dict[Place, list[Person]] = collections.defaultdict(list)
    for person in people:
        found[Place(person.source, person.member)].append(person)
    for persons in found.values():
        persons.sort(key=lambda person: (people[person].first_ms, _sortable(person.track)))
    return found


def _sortable(track: int | None) -> int:
    return -1 if track is None else track


def _number(people: dict[Person, Extent]) -> dict[Person, int]:
    """Numbers the people of each recording from 1, in order of appearance."""
    return {
        person: number
        for persons in _people_by_place(people).values()
        for number, person in enumerate(persons, start=1)
    }


def _moments_by_place(
    tables: Tables, model: str | None, numbers: dict[Person, int]
) -> dict[Place, list[Values]]:
    found: dict[Place, list[Values]] = collections.defaultdict(list)
    for row in tables.rows("moments", ("source", "member", *_MOMENT), model):
        person = Person(row["source"], row["member"], row["track"])
        moment = {name: row[name] for name in _MOMENT} | {"person": numbers.get(person)}
        moment |= {name: round(row[name], 3) for name in ("mean", "peak")}
        found[Place(row["source"], row["member"])].append(moment)
    for moments in found.values():
        moments.sort(key=lambda moment: (moment["start_ms"], _sortable(moment["track"])))
    return found


def _recordings(
    tables: Tables,
    model: str | None,
    moments: dict[Place, list[Values]],
    people: dict[Place, list[Person]],
) -> list[Values]:
    return [
        _recording(row, moments.get(place, []), len(people.get(place, [])))
        for row in tables.rows("recordings", (*_RECORDING, *LABELS), model)
        for place in [Place(row["source"], row["member"])]
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


def _totals(
    recordings: list[Values],
    people: dict[Person, Extent],
    moments: dict[Place, list[Values]],
    failures: int,
) -> Values:
    return {
        "recordings": len(recordings),
        "duration_ms": sum(recording["duration_ms"] or 0 for recording in recordings),
        "faces": sum(recording["faces"] for recording in recordings),
        "people": len(people),
        "moments": sum(map(len, moments.values())),
        "failures": failures,
    }


def _failures(rows: list[Values]) -> Values:
    reasons = collections.Counter((row["stage"], row["error"]) for row in rows)
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    rows = sorted(rows, key=lambda row: tuple(str(row[name]) for name in _FAILURE))
    return {
        "reasons": [
            {"stage": stage, "error": error, "count": count} for (stage, error), count in ordered
        ],
        "rows": rows[:MOST_FAILURES],
    }


def _add_timelines(
    tables: Tables,
    model: str | None,
    recordings: list[Values],
    people: dict[Person, Extent],
    numbers: dict[Person, int],
) -> None:
    chosen = _most_telling(recordings, people)
    rows = tables.batches("emotions", [*KEY, "time_ms", *LABELS], model, _TIMED)
    timelines = thin(
        rows, {person: people[person] for persons in chosen.values() for person in persons}
    )
    for recording in recordings:
        recording["tracks"] = [
            _track(person.track, numbers[person], timelines[person])
            for person in chosen[Place(recording["source"], recording["member"])]
        ]


def _most_telling(
    recordings: list[Values], people: dict[Person, Extent]
) -> dict[Place, list[Person]]:
    """Chooses whose timelines to draw: who has most moments, then who is seen most."""
    by_place = _people_by_place(people)
    chosen = {}
    for recording in recordings:
        place = Place(recording["source"], recording["member"])
        persons = by_place.get(place, [])
        moments = collections.Counter(moment["track"] for moment in recording["moments"])
        needs = {person: (moments[person.track], people[person].faces) for person in persons}
        best = set(sorted(persons, key=needs.__getitem__, reverse=True)[:MOST_PEOPLE])
        chosen[place] = [person for person in persons if person in best]  # as they appear
    return chosen


def _track(track: int | None, number: int, timeline: Timeline) -> Values:
    times, probabilities = timeline.points()
    return {
        "track": track,
        "person": number,
        # The first time, then how much later each next one is: short in JSON.
        "steps_ms": np.diff(times, prepend=0).tolist(),
        # Bytes [7, points]; 255 stands for a probability of 1.
        "shares": _pack(probabilities.T),
    }


def _pack(probabilities: np.ndarray) -> str:
    return base64.b64encode(np.rint(probabilities * 255).astype(np.uint8).tobytes()).decode()
