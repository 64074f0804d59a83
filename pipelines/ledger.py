"""What is already scored: one small file for each unit of work whose rows are all in the tables.

    TABLES/_settings.json          what all runs over these tables have in common
    TABLES/_commits/NAME.json      the rows of the parts called NAME are complete and count
    TABLES/_runs/RUN-plan.jsonl    what a run set out to do
    TABLES/_runs/RUN.json          what it did

Parts are written first, their commit last. A part without a commit is what a killed run left, and
the next run removes it. NAME is a hash of what was scored and how, so work that is done twice, as
runners may, replaces its own parts.
"""

import collections
import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipelines import files, rows, sinks
from pipelines.spool import is_local
from tfrecords.errors import JobError

IMAGES = "images"  # a batch of image files
SPAN = "span"  # a span of an archive's entries
ARCHIVE = "archive"  # a whole archive: every span of it is committed

_COMMITS, _RUNS, _SETTINGS, _LOCK = "_commits", "_runs", "_settings.json", "_lock"
_JSON = ".json"


class SourceState(NamedTuple):
    """A file as it was when it was scored."""

    uri: str
    etag: str


@dataclasses.dataclass(frozen=True)
class Counts:
    """What became of inputs; all but `faces` and `emotions` are counted in images."""

    listed: int = 0
    scored: int = 0
    faces: int = 0
    failed: dict[str, int] = dataclasses.field(default_factory=dict)  # reason -> images
    skipped: dict[str, int] = dataclasses.field(default_factory=dict)  # reason -> images
    emotions: dict[str, int] = dataclasses.field(default_factory=dict)  # label -> faces

    def missing(self) -> int:
        """Returns how many listed inputs are neither scored, failed nor skipped; 0 is right."""
        return self.listed - self.scored - sum(self.failed.values()) - sum(self.skipped.values())


@dataclasses.dataclass(frozen=True)
class Commit:
    """A unit of work whose rows are all in the tables."""

    name: str
    kind: str  # IMAGES, SPAN or ARCHIVE
    run: str
    model: str
    sources: tuple[SourceState, ...]
    counts: Counts
    start: int = 0  # of a SPAN: its first entry
    stop: int = 0  # of a SPAN: the entry behind its last
    probability_sums: tuple[float, ...] = ()  # of a SPAN: over its faces, by label

    def to_json(self) -> str:
        """Returns the content of the commit's file."""
        return json.dumps(dataclasses.asdict(self))


def from_json(text: str | bytes) -> Commit:
    """Reads what `Commit.to_json` wrote."""
    fields = json.loads(text)
    fields["sources"] = tuple(SourceState(*source) for source in fields["sources"])
    fields["counts"] = Counts(**fields["counts"])
    fields["probability_sums"] = tuple(fields["probability_sums"])
    return Commit(**fields)


class Ledger(NamedTuple):
    """What was done with one model before this run."""

    sources: dict[str, str]  # uri -> etag of files that need no more work
    spans: dict[SourceState, list[Commit]]  # archives that a killed run left unfinished


def unit_name(*parts: object) -> str:
    """Returns the name of a unit of work: a hash of what is scored and how."""
    return hashlib.blake2b(json.dumps(parts).encode("utf-8"), digest_size=12).hexdigest()


def prepare(tables: str, settings: dict[str, Any]) -> None:
    """Makes the folder if need be, and removes what killed runs left half-done.

    Raises:
        JobError: where the tables were made with other settings.
    """
    _check_settings(tables, settings)
    committed = set(commit_names(tables))
    for table in rows.COLUMNS:
        sinks.remove_leftovers(tables, table, committed)
    for folder in (tables, FileSystems.join(tables, _COMMITS), FileSystems.join(tables, _RUNS)):
        files.remove_incomplete(folder)
    sinks.write_schemas(tables)


def _check_settings(tables: str, settings: dict[str, Any]) -> None:
    path = FileSystems.join(tables, _SETTINGS)
    if _SETTINGS not in files.list_names(tables):
        _write(path, json.dumps(settings))
    elif (before := json.loads(_read(path))) != settings:
        raise JobError(
            f"{tables} was scored with {_describe(before)}, now asked for is "
            f"{_describe(settings)}: name a new folder"
        )


def _describe(settings: dict[str, Any]) -> str:
    return " ".join(f"--{name} {value}" for name, value in settings.items())


