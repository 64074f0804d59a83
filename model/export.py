"""The inference form of a network: a LiteRT file, in 8-bit integers where these lose nothing.

Integers are two to four times as fast as float32 on any processor of the last ten years, need no
TensorFlow, and take a quarter of the space (Jacob et al. 2018, arXiv:1712.05877).
"""

import contextlib
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfrecords import quiet
from tfrecords.schema import FACE_SHAPE

# What computes in float32 even so: the standardisation of an image, whose statistics 256 levels
# cannot hold, the mean over the last map, and the probabilities. They cost next to nothing.
_FLOAT_OPERATIONS = ("CAST", "MEAN", "SQUARED_DIFFERENCE", "SQRT", "SUB", "DIV", "SOFTMAX")
_CALIBRATION_BATCH = 64


class Inference(NamedTuple):
    """A network as it is shipped for scoring."""

    content: bytes  # of the LiteRT file: uint8 [n, 48, 48, 1] -> float32 [n, 7]
    form: str  # "int8" or "float16"


def to_float16(network: keras.Model) -> Inference:
    """Exports a network that computes in float32 with weights of 11 significant bits.

    Batch normalisation is folded into the convolutions.
    """
    with _converter(network) as converter:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.target_spec.supported_types = [tf.float16]
        return Inference(_quietly(converter.convert), "float16")


def to_int8(network: keras.Model, faces: np.ndarray) -> Inference:
    """Exports a network with 8-bit weights and activations.

    Args:
        faces: uint8 [n, 48, 48, 1], a few hundred of the kind it was trained on: the ranges of
            the activations are taken from them.
    """
    batches = [
        faces[start : start + _CALIBRATION_BATCH]
        for start in range(0, len(faces), _CALIBRATION_BATCH)
    ]
    with _converter(network) as converter:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([batch] for batch in batches)
        return Inference(_quietly(lambda: _quantized(converter)), "int8")


def _quantized(converter: tf.lite.TFLiteConverter) -> bytes:
    """The debugger is the public way to leave operations out of the quantisation."""
    options = tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=list(_FLOAT_OPERATIONS))
    debugger = tf.lite.experimental.QuantizationDebugger(
        converter=converter,
        debug_dataset=converter.representative_dataset,
        debug_options=options,
    )
    return debugger.get_nondebug_quantized_model()


def _quietly(convert: Callable[[], bytes]) -> bytes:
    """TensorFlow reports each stage, and warns of an interpreter that it uses itself."""
    with quiet.native_stderr_hidden(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return convert()


@contextlib.contextmanager
def _converter(network: keras.Model) -> Iterator[tf.lite.TFLiteConverter]:
    """From a saved model, because only so the converter takes variables for constants."""
    module = tf.Module()
    module.variables_of_network = [variable.value for variable in network.variables]
    module.predict = tf.function(
        lambda faces: network(faces, training=False),
        input_signature=[tf.TensorSpec([None, *FACE_SHAPE], tf.uint8, name="faces")],
    )
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "saved_model")
        tf.saved_model.save(module, path)
        yield tf.lite.TFLiteConverter.from_saved_model(path)
