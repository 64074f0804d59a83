"""From a detection to the picture of a face that looks like one of FER2013's.

FER2013's 48x48 frame is that of OpenCV's Haar detector: eyes at (.31, .40) and (.68, .39) of its
side, the mouth at .77, and the roll of heads left in, so crops are not rotated. The rules below
give that frame from what other detectors say of a face; their factors were measured.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from tfrecords.faces import fit_face, gray_from_rgb

from .blazeface import FULL_RANGE, SHORT_RANGE
from .detections import Detection
from .yunet import NAME as YUNET


class Square(NamedTuple):
    """Part of an image, in whole pixels; may reach outside it."""

    left: int
    top: int
    side: int


def square_around(detection: Detection) -> Square:
    """Returns the square that frames a face as FER2013 does."""
    centre, side = _RULES[detection.network](detection)
    whole_side = max(round(float(side)), 1)
    left, top = (round(float(middle) - whole_side / 2) for middle in centre)
    return Square(left, top, whole_side)


def cut(image: np.ndarray, square: Square) -> np.ndarray:
    """Cuts a face out of an RGB image, as the emotion network takes it.

    Where the square reaches outside, the image's edge is repeated.

    Args:
        image: Upright, uint8 [H, W, 3].
        square: Of at least 8 pixels a side.

    Returns:
        uint8 [48, 48, 1].

    Raises:
        FaceError: where the square is too small.
    """
    rows, above_below = _inside(square.top, square.side, image.shape[0])
    columns, beside = _inside(square.left, square.side, image.shape[1])
    gray = gray_from_rgb(image[rows, columns])
    return fit_face(np.pad(gray, (above_below, beside), mode="edge"))


def _inside(start: int, length: int, size: int) -> tuple[slice, tuple[int, int]]:
    """The part of `length` pixels from `start` on that an axis of `size` has, at least its edge.

    Returns:
        The part, and how many pixels are missing before and after it.
    """
    first = min(max(start, 0), size - 1)
    last = max(min(start + length, size), 1)
    missing = length - (last - first)
    before = min(max(-start, 0), missing)
    return slice(first, last), (before, missing - before)


def _full_range(face: Detection) -> tuple[np.ndarray, float]:
    return _centre(face) - (0, 0.04 * face.width), 1.13 * face.width


def _short_range(face: Detection) -> tuple[np.ndarray, float]:
    eyes = face.keypoints[:2]  # its boxes fit worse
    distance = float(np.linalg.norm(eyes[1] - eyes[0]))
    return eyes.mean(axis=0) + (0, 0.315 * distance), 2.65 * distance


def _yunet(face: Detection) -> tuple[np.ndarray, float]:
    return _centre(face), 1.25 * face.width


def _centre(face: Detection) -> np.ndarray:
    return np.array((face.left + face.width / 2, face.top + face.height / 2))


# By network: the centre [2] and the side of the square, in pixels.
_RULES: dict[str, Callable[[Detection], tuple[np.ndarray, float]]] = {
    FULL_RANGE.name: _full_range,
    SHORT_RANGE.name: _short_range,
    YUNET: _yunet,
}