@contextlib.contextmanager
def locked(tables: str) -> Iterator[None]:
    """Keeps a second run on this machine off the same tables; it ends with the process.

    Raises:
        JobError: where another run is at work, or the folder holds something else than tables.
    """
    _check_ours(tables)
    if not is_local(tables):
        yield
        return
    os.makedirs(tables, exist_ok=True)
    with open(os.path.join(tables, _LOCK), "ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise JobError(f"another run is writing {tables}: wait until it has ended") from error
        yield


def _check_ours(tables: str) -> None:
    if is_local(tables) and os.path.exists(tables) and not os.path.isdir(tables):
        raise JobError(f"{tables} is a file; name a folder")
    names = files.list_names(tables)
    foreign = [name for name in names if name != _LOCK and not files.is_incomplete(name)]
    if foreign and _SETTINGS not in names:
        raise JobError(
            f"{tables} holds {foreign[0]!r}, which is no part of tables: name a new folder"
        )


def commit_names(tables: str) -> list[str]:
    """Returns the names of all commits; one listing, nothing read."""
    names = files.list_names(FileSystems.join(tables, _COMMITS))
    return [name.removesuffix(_JSON) for name in names if name.endswith(_JSON)]


def read_commits(tables: str, names: Collection[str]) -> Iterator[Commit]:
    """Yields the commits of these names."""
    for name in names:
        yield from_json(_read(_commit_path(tables, name)))


def commit(tables: str, record: Commit, parts: dict[str, pa.Table]) -> None:
    """Writes the rows of a unit of work, then the commit that makes them count.

    Args:
        parts: Rows by table; a table without rows gets no part.

    Raises:
        OSError: where the disk is full or the folder not writable.
    """
    for table, content in parts.items():
        if content.num_rows:
            sinks.write_part(tables, table, record.name, content)
    _write(_commit_path(tables, record.name), record.to_json())


def read(tables: str, model: str, present: dict[str, str]) -> Ledger:
    """Returns what is done with `model`, and removes the rows of files that changed since.

    Args:
        present: etag of each file there is now, by URI; files that are not in it keep their rows.
    """
    commits = [
        commit for commit in read_commits(tables, commit_names(tables)) if commit.model == model
    ]
    commits = [_forget_changed(tables, commit, present) for commit in commits]
    done: dict[str, str] = {}
    spans: dict[SourceState, list[Commit]] = collections.defaultdict(list)
    for entry in commits:
        if entry.kind == SPAN:
            spans.update({source: [*spans[source], entry] for source in entry.sources})
        else:
            done.update(entry.sources)
    unfinished = {source: found for source, found in spans.items() if source.uri not in done}
    return Ledger(done, unfinished)


def _forget_changed(tables: str, before: Commit, present: dict[str, str]) -> Commit:
    """Removes what a commit holds of files that changed: rows first, so that dying halfway leaves
    the commit to tell the next run."""
    changed = {uri for uri, etag in before.sources if present.get(uri, etag) != etag}
    if not changed:
        return before
    for table in ("emotions", "failures", "recordings"):
        sinks.remove_sources(tables, table, before.name, changed)
    kept = tuple(source for source in before.sources if source.uri not in changed)
    after = dataclasses.replace(before, sources=kept)
    if kept:
        _write(_commit_path(tables, before.name), after.to_json())
    else:
        files.remove(_commit_path(tables, before.name))
    return after


def plan_path(tables: str, run: str) -> str:
    """Returns where the plan of a run stands."""
    return FileSystems.join(tables, _RUNS, f"{run}-plan.jsonl")


def write_plan(tables: str, run: str, lines: Sequence[str]) -> str:
    """Writes the plan of a run, one unit of work a line, and returns its path."""
    path = plan_path(tables, run)
    _write(path, "".join(line + "\n" for line in lines))
    return path


def write_run(tables: str, run: str, record: dict[str, Any]) -> None:
    """Writes the record of a finished run."""
    path = FileSystems.join(tables, _RUNS, run + _JSON)
    _write(path, json.dumps(record, indent=2) + "\n")


def _commit_path(tables: str, name: str) -> str:
    return FileSystems.join(tables, _COMMITS, name + _JSON)


def _read(path: str) -> bytes:
    with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        return file.read()


def _write(path: str, text: str) -> None:
    files.write_file(path, lambda file: file.write(text.encode("utf-8")))
