"""Lists labelled images: every file of a source becomes a reference, or is skipped or refused."""

import collections
import dataclasses
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipelines.media import archives, images, tables
from pipelines.media.archives import ArchiveError
from pipelines.media.tables import TableError
from pipelines.references import Reference
from pipelines.sources import Source, list_files
from tfrecords.hashing import shard_of, unit_interval
from tfrecords.labels import LABELS, UnknownLabel, parse_label
from tfrecords.splits import parse_split, parse_usage

_VALIDATION_SALT = "semblante validation 1"
_BATCH = 4096  # references handed on together: few large elements shuffle cheaper than many small


@dataclasses.dataclass(frozen=True)
class ListingRules:
    """How an image finds its split and shard."""

    shards: int = 16  # in each split
    usage: bool = False  # file names such as PublicTest_1.jpg tell the split
    validation: float = 0.0  # share of train that becomes validation


class Shard(NamedTuple):
    """The place of an example in the data set."""

    split: str
    shard: int


class Problem(NamedTuple):
    """An input that is not in the data set, and why."""

    key: str
    outcome: str  # "skipped" or "failed"
    reason: str


class Tally(NamedTuple):
    """What one source held."""

    listed: int
    unknown_classes: dict[str, int]  # class as written -> number of images
    splits: dict[str, int]  # number of images as named, before validation is carved out


class _Entry(NamedTuple):
    """A listed input, not yet looked at."""

    path: str  # what tells it apart in its source
    name: str  # `[split/]class/file`, perhaps with more folders before
    usage: str = ""  # the table's word on its split
    offset: int = 0
    size: int = 0


ShardBatch = tuple[tuple, list[tuple]]  # (Shard, [packed Reference])
Listed = ShardBatch | Problem | Tally


def list_images(
    source: tuple[int, Source], prefixes: Sequence[str], rules: ListingRules
) -> Iterator[Listed]:
    """Yields batches of references by shard, each problem, and at the end one tally.

    Args:
        source: Index of the source among the job's, and the source.
        prefixes: What stands before the paths of each source in keys.
    """
    index, place = source
    lister = _Lister(index, prefixes[index], rules)
    try:
        for entry in _ENTRIES[place.kind](place):
            yield from lister.add(entry)
    except (ArchiveError, TableError, OSError) as error:
        yield lister.problem(place.uri, "failed", str(error))
    yield from lister.flush()
    yield lister.tally()


class _Lister:
    """Collects the references of one source into batches."""

    def __init__(self, index: int, prefix: str, rules: ListingRules):
        self._index, self._prefix, self._rules = index, prefix, rules
        self._batches: dict[Shard, list[Reference]] = collections.defaultdict(list)
        self._listed = self._waiting = 0
        self._unknown: collections.Counter[str] = collections.Counter()
        self._splits: collections.Counter[str] = collections.Counter()

    def add(self, entry: _Entry) -> Iterator[Listed]:
        """Takes one entry; hands out what waits when it has become enough."""
        if not entry.usage and (reason := images.skip_reason(entry.name)):
            yield self.problem(entry.path, "skipped", reason)
            return
        self._listed += 1
        class_folder = _folder(entry.name, 1)
        try:
            label = LABELS.index(parse_label(class_folder))
        except UnknownLabel as error:
            if entry.usage:  # a row of a table, which stands for itself alone
                yield Problem(self._prefix + entry.path, "failed", str(error))
            else:
                self._unknown[class_folder] += 1
            return
        key = self._prefix + entry.path
        shard = Shard(self._split(key, entry), shard_of(key, self._rules.shards))
        reference = Reference(self._index, entry.path, label, entry.offset, entry.size)
        self._batches[shard].append(reference)
        self._waiting += 1
        if self._waiting >= _BATCH:
            yield from self.flush()

    def problem(self, path: str, outcome: str, reason: str) -> Problem:
        """Counts an entry that goes no further."""
        self._listed += 1
        return Problem(self._prefix + path, outcome, reason)

    def flush(self) -> Iterator[ShardBatch]:
        """Hands out what waits."""
        for place, references in self._batches.items():
            yield tuple(place), [reference.packed() for reference in references]
        self._batches = collections.defaultdict(list)
        self._waiting = 0

    def tally(self) -> Tally:
        """What was seen so far."""
        return Tally(self._listed, dict(self._unknown), dict(self._splits))

    def _split(self, key: str, entry: _Entry) -> str:
        split = self._named_split(entry)
        self._splits[split] += 1
        carved = split == "train" and self._rules.validation
        if carved and unit_interval(key, _VALIDATION_SALT) < self._rules.validation:
            return "validation"
        return split

    def _named_split(self, entry: _Entry) -> str:
        usage = entry.usage or (self._rules.usage and _folder(entry.name, 0)) or ""
        return parse_usage(usage) or parse_split(_folder(entry.name, 2)) or "train"


def _folder(name: str, above: int) -> str:
    """Returns the part of a path that stands `above` its last; "" where it is not that deep."""
    parts = name.split("/")
    return parts[-1 - above] if len(parts) > above else ""


def _folder_entries(source: Source) -> Iterator[_Entry]:
    for file in list_files(source):
        yield _Entry(file.path, file.path)


def _image_entries(source: Source) -> Iterator[_Entry]:
    """One image, named by a glob perhaps: its path from the split's or class's folder on."""
    in_split = parse_split(_folder(source.uri, 2)) is not None
    path = "/".join(source.uri.split("/")[-3 if in_split else -2 :])
    yield _Entry(path, source.uri)


def _archive_entries(source: Source) -> Iterator[_Entry]:
    for member in archives.iterate_members(source.uri):
        yield _Entry(member.name, member.name, "", member.offset, member.size)


def _table_entries(source: Source) -> Iterator[_Entry]:
    for number, row in enumerate(tables.iterate_rows(source.uri), start=1):
        usage = row.usage or "Training"
        yield _Entry(str(number), f"{row.emotion}/{number}", usage, row.offset, row.size)


_ENTRIES = {
    "folder": _folder_entries,
    "image": _image_entries,
    "archive": _archive_entries,
    "table": _table_entries,
}
