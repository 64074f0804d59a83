"""What crosses a shuffle in place of pixels: where a labelled image is to be found."""

import os
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pipelines.media import archives, images, tables
from pipelines.media.archives import ArchiveError
from pipelines.sources import Source, stem
from tfrecords.errors import JobError
from tfrecords.faces import FaceError, face_from_bytes


class Reference(NamedTuple):
    """One labelled image; short, because millions of them may wait in a shuffle."""

    source: int  # index into the job's sources
    path: str  # below the source: file, member, or number of the row
    label: int  # index into LABELS
    offset: int = 0  # in an archive or table, as `Member` and `Row` have it
    size: int = 0  # bytes

    def packed(self) -> tuple:
        """Returns a plain tuple: Beam pickles named ones, and cannot encode all file names."""
        return (self.source, os.fsencode(self.path), *self[2:])

    @classmethod
    def unpacked(cls, packed: tuple) -> "Reference":
        """The inverse of `packed`."""
        return cls(packed[0], os.fsdecode(packed[1]), *packed[2:])


def key_prefixes(sources: Sequence[Source]) -> list[str]:
    """Returns what stands before the paths of each source to make keys of them.

    One source needs none, so that an archive and the folder it was packed from give the same
    keys. Several are told apart by their names.

    Raises:
        JobError: where two sources bear the same name.
    """
    named = [source for source in sources if source.kind != "image"]
    if len(named) < 2 and len(named) == len(sources):
        return [""] * len(sources)
    names = [stem(source.uri) for source in named]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise JobError(
            f"two sources are called {twice[0]!r}, and keys must tell them apart: "
            "rename one, or convert them together from the folder above"
        )
    return ["" if source.kind == "image" else f"{stem(source.uri)}:" for source in sources]


def load_face(source: Source, reference: Reference) -> np.ndarray:
    """Reads one image as a face, uint8 [48, 48, 1].

    Raises:
        FaceError: where it cannot be read or is no face, saying why.
    """
    _, path, _, offset, size = reference
    if source.kind == "table":
        return tables.read_face(source.uri, offset, size)
    if source.kind == "archive":
        try:
            return face_from_bytes(archives.read_member(source.uri, path, offset, size))
        except ArchiveError as error:
            raise FaceError(str(error)) from error
    uri = source.uri if source.kind == "image" else f"{source.uri.rstrip('/')}/{path}"
    try:
        data = images.read_file(uri)
    except OSError as error:
        raise FaceError(f"cannot be read: {error.strerror or error}") from error
    return face_from_bytes(data)
