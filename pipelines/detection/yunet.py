"""YuNet, a detector that sees smaller faces, by OpenCV and the user's copy of its weights.

W. Wu, H. Peng, S. Yu, "YuNet: A Tiny Millisecond-level Face Detector", Machine Intelligence
Research 20, 2023. No package on PyPI carries its weights.
"""

import dataclasses
import pathlib
import threading

import cv2
import numpy as np

from tfrecords.errors import JobError

from .detections import SAME_FACE, Detection

NAME = "yunet"
WHERE = "https://github.com/opencv/opencv_zoo/tree/main/models/face_detection_yunet"
LONG_SIDE = 640  # pixels; larger images are shrunk to it. Time grows with the area
_MAX_FACES = 500  # an image, before those of one face are merged


@dataclasses.dataclass(frozen=True)
class YuNet:
    """Finds faces by YuNet; may be pickled, and called by several threads at once."""

    weights: str  # path of the ONNX file, on each worker
    min_score: float  # 0 to 1

    def __post_init__(self) -> None:
        if not pathlib.Path(self.weights).is_file():
            raise JobError(f"YuNet's weights {self.weights} are not a file; get them from {WHERE}")

    def __call__(self, image: np.ndarray) -> list[Detection]:
        """Finds the faces of an upright RGB image, uint8 [H, W, 3], the surest first.

        Raises:
            JobError: where OpenCV cannot read the weights.
        """
        height, width = image.shape[:2]
        factor = min(LONG_SIDE / max(height, width), 1)
        size = max(round(width * factor), 1), max(round(height * factor), 1)
        fitted = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        network = _network(self)
        network.setInputSize(size)
        rows = network.detect(cv2.cvtColor(fitted, cv2.COLOR_RGB2BGR))[1]  # None where none
        scale = np.divide(size, (width, height), dtype=np.float32)
        return [] if rows is None else [_detection(row, scale) for row in rows]


_of_thread = threading.local()  # a cv2.FaceDetectorYN serves one thread at a time


def _network(settings: YuNet) -> cv2.FaceDetectorYN:
    if getattr(_of_thread, "settings", None) != settings:
        _of_thread.network = _load(settings)
        _of_thread.settings = settings
    return _of_thread.network


def _load(settings: YuNet) -> cv2.FaceDetectorYN:
    size = LONG_SIDE, LONG_SIDE  # replaced for each image
    try:
        return cv2.FaceDetectorYN.create(
            settings.weights, "", size, settings.min_score, SAME_FACE, _MAX_FACES
        )
    except cv2.error as error:
        raise JobError(
            f"OpenCV cannot read {settings.weights} as YuNet's weights ({error.err}); "
            f"get them from {WHERE}"
        ) from error


def _detection(row: np.ndarray, scale: np.ndarray) -> Detection:
    """From a row of OpenCV: left, top, width, height, five points, score."""
    pairs = row[:14].reshape(7, 2) / scale
    left, top = pairs[0].tolist()
    width, height = pairs[1].tolist()
    return Detection(left, top, width, height, float(row[14]), pairs[2:], NAME)
