"""zip and tar archives: their members in order, or any one of them."""

import bz2
import functools
import gzip
import lzma
import os
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pipelines.spool import CHUNK, is_local, local_path, temporary_file

_TAR_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")


class ArchiveError(ValueError):
    """An archive, or one of its members, that cannot be read; the message says why."""


class Member(NamedTuple):
    """One file in an archive."""

    name: str
    size: int  # bytes, unpacked
    offset: int  # bytes into the unpacked tar; in a zip, the member's place in its directory
    read: Callable[[], bytes]  # raises ArchiveError


def is_archive(path: str) -> bool:
    """Tells whether a file name promises an archive that we read."""
    return is_zip(path) or path.lower().endswith(_TAR_SUFFIXES)


def is_zip(path: str) -> bool:
    """Tells whether a file name promises a zip, whose members can be reached in any order."""
    return path.lower().endswith(".zip")


def count_entries(uri: str) -> int:
    """Returns the number of entries in a zip, folders included.

    Raises:
        ArchiveError: where it is truncated or not a zip.
    """
    return len(_open_zip(uri).infolist())


def iterate_members(uri: str, start: int = 0, stop: int | None = None) -> Iterator[Member]:
    """Yields the files of an archive in its own order, folders left out.

    Args:
        uri: Path or gs:// address.
        start: First entry of a zip, folders counted.
        stop: Entry of a zip before which to end; None for its end. A tar is read whole.

    Raises:
        ArchiveError: where the archive is damaged or cut; the members before were yielded.
    """
    return _zip_members(uri, start, stop) if is_zip(uri) else _tar_members(uri)


def read_member(uri: str, name: str, offset: int, size: int) -> bytes:
    """Returns the bytes of one member, named as `Member` has it.

    Raises:
        ArchiveError: where the member is encrypted, damaged or gone.
    """
    if is_zip(uri):
        archive = _open_zip(uri)
        return _read_zip_member(archive, archive.infolist()[offset])
    return _read_span(_open_tar(uri), name, offset, size)


def _open_zip(uri: str) -> zipfile.ZipFile:
    return _open_zip_as_of(uri, _state(uri))


def _state(uri: str) -> tuple[int, int] | None:
    """Returns what changes when a local file does: what was opened before is then out of date."""
    if not is_local(uri):
        return None
    status = os.stat(uri)
    return status.st_size, status.st_mtime_ns


@functools.lru_cache(maxsize=16)
def _open_zip_as_of(uri: str, state: tuple[int, int] | None) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(local_path(uri))
    except zipfile.BadZipFile as error:
        raise ArchiveError(f"zip is damaged or cut short: {error}") from error


def _zip_members(uri: str, start: int, stop: int | None) -> Iterator[Member]:
    archive = _open_zip(uri)
    for place, info in enumerate(archive.infolist()[start:stop], start):
        if not info.is_dir():
            read = functools.partial(_read_zip_member, archive, info)
            yield Member(info.filename, info.file_size, place, read)


def _read_zip_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.flag_bits & 1:
        raise ArchiveError("member is encrypted; unpack the archive with its password first")
    try:
        return archive.read(info)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ArchiveError(f"member is damaged: {error}") from error


class _Tar(NamedTuple):
    """An uncompressed tar on local disk."""

    path: str
    damage: str | None  # why its end is missing


def _open_tar(uri: str) -> _Tar:
    return _open_tar_as_of(uri, _state(uri))


@functools.lru_cache(maxsize=16)
def _open_tar_as_of(uri: str, state: tuple[int, int] | None) -> _Tar:
    opener = _opener(uri)
    if opener is None:
        return _Tar(local_path(uri), None)
    path = temporary_file()
    with opener(local_path(uri)) as source, open(path, "wb") as target:
        while True:
            try:
                chunk = source.read1(CHUNK)  # all there is before a damage
            except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
                return _Tar(path, f"tar is damaged or cut short: {error}")
            if not chunk:
                return _Tar(path, None)
            target.write(chunk)


def _opener(uri: str) -> Callable | None:
    name = uri.lower()
    if name.endswith(("gz", "tgz")):
        return gzip.open
    if name.endswith(("bz2", "tbz2")):
        return bz2.open
    return lzma.open if name.endswith(("xz", "txz")) else None


def _tar_members(uri: str) -> Iterator[Member]:
    tar = _open_tar(uri)
    try:
        with tarfile.open(tar.path, "r:") as archive:
            for info in archive:
                if info.isreg():
                    span = (info.name, info.offset_data, info.size)
                    yield Member(info.name, info.size, info.offset_data, _reader(tar, *span))
                archive.members.clear()  # type: ignore[attr-defined]  # or every header is kept
            end = archive.offset
    except tarfile.TarError as error:
        raise ArchiveError(f"tar is damaged or cut short: {error}") from error
    if tar.damage or not _has_end_mark(tar.path, end):
        raise ArchiveError(tar.damage or "tar is damaged or cut short: it has no end mark")


def _has_end_mark(path: str, end: int) -> bool:
    """Tells whether a block of zeros stands where the members end: tarfile takes a header that is
    cut or damaged for the end as well, without a word."""
    with open(path, "rb") as file:
        file.seek(end)
        return file.read(tarfile.BLOCKSIZE) == tarfile.NUL * tarfile.BLOCKSIZE


def _reader(tar: _Tar, name: str, offset: int, size: int) -> Callable[[], bytes]:
    return functools.partial(_read_span, tar, name, offset, size)


def _read_span(tar: _Tar, name: str, offset: int, size: int) -> bytes:
    with open(tar.path, "rb") as file:
        file.seek(offset)
        data = file.read(size)
    if len(data) < size:
        raise ArchiveError(f"member {name} is cut short: {len(data)} of {size} bytes")
    return data
