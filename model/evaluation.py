"""Runs a classifier over a split, and takes its measure with and without leaked examples."""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from model import metrics
from model.bundle import Bundle
from model.predictor import BATCH, Predictor
from tfrecords import reading
from tfrecords.errors import JobError
from tfrecords.labels import LABELS
from tfrecords.manifest import Manifest

# Takes faces uint8 [n, 48, 48, 1] to probabilities float32 [n, 7], each row summing to 1.
Classifier = Callable[[np.ndarray], np.ndarray]


class Measured(NamedTuple):
    """What `measure` found."""

    figures: dict[str, Any]  # the content of metrics.json
    probabilities: np.ndarray  # float32 [n, 7]
    labels: np.ndarray  # int64 [n]


def measure(
    model: Bundle, dataset: str, split: str, content: Manifest, *, batch_size: int = BATCH
) -> Measured:
    """Classifies every example of a split by the exported function, as scoring does.

    Raises:
        JobError: where the model or the data set cannot be read.
    """
    predictor = Predictor(model, batch_size)
    measured = measure_classifier(
        predictor, model.path, dataset, split, content, batch_size=batch_size
    )
    return measured._replace(figures={"model": model.model_id, **measured.figures})


def measure_classifier(
    classify: Classifier,
    name: str,
    dataset: str,
    split: str,
    content: Manifest,
    *,
    batch_size: int = BATCH,
) -> Measured:
    """As `measure`, for anything that classifies faces; `name` is what errors call it.

    Raises:
        JobError: where the data set cannot be read or the classifier gives no numbers.
    """
    probabilities, labels, keys = _predict(classify, dataset, split, batch_size)
    _check_labels(labels, keys, dataset)
    leaked = content.duplicates.get(f"leaked_from_{split}_into_train")
    try:
        figures = metrics.summarize(probabilities, labels)
    except ValueError as error:
        raise JobError(f"{name} cannot be measured: {error}") from error
    accuracy = figures["accuracy"]
    return Measured(
        {
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


def read_batches(dataset: str, split: str, batch_size: int) -> Iterator[tuple[np.ndarray, ...]]:
    """Yields batches of (faces, labels, keys), and says in one line what is wrong with a shard."""
    batches = reading.face_dataset(dataset, split, keys=True).batch(batch_size)
    try:
        yield from batches.as_numpy_iterator()
    except tf.errors.InvalidArgumentError as error:  # Its message tells of graphs, not of files.
        raise JobError(
            f"cannot read {dataset}: a record of {split} is no labelled face; convert it anew"
        ) from error
    except (
        tf.errors.NotFoundError,
        tf.errors.DataLossError,
        tf.errors.FailedPreconditionError,  # another number of examples than dataset.json says
    ) as error:
        line = str(error.message).partition("\n")[0]
        line = re.sub(r"^\{\{.*?\}\} |\.? \[Op:\w+\].*$", "", line)
        raise JobError(f"cannot read {dataset}: {line}; convert it anew") from error


def _check_labels(labels: np.ndarray, keys: np.ndarray, dataset: str) -> None:
    wrong = np.flatnonzero((labels < 0) | (labels >= len(LABELS)))
    if len(wrong):
        key = keys[wrong[0]].decode("utf-8", "backslashreplace")
        raise JobError(
            f"cannot read {dataset}: {key} has the label {labels[wrong[0]]}, expected 0 to "
            f"{len(LABELS) - 1}; convert it anew"
        )


def _predict(
    classify: Classifier, dataset: str, split: str, batch_size: int
) -> tuple[np.ndarray, ...]:
    batches = read_batches(dataset, split, batch_size)
    parts = [(classify(faces), labels, keys) for faces, labels, keys in batches]
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
