"""What `--faces` offers: ways to find the faces in an image."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tfrecords.faces import fit_face


class Box(NamedTuple):
    """A face's place in the upright image, in pixels, and the detector's score of it."""

    left: float
    top: float
    width: float
    height: float
    detection: float


class Face(NamedTuple):
    """A face as the model takes it."""

    pixels: np.ndarray  # uint8 [48, 48, 1]
    box: Box | None  # None where the image as a whole is the face


def whole(gray: np.ndarray) -> list[Face]:
    """Takes an upright gray image, uint8 [H, W], as one face.

    Raises:
        FaceError: where a side is too short.
    """
    return [Face(fit_face(gray), None)]


FACE_STEPS: dict[str, Callable[[np.ndarray], list[Face]]] = {"whole": whole}
