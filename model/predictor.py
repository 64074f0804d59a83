"""Probabilities for any number of faces, in batches of one size."""

import os
import threading

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from model.bundle import Bundle
from tfrecords import quiet
from tfrecords.errors import JobError
from tfrecords.labels import LABELS
from tfrecords.schema import FACE_SHAPE

BATCH = 64  # faces; their activations stay in the processor's cache


class Predictor:
    """The inference form of a bundle; several threads may call it, and take turns."""

    def __init__(self, model: Bundle | bytes, batch_size: int = BATCH):
        """Takes a bundle or the content of its LiteRT file; raises JobError where it is damaged."""
        self._batch_size = batch_size
        self._lock = threading.Lock()
        content = model if isinstance(model, bytes) else model.inference()
        try:
            with quiet.native_stderr_hidden():  # It tells which delegate it chose.
                self._interpreter = _interpreter(content, batch_size)
        except (ValueError, RuntimeError) as error:
            line = str(error).strip().partition("\n")[0]
            raise JobError(
                f"cannot load inference.tflite: {line}; the bundle is damaged"
            ) from error
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

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
        # Always one size: for each other the interpreter would plan its memory anew.
        padded = np.pad(faces, ((0, missing), (0, 0), (0, 0), (0, 0))) if missing else faces
        with self._lock:
            self._interpreter.set_tensor(self._input, padded)
            self._interpreter.invoke()
            return self._interpreter.get_tensor(self._output)[: len(faces)]


def _interpreter(content: bytes, batch_size: int) -> Interpreter:
    interpreter = Interpreter(model_content=content, num_threads=os.cpu_count())
    (faces,) = interpreter.get_input_details()
    interpreter.resize_tensor_input(faces["index"], [batch_size, *FACE_SHAPE])
    interpreter.allocate_tensors()
    return interpreter
