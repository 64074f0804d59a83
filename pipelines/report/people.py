"""Who was seen in which recording, and whose timelines are worth their place on the page."""

import collections
from typing import Any, NamedTuple

from pipelines.report.timelines import Extent, Person

MOST_PEOPLE = 20  # timelines of a recording


class Place(NamedTuple):
    """Which recording: a file, or a video in an archive."""

    source: str
    member: str | None


class People:
    """The people of all recordings, in order of appearance in each."""

    def __init__(self, extents: dict[Person, Extent]):
        self.extents = extents
        self._by_place: dict[Place, list[Person]] = collections.defaultdict(list)
        for person in sorted(extents, key=lambda person: _appearance(person, extents[person])):
            self._by_place[Place(person.source, person.member)].append(person)
        self._numbers = {
            person: number
            for persons in self._by_place.values()
            for number, person in enumerate(persons, start=1)
        }

    def number(self, person: Person) -> int | None:
        """Returns the number of a person in a recording, from 1; None where never seen."""
        return self._numbers.get(person)

    def count(self, place: Place) -> int:
        """Returns how many people a recording has."""
        return len(self._by_place.get(place, []))

    def most_telling(self, place: Place, moments: list[dict[str, Any]]) -> list[Person]:
        """Returns whom to draw: who has most moments, then who is seen most; as they appear."""
        persons = self._by_place.get(place, [])
        counts = collections.Counter(moment["track"] for moment in moments)
        needs = {person: (counts[person.track], self.extents[person].faces) for person in persons}
        best = set(sorted(persons, key=needs.__getitem__, reverse=True)[:MOST_PEOPLE])
        return [person for person in persons if person in best]


def _appearance(person: Person, extent: Extent) -> tuple[int, int]:
    return extent.first_ms, -1 if person.track is None else person.track
