"""Which labels a model takes for which, and the faces it is most confidently wrong about."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image

from tfrecords.contact_sheet import Picture, Section, draw_sheet
from tfrecords.labels import LABELS

_PAIRS = 5
_FACES = 12  # of each pair


class Confused(NamedTuple):
    """A label that was given where another was right."""

    label: str
    predicted: str
    times: int
    share: float  # of the label's examples


def most_confused(confusion: Sequence[Sequence[int]], pairs: int = _PAIRS) -> list[Confused]:
    """Returns the most frequent confusions, by their share of the label's examples.

    Args:
        confusion: int [7, 7], true labels by predicted labels.
    """
    counts = np.asarray(confusion)
    found = [
        Confused(LABELS[row], LABELS[column], int(count), float(count / counts[row].sum()))
        for (row, column), count in np.ndenumerate(counts)
        if row != column and count
    ]
    return sorted(found, key=lambda each: -each.share)[:pairs]


def most_confident(
    probabilities: np.ndarray, labels: np.ndarray, confused: Confused, count: int = _FACES
) -> np.ndarray:
    """Returns the places, int [m] with m at most `count`, of the surest mistakes of one kind.

    Args:
        probabilities: float [n, 7].
        labels: int [n].
    """
    predicted = probabilities.argmax(axis=1)
    wanted = (LABELS.index(confused.label), LABELS.index(confused.predicted))
    places = np.flatnonzero((labels == wanted[0]) & (predicted == wanted[1]))
    return places[np.argsort(-probabilities[places, wanted[1]], kind="stable")][:count]


def draw_mistakes(
    confused: Sequence[Confused],
    faces: Sequence[Sequence[np.ndarray]],
    confidences: Sequence[np.ndarray],
) -> Image.Image:
    """Returns a picture with a row for each pair.

    Args:
        faces: m of uint8 [48, 48, 1] for each pair.
        confidences: float [m] for each pair, of the wrong label.
    """
    sections = [
        Section(
            f"{pair.label} taken for {pair.predicted}: {pair.times:,}, {pair.share:.0%} of "
            f"{pair.label}; the surest",
            [Picture(face, f"{sure:.0%}") for face, sure in zip(shown, sures, strict=True)],
        )
        for pair, shown, sures in zip(confused, faces, confidences, strict=True)
    ]
    return draw_sheet(sections)
