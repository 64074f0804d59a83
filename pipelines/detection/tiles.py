"""Looks at an image as a whole and through tiles, to see faces that are small in the whole."""

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from .detections import Detection, surest_of_each_face

# Of the longer side. A 16:9 frame has two tiles of its full height that share an eighth of its
# width: a face is whole in one of them, or wide enough to be seen in the whole frame.
TILE = 9 / 16
OVERLAP = 1 / 8  # of the longer side, at least


@dataclasses.dataclass(frozen=True)
class Tiled:
    """Adds to what `detector` finds in an image what it finds in overlapping tiles of it."""

    detector: Callable[[np.ndarray], list[Detection]]

    def __call__(self, image: np.ndarray) -> list[Detection]:
        """Finds the faces of an upright RGB image, uint8 [H, W, 3], the surest first."""
        found = self.detector(image)
        for tile in _tiles(*image.shape[:2]):
            seen = self.detector(image[tile.top : tile.bottom, tile.left : tile.right])
            moved = [face.moved(tile.left, tile.top) for face in seen]
            found.extend(face for face in moved if not _is_cut(face, tile, image))
        return surest_of_each_face(found)


class _Tile(NamedTuple):
    """Part of an image, in pixels, half-open."""

    left: int
    top: int
    right: int
    bottom: int


def _tiles(height: int, width: int) -> Iterator[_Tile]:
    for top, bottom in _spans(height, max(height, width)):
        for left, right in _spans(width, max(height, width)):
            yield _Tile(left, top, right, bottom)


def _spans(length: int, longer: int) -> list[tuple[int, int]]:
    """The fewest spans, evenly spaced, that cover `length` pixels and overlap enough."""
    span = min(math.ceil(TILE * longer), length)
    steps = math.ceil((length - span) / max(span - OVERLAP * longer, 1))
    starts = np.linspace(0, length - span, steps + 1).round().astype(int).tolist()
    return [(start, start + span) for start in starts]


def _is_cut(face: Detection, tile: _Tile, image: np.ndarray) -> bool:
    """Tells whether `face` crosses an edge of the tile inside the image; another view has it."""
    height, width = image.shape[:2]
    return (
        0 < tile.left > face.left
        or 0 < tile.top > face.top
        or width > tile.right < face.left + face.width
        or height > tile.bottom < face.top + face.height
    )
