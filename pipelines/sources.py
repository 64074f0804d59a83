"""SOURCE arguments: what they stand for, and the files in them."""

import glob
import os
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from apache_beam.io.filesystem import FileMetadata
from apache_beam.io.filesystems import FileSystems

from pipelines.media.archives import is_archive
from pipelines.media.images import is_image
from pipelines.spool import is_local
from tfrecords.errors import JobError

_SUFFIX = re.compile(r"\.(zip|csv|t[gx]z|tbz2|tar(\.(gz|bz2|xz))?)$", re.IGNORECASE)


class Source(NamedTuple):
    """One folder or file to read."""

    uri: str
    kind: str  # "folder", "archive", "table" or "image"


class SourceFile(NamedTuple):
    """A file as it was when it was listed."""

    uri: str
    path: str  # below the source, with "/" between folders
    size: int  # bytes
    etag: str  # changes whenever the file does


def expand(patterns: Sequence[str]) -> list[Source]:
    """Turns arguments (paths, globs, local or gs://) into sources, each once, in their order.

    Raises:
        JobError: where one of them matches nothing or is of no known kind.
    """
    sources = [source for pattern in patterns for source in _expand_one(pattern)]
    return list(dict.fromkeys(sources))


def list_files(source: Source) -> Iterator[SourceFile]:
    """Yields every file of a source: those below a folder in sorted order, or the file itself."""
    if source.kind != "folder":
        yield _file_at(source.uri)
    elif is_local(source.uri):
        yield from _walk(source.uri, "")
    else:
        prefix = source.uri.rstrip("/") + "/"
        for found in _match(prefix + "**"):
            yield _remote_file(found, found.path.removeprefix(prefix))


def stem(uri: str) -> str:
    """Returns the name of a source without folders and without the suffix of an archive."""
    return _SUFFIX.sub("", os.path.basename(uri.rstrip("/")))


def _expand_one(pattern: str) -> list[Source]:
    if not is_local(pattern):
        return _expand_remote(pattern)
    path = os.path.expanduser(pattern)
    # What exists is taken at its word, also where its name looks like a glob.
    paths = [path] if os.path.exists(path) else sorted(glob.glob(path, recursive=True))
    if not paths:
        raise JobError(f"{pattern} does not exist, and matches nothing as a pattern")
    return [Source(path, "folder" if os.path.isdir(path) else _kind_of(path)) for path in paths]


def _expand_remote(pattern: str) -> list[Source]:
    found = _match(pattern)
    if found:
        return [Source(match.path, _kind_of(match.path)) for match in found]
    folder = pattern.rstrip("/")
    if _match(folder + "/**"):
        return [Source(folder, "folder")]
    raise JobError(f"{pattern} does not exist, and matches nothing as a pattern")


def _kind_of(path: str) -> str:
    if is_archive(path):
        return "archive"
    if path.lower().endswith(".csv"):
        return "table"
    if is_image(path):
        return "image"
    raise JobError(f"{path} is not a folder, zip, tar, csv or image by its name; name one of these")


def _match(pattern: str) -> list[FileMetadata]:
    return sorted(FileSystems.match([pattern])[0].metadata_list, key=lambda found: found.path)


def _file_at(uri: str) -> SourceFile:
    name = os.path.basename(uri)
    if is_local(uri):
        return _local_file(uri, name)
    return _remote_file(_match(uri)[0], name)


def _walk(folder: str, below: str) -> Iterator[SourceFile]:
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError:
        yield SourceFile(folder, below, 0, "")  # its closing slash says what it is
        return
    for entry in entries:
        path = below + entry.name
        if entry.is_dir():
            yield from [] if _leads_back(entry) else _walk(entry.path, path + "/")
        else:
            yield _local_file(entry.path, path)


def _leads_back(entry: os.DirEntry) -> bool:
    """Tells whether a folder is a link to one that it is in, and so would never end."""
    if not entry.is_symlink():
        return False
    target = os.path.realpath(entry.path)
    return os.path.commonpath([target, os.path.realpath(os.path.dirname(entry.path))]) == target


def _local_file(uri: str, path: str) -> SourceFile:
    try:
        status = os.stat(uri)
    except OSError:  # a link to nowhere; reading it says so
        return SourceFile(uri, path, 0, "")
    return SourceFile(uri, path, status.st_size, f"{status.st_size}-{status.st_mtime_ns}")


def _remote_file(found: FileMetadata, path: str) -> SourceFile:
    etag = f"{found.size_in_bytes}-{found.last_updated_in_seconds}"
    return SourceFile(found.path, path, found.size_in_bytes, etag)
