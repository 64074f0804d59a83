"""What a scoring run has to do: the files there are, less what the ledger says is done.

The launcher writes the plan, one entry a line; workers read it. An entry is a few thousand image
files or one archive, and is later split into units of work: at most 4,096 images, read, classified
and committed as one.
"""

import collections
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipelines import rows, sources
from pipelines.ledger import Ledger, SourceState
from pipelines.media import archives, images
from pipelines.sources import Source
from pipelines.spool import is_local
from tfrecords.errors import JobError

UNIT = 4_096  # images; 9 MiB of faces, and a Parquet part that is worth its file


class MediaFile(NamedTuple):
    """An image or archive to score."""

    uri: str
    etag: str
    size: int  # bytes

    @property
    def state(self) -> SourceState:
        return SourceState(self.uri, self.etag)


class Span(NamedTuple):
    """A span of an archive's entries that is committed already."""

    start: int
    stop: int
    images: int
    faces: int
    probability_sums: tuple[float, ...]  # over its faces, by label


class Entry(NamedTuple):
    """A line of the plan: either images, or one archive."""

    files: tuple[MediaFile, ...]
    archive: bool
    done: tuple[Span, ...] = ()  # of the archive


class Unit(NamedTuple):
    """A piece of work that one worker reads from begin to end."""

    files: tuple[MediaFile, ...]
    archive: bool
    start: int = 0  # first entry of a zip
    stop: int | None = None  # entry of a zip before which to end; None reads to the end
    done: tuple[int, ...] = ()  # starts of the spans of a tar that need no more work


class Listing(NamedTuple):
    """The files of all sources, each once."""

    images: list[MediaFile]
    archives: list[MediaFile]
    skipped: dict[str, int]  # reason -> files

    def present(self) -> dict[str, str]:
        """Returns the etag of each file by URI."""
        return {file.uri: file.etag for file in (*self.images, *self.archives)}


def list_media(found: Iterable[Source]) -> Listing:
    """Lists images and archives, local ones by absolute path, so that the ledger knows them again
    wherever the next run starts from.

    Raises:
        JobError: where a source is a table of pixels, or no source holds a file.
    """
    listing = Listing([], [], collections.Counter())
    seen: set[str] = set()
    for source in found:
        if source.kind == "table":
            raise JobError(f"{source.uri} is a table; score reads images and archives of images")
        for uri, path, size, etag in sources.list_files(source):
            uri = os.path.abspath(uri) if is_local(uri) else uri
            if uri not in seen:
                seen.add(uri)
                _sort_in(listing, MediaFile(uri, etag, size), path)
    if not seen:
        raise JobError("the sources hold no files; expected images, or zips and tars of images")
    return listing


def _sort_in(listing: Listing, file: MediaFile, path: str) -> None:
    reason = images.skip_reason(path)
    if not rows.is_text(file.uri):
        listing.skipped["name is not UTF-8"] += 1
    elif reason is None:
        listing.images.append(file)
    elif archives.is_archive(path) and not reason.startswith("system"):
        listing.archives.append(file)
    else:
        listing.skipped[reason] += 1


def plan(listing: Listing, ledger: Ledger) -> list[Entry]:
    """Returns what is left to do."""
    todo = [file for file in listing.images if ledger.sources.get(file.uri) != file.etag]
    entries = [
        Entry(tuple(todo[start : start + UNIT]), archive=False)
        for start in range(0, len(todo), UNIT)
    ]
    for file in listing.archives:
        if ledger.sources.get(file.uri) != file.etag:
            done = (
                Span(
                    commit.start,
                    commit.stop,
                    commit.counts.scored,
                    commit.counts.faces,
                    commit.probability_sums,
                )
                for commit in ledger.spans.get(file.state, ())
            )
            entries.append(Entry((file,), archive=True, done=tuple(done)))
    return entries


def to_lines(entries: Sequence[Entry]) -> list[str]:
    """Returns the plan as JSON lines."""
    return [json.dumps(entry) for entry in entries]


def read_plan(path: str) -> Iterator[Entry]:
    """Yields the entries of a plan that `to_lines` made."""
    with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        for line in file.read().decode("utf-8").splitlines():
            files, archive, done = json.loads(line)
            yield Entry(
                tuple(MediaFile(*entry) for entry in files),
                archive,
                tuple(Span._make((*fields[:-1], tuple(fields[-1]))) for fields in done),
            )


def split(entry: Entry) -> Iterator[Unit]:
    """Cuts an entry into units of work, those left out that are done.

    A zip has an index and is cut; a tar has none and is one unit. The last unit of a zip is
    shorter than the others, if need be empty: by that its end is known.
    """
    done = tuple(span.start for span in entry.done)
    if not entry.archive or not archives.is_zip(entry.files[0].uri):
        yield Unit(entry.files, entry.archive, done=done)
        return
    try:
        count = archives.count_entries(entry.files[0].uri)
    except (archives.ArchiveError, OSError):
        yield Unit(entry.files, archive=True)  # whoever reads it says what is wrong
        return
    for start in range(0, count + 1, UNIT):
        if start not in done:
            yield Unit(entry.files, archive=True, start=start, stop=min(start + UNIT, count))
