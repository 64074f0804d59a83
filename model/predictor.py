"""Probabilities for any number of faces, in batches of one size."""

import numpy as np

from model.bundle import Bundle
from tfrecords.labels import LABELS
from tfrecords.schema import FACE_SHAPE

BATCH = 256  # faces; large enough for all cores, small enough for any memory


class Predictor:
    """The exported function of a bundle; may be called from several threads at once."""

    def __init__(self, bundle: Bundle, batch_size: int = BATCH):
        self._function = bundle.predict_function()
        self._batch_size = batch_size

    def __call__(self, faces: np.ndarray) -> np.ndarray:
        """Returns float32 [n, 7], each row summing to 1, for faces uint8 [n, 48, 48, 1].

        Raises:
            ValueError: where faces have another shape or type.
        """
        if faces.dtype != np.uint8 or faces.shape[1:] != FACE_SHAPE:
            expected = f"uint8 [n, {', '.join(map(str, FACE_SHAPE))}]"
            raise ValueError(f"faces are {faces.dtype} {faces.shape}, expected {expected}")
        size = self._batch_size
        starts = range(0, len(faces), size)
        batches = [self._predict_batch(faces[start : start + size]) for start in starts]
        return np.concatenate(batches) if batches else np.empty((0, len(LABELS)), np.float32)

    def _predict_batch(self, faces: np.ndarray) -> np.ndarray:
        missing = self._batch_size - len(faces)
        # Always one size: oneDNN prepares its kernels anew for each it has not met.
        padded = np.pad(faces, ((0, missing), (0, 0), (0, 0), (0, 0))) if missing else faces
        return self._function(padded).numpy()[: len(faces)]
