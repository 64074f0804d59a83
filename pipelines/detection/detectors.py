"""What `--detector` offers, and the search of many images at once."""

import concurrent.futures
import dataclasses
import functools
import os
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import cv2
import numpy as np

from tfrecords.errors import JobError

from .blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace
from .detections import Detection
from .tiles import Tiled
from .yunet import WHERE, YuNet

MIN_FACE = 24.0  # pixels; half of what the emotion network takes, below it is mostly blur
SURE_AT_SHORT_RANGE = 0.8  # below, the short-range network takes other things for faces
CROP_SIDE = 64  # pixels; no detector sees a face that fills so small an image


class Detector(Protocol):
    """Finds the faces of an upright RGB image, uint8 [H, W, 3]."""

    def __call__(self, image: np.ndarray) -> list[Detection]: ...


@dataclasses.dataclass(frozen=True)
class FirstThatFinds:
    """Asks detectors in turn until one finds a face."""

    detectors: tuple[Detector, ...]

    def __call__(self, image: np.ndarray) -> list[Detection]:
        return next((found for ask in self.detectors if (found := ask(image))), [])


@dataclasses.dataclass(frozen=True)
class LargeEnough:
    """Leaves out what `detector` finds narrower than `min_face`."""

    detector: Detector
    min_face: float  # width of the detection in pixels, or below 1 in widths of the image

    def __call__(self, image: np.ndarray) -> list[Detection]:
        least = self.min_face * image.shape[1] if self.min_face < 1 else self.min_face
        return [face for face in self.detector(image) if face.width >= least]


def _full(min_score: float, weights: str | None) -> Detector:
    short = BlazeFace(SHORT_RANGE, max(min_score, SURE_AT_SHORT_RANGE))
    return FirstThatFinds((BlazeFace(FULL_RANGE, min_score), short))


def _tiled(min_score: float, weights: str | None) -> Detector:
    return Tiled(BlazeFace(FULL_RANGE, min_score))


def _yunet(min_score: float, weights: str | None) -> Detector:
    if not weights:
        raise JobError(f"detector yunet needs the path of its weights, an ONNX file; see {WHERE}")
    return YuNet(weights, min_score)


class Choice(NamedTuple):
    """A value of `--detector`."""

    build: Callable[[float, str | None], Detector]  # from min_score, path of the user's weights
    min_score: float  # its default, at which few things are taken for faces
    help: str


# Reliable from: measured on 24 photos of 58 faces.
DETECTORS = {
    "full": Choice(_full, 0.5, "faces from 7 % of the image's width; the fastest"),
    "tiled": Choice(_tiled, 0.65, "faces from 4 %, such as in gallery views; 3 times the time"),
    "yunet": Choice(_yunet, 0.8, "faces from 1.2 %, by an ONNX file of yours"),
}


def make_detector(
    name: str = "full",
    min_face: float = MIN_FACE,
    min_score: float | None = None,
    weights: str | None = None,
) -> Detector:
    """Makes a detector, which may be pickled and called by several threads at once.

    Args:
        name: One of DETECTORS.
        min_face: Least width of a detection: in pixels, or below 1 in widths of the image.
        min_score: Least score, 0 to 1; None for the detector's default. The short-range network
            that "full" falls back on asks for 0.8 at least.
        weights: Path of YuNet's ONNX file; only "yunet" takes one.

    Raises:
        JobError: where an argument is out of range, or yunet lacks its weights.
    """
    if name not in DETECTORS:
        raise JobError(f"no detector is called {name}; there are {', '.join(DETECTORS)}")
    choice = DETECTORS[name]
    min_score = choice.min_score if min_score is None else min_score
    if not 0 < min_score <= 1:
        raise JobError(f"the least score of a face is {min_score}; it must be above 0, at most 1")
    if not min_face > 0:
        raise JobError(f"the least width of a face is {min_face}; it must be above 0 pixels")
    if weights and name != "yunet":
        raise JobError(f"detector {name} brings its own weights; only yunet takes {weights}")
    return LargeEnough(choice.build(min_score, weights), min_face)


def detect_batch(detector: Detector, images: Sequence[np.ndarray]) -> list[list[Detection]]:
    """Finds the faces of each image, in the order given, on all cores of the machine.

    Args:
        images: Upright, RGB, uint8 [H, W, 3] each; their sizes may differ.
    """
    if len(images) == 1:
        return [detector(images[0])]
    return list(_threads().map(detector, images))


@functools.cache
def _threads() -> concurrent.futures.ThreadPoolExecutor:
    """The process's threads for detection, which keep the interpreters that they have loaded.

    The networks run outside Python's lock, so threads use all cores.
    """
    return concurrent.futures.ThreadPoolExecutor(
        os.cpu_count() or 1,
        thread_name_prefix="detect",
        initializer=cv2.setNumThreads,
        initargs=(1,),
    )


def is_face_crop(image: np.ndarray) -> bool:
    """Tells whether an image [H, W, …] is so small that it can but show one face, cut out."""
    return max(image.shape[:2]) <= CROP_SIDE
