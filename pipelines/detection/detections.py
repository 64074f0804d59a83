"""What a detector says of a face, and how several answers about one face become one."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

SAME_FACE = 0.3  # intersection over union from which two boxes are of one face (MediaPipe's)


class Detection(NamedTuple):
    """A face in an upright image, in pixels from its top left corner; may reach outside."""

    left: float
    top: float
    width: float
    height: float
    score: float  # 0 to 1
    keypoints: np.ndarray  # float32 [k, 2]: x, y of the eyes (image left first), the nose, …
    network: str  # which found it, as networks frame faces differently: see `framing`

    def moved(self, right: float, down: float) -> "Detection":
        """The same face where the image's corner lies `right` and `down` pixels further in."""
        return self._replace(
            left=self.left + right,
            top=self.top + down,
            keypoints=self.keypoints + np.array((right, down), np.float32),
        )


def intersection_over_union(one: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Overlap of a box [4] with each of others [n, 4] (left, top, width, height), as [n]."""
    start = np.maximum(one[:2], others[:, :2])
    end = np.minimum(one[:2] + one[2:], others[:, :2] + others[:, 2:])
    common = np.prod(np.clip(end - start, 0, None), axis=1)
    union = one[2] * one[3] + others[:, 2] * others[:, 3] - common
    return common / np.maximum(union, np.finfo(np.float32).tiny)


def group_overlapping(boxes: np.ndarray, scores: np.ndarray) -> list[np.ndarray]:
    """Groups the boxes of one face.

    Args:
        boxes: [n, 4] left, top, width, height.
        scores: [n].

    Returns:
        For each face the indices of its boxes, the surest first; the surest face first.
    """
    groups = []
    remaining = np.argsort(-scores, kind="stable")
    while remaining.size:
        same = intersection_over_union(boxes[remaining[0]], boxes[remaining]) > SAME_FACE
        same[0] = True  # even where its area is 0
        groups.append(remaining[same])
        remaining = remaining[~same]
    return groups


def surest_of_each_face(detections: Sequence[Detection]) -> list[Detection]:
    """Keeps one detection a face, the surest first: non-maximum suppression."""
    if not detections:
        return []
    boxes = np.array([detection[:4] for detection in detections])
    scores = np.array([detection.score for detection in detections])
    return [detections[group[0]] for group in group_overlapping(boxes, scores)]
