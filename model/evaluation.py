"""Runs a classifier over a split, and takes its measure with and without leaked examples."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from model import metrics, robustness, views
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


# What is said of a model's figures beside its main ones.
_BRIEF = (
    "accuracy",
    "accuracy_without_leaks",
    "balanced_accuracy",
    "macro_f1",
    "log_loss",
    "calibration_error",
    "intervals",
)


def measure(
    model: Bundle,
    dataset: str,
    split: str,
    content: Manifest,
    *,
    batch_size: int = BATCH,
    kind_of_views: str = "plain",
    robustness_too: bool = False,
) -> Measured:
    """Classifies every example of a split by the inference form, as scoring does.

    Args:
        kind_of_views: One of views.KINDS; beside the plain figures stand those of the average
            over the views.
        robustness_too: Whether to measure under every change of robustness.CHANGES as well.

    Raises:
        JobError: where the model or the data set cannot be read.
    """
    predictor = Predictor(model, batch_size)

    def measured_by(classify: Classifier) -> Measured:
        return measure_classifier(
            classify, model.path, dataset, split, content, batch_size=batch_size
        )

    measured = measured_by(predictor)
    figures = {"model": model.model_id, **measured.figures}
    if kind_of_views != "plain":
        averaged = measured_by(views.averaged(predictor, kind_of_views)).figures
        figures["views"] = {"how": kind_of_views, **{name: averaged[name] for name in _BRIEF}}
    if robustness_too:
        figures["robustness"] = [
            _under(change, measured_by, predictor, figures["accuracy"])
            for change in robustness.CHANGES
        ]
    return measured._replace(figures=figures)


def _under(
    change: robustness.Change,
    measured_by: Callable[[Classifier], Measured],
    classify: Classifier,
    plain_accuracy: float,
) -> dict[str, Any]:
    """Returns the accuracy on changed faces, and how far it is from that on the plain ones."""
    accuracy = measured_by(robustness.changed(classify, change)).figures["accuracy"]
    return {
        "change": change.name,
        "strength": change.strength,
        "unit": change.unit,
        "accuracy": accuracy,
        "difference": accuracy - plain_accuracy,
    }


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
    return Measured(
        {
            "split": split,
            "examples": len(labels),
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


def faces_at(
    dataset: str, split: str, places: Sequence[int], batch_size: int = BATCH
) -> np.ndarray:
    """Returns the faces (uint8 [n, 48, 48, 1]) at some places of a split, in the order asked."""
    wanted, found, start = set(places), {}, 0
    for faces, *_ in read_batches(dataset, split, batch_size):
        for place in wanted.intersection(range(start, start + len(faces))):
            found[place] = faces[place - start]
        start += len(faces)
    return np.stack([found[place] for place in places])


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
