"""Runs a bundle over a split, and takes its measure with and without leaked examples."""

from typing import Any, NamedTuple

import numpy as np

from model import metrics
from model.bundle import Bundle
from model.predictor import BATCH, Predictor
from tfrecords import reading
from tfrecords.errors import JobError
from tfrecords.manifest import Manifest


class Measured(NamedTuple):
    """What `measure` found."""

    figures: dict[str, Any]  # the content of metrics.json
    probabilities: np.ndarray  # float32 [n, 7]
    labels: np.ndarray  # int64 [n]


def measure(model: Bundle, dataset: str, split: str, content: Manifest) -> Measured:
    """Classifies every example of a split by the exported function, as scoring does.

    Raises:
        JobError: where the model or the data set cannot be read.
    """
    probabilities, labels, keys = _predict(Predictor(model), dataset, split)
    leaked = content.duplicates.get(f"leaked_from_{split}_into_train")
    try:
        figures = metrics.summarize(probabilities, labels)
    except ValueError as error:
        raise JobError(f"{model.path} cannot be measured: {error}") from error
    accuracy = figures["accuracy"]
    return Measured(
        {
            "model": model.model_id,
            "split": split,
            "examples": len(labels),
            "accuracy_interval": metrics.accuracy_interval(accuracy, len(labels)),
            "accuracy_without_leaks": _clean_accuracy(probabilities, labels, keys, leaked),
            "leaked": None if leaked is None else len(leaked),
            **figures,
        },
        probabilities,
        labels,
    )


def _predict(predictor: Predictor, dataset: str, split: str) -> tuple[np.ndarray, ...]:
    batches = reading.face_dataset(dataset, split, keys=True).batch(BATCH)
    parts = [
        (predictor(faces), labels, keys) for faces, labels, keys in batches.as_numpy_iterator()
    ]
    return tuple(np.concatenate(part) for part in zip(*parts, strict=True))


def _clean_accuracy(
    probabilities: np.ndarray, labels: np.ndarray, keys: np.ndarray, leaked: list[str] | None
) -> float | None:
    """Returns the accuracy over what is not in train; None where that is not known or empty."""
    if leaked is None:
        return None
    names = {key.encode("utf-8", "surrogateescape") for key in leaked}
    clean = np.array([key not in names for key in keys])
    hits = probabilities.argmax(axis=1) == labels
    return float(hits[clean].mean()) if clean.any() else None
