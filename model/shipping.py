"""From a trained network to a bundle: rounded, calibrated, exported, measured."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np

from model import bundle, calibration, export, metrics
from model.config import TrainConfig
from model.predictor import Predictor
from tfrecords import reading
from tfrecords.errors import JobError

# Training faces that show the exporter the ranges of the activations: which number serves a
# network best cannot be foretold.
_SAMPLES = (256, 1024, 4096)
_TOLERANCE = 0.002  # accuracy that the 8-bit form may lose before it is not taken


class Faces(NamedTuple):
    """A split in memory."""

    images: np.ndarray  # uint8 [n, 48, 48, 1]
    labels: np.ndarray  # int64 [n]


def ship(
    network: keras.Model,
    path: str,
    dataset: str,
    config: TrainConfig,
    training: Mapping[str, Any],
) -> None:
    """Writes the bundle of a trained network, which is changed by rounding and calibrating.

    Args:
        network: Computes in float32.
        path: Folder of the bundle.
        dataset: Gives a sample of the training faces and, where config names one, the split by
            which the network is calibrated and measured.
        training: What is known of the run, for bundle.json.

    Raises:
        JobError: the network has diverged and gives no numbers.
    """
    if config.precision == "bfloat16":
        _round_to_bfloat16(network)
    sample = _faces(dataset, "train", max(_SAMPLES))
    if config.evaluate_split is None:
        inference, _ = _exported(network, sample, sample)
        measured: dict[str, Any] = {}
    else:
        judged = _faces(dataset, config.evaluate_split)
        temperature = calibration.fit_temperature(_probabilities(network, judged), judged.labels)
        calibration.divide_logits(network, temperature)
        inference, probabilities = _exported(network, sample, judged)
        figures = metrics.summarize(probabilities, judged.labels)
        measured = {"split": config.evaluate_split, "temperature": temperature, **figures}
    bundle.save(path, network, inference, config=config, metrics=measured, training=training)


def _faces(dataset: str, split: str, count: int = -1) -> Faces:
    """The first `count` examples of a split in a fixed random order; all for -1."""
    examples = reading.face_dataset(dataset, split, shuffle_seed=0).take(count)
    images, labels = zip(*examples.as_numpy_iterator(), strict=True)
    return Faces(np.stack(images), np.array(labels))


def _round_to_bfloat16(network: keras.Model) -> None:
    """Drops what training never saw: it computed with weights of 8 significant bits.

    The zeros that are left compress, to less than half of the size.
    """
    for variable in network.trainable_variables:
        variable.assign(keras.ops.cast(keras.ops.cast(variable, "bfloat16"), "float32"))


def _exported(
    network: keras.Model, sample: Faces, judged: Faces
) -> tuple[export.Inference, np.ndarray]:
    """The 8-bit form, or the float16 one where that is more accurate; and its probabilities."""
    least = _accuracy(_probabilities(network, judged), judged) - _TOLERANCE
    for inference in _forms(network, sample.images):
        got = Predictor(inference.content)(judged.images)
        if _accuracy(got, judged) >= least:
            break
    return inference, got  # The last form, where none was as accurate.


def _forms(network: keras.Model, images: np.ndarray) -> Iterator[export.Inference]:
    for count in _SAMPLES:
        yield export.to_int8(network, images[:count])
    yield export.to_float16(network)


def _probabilities(network: keras.Model, faces: Faces) -> np.ndarray:
    probabilities = network.predict(faces.images, batch_size=256, verbose=0)
    if not np.isfinite(probabilities).all():
        raise JobError(
            "no model was written: some probabilities are not numbers, the network has diverged; "
            "try a lower --learning-rate"
        )
    return probabilities


def _accuracy(probabilities: np.ndarray, faces: Faces) -> float:
    return float((probabilities.argmax(axis=1) == faces.labels).mean())
