"""BlazeFace, the face detector of Google's MediaPipe, by LiteRT and numpy.

V. Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs", 2019
(arXiv:1907.05047). Input, anchors and decoding follow the calculator options that MediaPipe
publishes in modules/face_detection/face_detection_{full,short}_range*.pbtxt.
"""

import dataclasses
import functools
import threading

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter

from .detections import Detection, group_overlapping
from .weights import weights_path

# What a network says of a face, in pairs of x and y: its centre, its size, six keypoints.
_PAIRS = 8
_PLACES = [0, 2, 3, 4, 5, 6, 7]  # the pairs counted from the anchor; the size is not
_MAX_LOGIT = 80.0  # beyond, the exponential overflows float32


@dataclasses.dataclass(frozen=True)
class Network:
    """One of BlazeFace's networks."""

    name: str
    weights: str  # file name
    side: int  # pixels of its square input
    grids: tuple[tuple[int, int], ...]  # (cells a side, anchors in the middle of each), in order


# For faces within 5 m of the camera: one layer, of stride 4.
FULL_RANGE = Network("full_range", "face_detection_full_range.tflite", 192, ((48, 1),))
# For faces within 2 m: layers of strides 8, 16, 16, 16, of two anchors a cell each. MediaPipe
# lists the anchors of layers of one stride together, cell by cell.
SHORT_RANGE = Network("short_range", "face_detection_short_range.tflite", 128, ((16, 2), (8, 6)))


@dataclasses.dataclass(frozen=True)
class BlazeFace:
    """Finds faces by one network; may be pickled, and called by several threads at once."""

    network: Network
    min_score: float  # 0 to 1

    def __call__(self, image: np.ndarray) -> list[Detection]:
        """Finds the faces of an upright RGB image, uint8 [H, W, 3], the surest first.

        Raises:
            JobError: where the package with the weights is not installed.
        """
        view = _letterbox(image, self.network.side)
        values, logits = _run(self.network, view.pixels)
        scores = _sigmoid(logits)
        found = scores >= self.min_score
        pairs = values[found].reshape(-1, _PAIRS, 2)
        pairs[:, _PLACES] += (_anchors(self.network)[found] - view.corner)[:, None]
        return _one_each(pairs / view.scale, scores[found], self.network.name)


@dataclasses.dataclass(frozen=True)
class _View:
    """An image as a network takes it."""

    pixels: np.ndarray  # float32 [1, side, side, 3], -1 to 1
    corner: np.ndarray  # float32 [2]: x, y of the image's top left corner in it
    scale: np.ndarray  # float32 [2]: its pixels for a pixel of the image


def _letterbox(image: np.ndarray, side: int) -> _View:
    """Fits an image, keeping its proportions, into the middle of a black square."""
    height, width = image.shape[:2]
    factor = side / max(height, width)
    fitted = max(round(width * factor), 1), max(round(height * factor), 1)
    left, top = (side - fitted[0]) // 2, (side - fitted[1]) // 2
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    pixels = np.full((1, side, side, 3), -1, np.float32)
    inside = pixels[0, top : top + fitted[1], left : left + fitted[0]]
    np.multiply(cv2.resize(image, fitted, interpolation=method), 1 / 127.5, out=inside)
    inside -= 1
    scale = np.divide(fitted, (width, height), dtype=np.float32)
    return _View(pixels, np.array((left, top), np.float32), scale)


_of_thread = threading.local()  # an interpreter serves one thread at a time


def _run(network: Network, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Returns float32 [n, 16], in pixels of the input, and logits [n], for the n anchors."""
    interpreter = getattr(_of_thread, network.name, None)
    if interpreter is None:
        interpreter = _load(network)
        setattr(_of_thread, network.name, interpreter)
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels)
    interpreter.invoke()
    values, logits = (
        interpreter.get_tensor(output["index"])[0] for output in interpreter.get_output_details()
    )
    return values, logits[:, 0]


def _load(network: Network) -> Interpreter:
    # One thread each: images are scored side by side, which needs no waiting within one.
    interpreter = Interpreter(str(weights_path(network.weights)), num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


@functools.cache
def _anchors(network: Network) -> np.ndarray:
    """Returns float32 [n, 2]: x, y of the anchors, in pixels of the input, row by row."""
    layers = []
    for cells, repeats in network.grids:
        middles = (np.arange(cells, dtype=np.float32) + 0.5) * (network.side / cells)
        y, x = np.meshgrid(middles, middles, indexing="ij")
        layers.append(np.repeat(np.stack((x.ravel(), y.ravel()), axis=1), repeats, axis=0))
    return np.concatenate(layers)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logits, -_MAX_LOGIT, _MAX_LOGIT)))


def _one_each(pairs: np.ndarray, scores: np.ndarray, network: str) -> list[Detection]:
    """Averages the answers about one face, [n, 8, 2] in pixels, weighted by their scores [n].

    It shakes less from frame to frame than the surest answer alone (section 3.4 of the paper).
    """
    centre, size = pairs[:, 0], pairs[:, 1]
    detections = []
    for group in group_overlapping(np.hstack((centre - size / 2, size)), scores):
        face = np.average(pairs[group], axis=0, weights=scores[group])
        left, top = (face[0] - face[1] / 2).tolist()
        width, height = face[1].tolist()
        score = float(scores[group[0]])
        detections.append(Detection(left, top, width, height, score, face[2:], network))
    return detections
