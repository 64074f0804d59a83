"""From a unit of work to batches of faces: bytes in, pixels out, and what could not be read."""

import collections
import errno
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pipelines import ledger, planning
from pipelines.face_steps import FACE_STEPS, Box
from pipelines.media import archives, images
from pipelines.planning import MediaFile, Unit
from tfrecords.faces import FaceError, decode_gray
from tfrecords.schema import FACE_SHAPE

# They say something of this machine, not of the file: the job has to stop.
_MACHINE_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM}


class Head(NamedTuple):
    """What is known of a face besides its pixels."""

    source: str
    member: str | None
    face: int  # number in its image
    box: Box | None


class ImageRead(NamedTuple):
    """An image that was tried."""

    file: MediaFile
    width: int | None  # pixels, upright; None where it could not be read
    height: int | None
    faces: int


class Failure(NamedTuple):
    """An input that could not be read."""

    source: str
    member: str | None
    stage: str  # "open", "read" or "decode"
    error: str  # class of the error
    message: str

    @property
    def reason(self) -> str:
        """The message without what is particular to one file."""
        return self.message.partition(":")[0].partition(";")[0]


class FaceBatch(NamedTuple):
    """The faces of up to 4,096 images, and what else is to be written with them."""

    name: str  # of its commit
    kind: str  # ledger.IMAGES or ledger.SPAN
    files: tuple[MediaFile, ...]  # the image files, or the one archive
    start: int  # of a span: its first entry
    stop: int  # of a span: the entry behind its last
    faces: np.ndarray  # uint8 [n, 48, 48, 1]
    heads: list[Head]  # n of them
    images: list[ImageRead]  # of image files; empty for archives
    failures: list[Failure]
    listed: int  # images, or an archive that could not be opened
    scored: int  # images
    skipped: dict[str, int]  # reason -> entries of the archive


class ReadingRules(NamedTuple):
    """What all units of a run have in common."""

    model: str  # id, part of the names of batches
    faces: str  # key of FACE_STEPS


def read_faces(unit: Unit, rules: ReadingRules) -> Iterator[FaceBatch]:
    """Yields the batches of a unit that are not committed yet.

    Raises:
        OSError: where this machine is to blame: a full disk, too many open files.
    """
    return _read_archive(unit, rules) if unit.archive else _read_images(unit, rules)


def _read_images(unit: Unit, rules: ReadingRules) -> Iterator[FaceBatch]:
    batch = _Batch(rules)
    for file in unit.files:
        batch.add_file(file)
    name = ledger.unit_name(rules, [file.state for file in unit.files])
    yield batch.finish(name, ledger.IMAGES, unit.files)


def _read_archive(unit: Unit, rules: ReadingRules) -> Iterator[FaceBatch]:
    """A span of entries is a batch; the last one is shorter, if need be empty."""
    (file,) = unit.files
    batch, start, place = _Batch(rules), unit.start, unit.start
    try:
        for member in archives.iterate_members(file.uri, unit.start, unit.stop):
            if start not in unit.done:
                batch.add_member(file, member)
            place += 1
            if unit.stop is None and place == start + planning.UNIT:
                if start not in unit.done:
                    yield _finish_span(batch, file, rules, start, place)
                batch, start = _Batch(rules), place
    except (archives.ArchiveError, OSError) as error:
        batch.fail(file.uri, None, "open", error)
    if start not in unit.done:
        yield _finish_span(batch, file, rules, start, place if unit.stop is None else unit.stop)


def _finish_span(
    batch: "_Batch", file: MediaFile, rules: ReadingRules, start: int, stop: int
) -> FaceBatch:
    name = ledger.unit_name(rules, file.state, start, stop)
    return batch.finish(name, ledger.SPAN, (file,), start, stop)


class _Batch:
    """Collects a batch, image by image."""

    def __init__(self, rules: ReadingRules):
        self._find_faces = FACE_STEPS[rules.faces]
        self._pixels: list[np.ndarray] = []
        self._heads: list[Head] = []
        self._images: list[ImageRead] = []
        self._failures: list[Failure] = []
        self._skipped: dict[str, int] = collections.Counter()
        self._listed = 0
        self._scored = 0

    def add_file(self, file: MediaFile) -> None:
        """Reads an image file."""
        size, faces = self._add(file.uri, None, functools.partial(images.read_file, file.uri))
        self._images.append(ImageRead(file, *size, faces))

    def add_member(self, file: MediaFile, member: archives.Member) -> None:
        """Reads a member of an archive, or skips it where it is no image by its name."""
        if reason := images.skip_reason(member.name):
            self._listed += 1
            self._skipped[reason] += 1
        else:
            name = member.name.encode("utf-8", "replace").decode("utf-8")  # tar allows any bytes
            self._add(file.uri, name, member.read)

    def fail(self, source: str, member: str | None, stage: str, error: Exception) -> None:
        """Counts an input as failed."""
        self._listed += 1
        if isinstance(error, OSError) and error.errno in _MACHINE_ERRORS:
            raise error
        message = getattr(error, "strerror", None) or str(error)
        self._failures.append(Failure(source, member, stage, type(error).__name__, message))

    def finish(
        self, name: str, kind: str, files: tuple[MediaFile, ...], start: int = 0, stop: int = 0
    ) -> FaceBatch:
        """Returns what was collected."""
        faces = np.stack(self._pixels) if self._pixels else np.empty((0, *FACE_SHAPE), np.uint8)
        return FaceBatch(
            name=name,
            kind=kind,
            files=files,
            start=start,
            stop=stop,
            faces=faces,
            heads=self._heads,
            images=self._images,
            failures=self._failures,
            listed=self._listed,
            scored=self._scored,
            skipped=dict(self._skipped),
        )

    def _add(
        self, source: str, member: str | None, read: Callable[[], bytes]
    ) -> tuple[tuple[int | None, int | None], int]:
        """Returns width and height of the image, and its number of faces."""
        try:
            data = read()
        except (archives.ArchiveError, OSError) as error:
            self.fail(source, member, "read", error)
            return (None, None), 0
        try:
            gray = decode_gray(data)
            found = self._find_faces(gray)
        except FaceError as error:
            self.fail(source, member, "decode", error)
            return (None, None), 0
        self._listed += 1
        self._scored += 1
        for number, face in enumerate(found):
            self._pixels.append(face.pixels)
            self._heads.append(Head(source, member, number, face.box))
        return (gray.shape[1], gray.shape[0]), len(found)


def bytes_of(batches: Sequence[FaceBatch]) -> int:
    """Returns the size of the pixels of batches, in bytes."""
    return sum(batch.faces.nbytes for batch in batches)
