"""Several views of a face, over which a classifier's probabilities are averaged.

Ten views are those of ten-crop testing (Krizhevsky et al. 2012), by which FER2013's best published
figures were measured: the face and four diagonal shifts, each with its mirror image. Instead of
crops of 44x44 pixels the face is shifted by 2 with its edge repeated, so that it keeps its size.
"""

from collections.abc import Callable, Iterator

import numpy as np

SHIFT = 2  # pixels
_SHIFTS = {
    "plain": ((0, 0),),
    "flip": ((0, 0),),
    "ten": ((0, 0), *((y, x) for y in (-SHIFT, SHIFT) for x in (-SHIFT, SHIFT))),
}
KINDS = tuple(_SHIFTS)


def averaged(
    classify: Callable[[np.ndarray], np.ndarray], kind: str
) -> Callable[[np.ndarray], np.ndarray]:
    """Returns a classifier that gives the mean of the probabilities over the views of each face.

    Args:
        classify: Takes uint8 [n, 48, 48, 1] to probabilities float32 [n, 7].
        kind: One of KINDS.
    """

    def classify_views(faces: np.ndarray) -> np.ndarray:
        return np.mean([classify(view) for view in views(faces, kind)], axis=0)

    return classify_views


def views(faces: np.ndarray, kind: str) -> Iterator[np.ndarray]:
    """Yields the faces (uint8 [n, 48, 48, 1]) as each view of the kind shows them."""
    for down, right in _SHIFTS[kind]:
        shifted = shift(faces, down, right)
        yield shifted
        if kind != "plain":
            yield np.ascontiguousarray(shifted[:, :, ::-1])


def shift(faces: np.ndarray, down: int, right: int) -> np.ndarray:
    """Moves faces by whole pixels; what comes in repeats the edge."""
    if not (down or right):
        return faces
    height, width = faces.shape[1:3]
    margin = max(abs(down), abs(right))
    padded = np.pad(faces, ((0, 0), (margin, margin), (margin, margin), (0, 0)), "edge")
    top, left = margin - down, margin - right
    return np.ascontiguousarray(padded[:, top : top + height, left : left + width])
