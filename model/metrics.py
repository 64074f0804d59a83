"""What a network's probabilities are worth, in numbers; plain numpy."""

from typing import Any

import numpy as np

from tfrecords.labels import LABELS

BINS = 15  # of confidence, as in Guo et al. 2017
_RESAMPLES = 2_000
_QUANTILES = (0.025, 0.975)
_TINY = float(np.finfo(np.float32).tiny)  # what the logarithm sees of a probability of 0


def summarize(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """Returns the figures of metrics.json as plain Python numbers.

    Classes of which there is no example have no recall, and are left out of the means; a class
    that is never predicted has precision 0. Where all classes occur, the same as scikit-learn's.

    Args:
        probabilities: float [n, 7], each row summing to 1.
        labels: int [n], indices into LABELS.

    Raises:
        ValueError: where there are no examples, the shapes do not fit, or the network has diverged
            and gives no numbers.
    """
    if probabilities.shape != (len(labels), len(LABELS)) or not len(labels):
        raise ValueError(
            f"got probabilities {probabilities.shape} for {len(labels)} labels, "
            f"expected [n, {len(LABELS)}] with n > 0"
        )
    if not np.isfinite(probabilities).all():
        raise ValueError("some probabilities are not numbers: the network has diverged")
    confusion = confusion_matrix(probabilities.argmax(axis=1), labels)
    per_class = _per_class(confusion)
    present = [figures for figures in per_class.values() if figures["support"]]
    chosen = probabilities[np.arange(len(labels)), labels]
    return {
        "accuracy": float(confusion.trace() / confusion.sum()),
        "balanced_accuracy": float(np.mean([figures["recall"] for figures in present])),
        "macro_f1": float(np.mean([figures["f1"] for figures in present])),
        "log_loss": float(-np.log(np.maximum(chosen, _TINY)).mean()),
        "calibration_error": calibration_error(probabilities, labels),
        "intervals": intervals(confusion),
        "per_class": per_class,
        "confusion": confusion.tolist(),
    }


def confusion_matrix(predicted: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Returns int64 [7, 7]: how often each true label (row) was given each label (column)."""
    matrix = np.zeros((len(LABELS), len(LABELS)), np.int64)
    np.add.at(matrix, (labels, predicted), 1)
    return matrix


def calibration_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Returns the expected calibration error, 0 to 1 (Guo et al. 2017, arXiv:1706.04599).

    The gap between mean confidence and accuracy in each bin, weighted by the bin's share.
    """
    confidence, accuracy, counts = reliability(probabilities, labels)
    filled = counts > 0
    gaps = np.abs(confidence[filled] - accuracy[filled])
    return float((gaps * counts[filled]).sum() / counts.sum())


def reliability(
    probabilities: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns mean confidence, accuracy (NaN in empty bins) and count of each of 15 equal bins."""
    confidence = probabilities.max(axis=1).astype(np.float64)
    correct = probabilities.argmax(axis=1) == labels
    # Bins are (low, high], as in the paper; 1e-12 keeps a confidence of 0 in the first.
    bins = np.ceil(np.clip(confidence, 1e-12, 1) * BINS).astype(int) - 1
    counts = np.bincount(bins, minlength=BINS)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(bins, confidence, BINS) / counts
        accuracy = np.bincount(bins, correct, BINS) / counts
    return mean, accuracy, counts


def intervals(confusion: np.ndarray) -> dict[str, tuple[float, float]]:
    """Returns 95 % intervals of accuracy, balanced accuracy and macro F1.

    By the percentile bootstrap (Efron and Tibshirani 1993): drawing examples anew with replacement
    is drawing the cells of the confusion matrix from a multinomial distribution. Seeded, so that
    the same matrix has the same intervals.

    Args:
        confusion: int [7, 7], true labels by predicted labels.
    """
    total, present = confusion.sum(), confusion.sum(axis=1) > 0
    draws = np.random.default_rng(0).multinomial(total, confusion.ravel() / total, _RESAMPLES)
    tables = draws.reshape(-1, *confusion.shape)
    hits = tables.diagonal(axis1=1, axis2=2)
    support, predicted = tables.sum(axis=2), tables.sum(axis=1)
    recall = hits / np.maximum(support, 1)
    f1 = 2 * hits / np.maximum(support + predicted, 1)
    samples = {
        "accuracy": hits.sum(axis=1) / total,
        "balanced_accuracy": recall[:, present].mean(axis=1),
        "macro_f1": f1[:, present].mean(axis=1),
    }
    return {
        name: (float(low), float(high))
        for name, values in samples.items()
        for low, high in [np.quantile(values, _QUANTILES)]
    }


def _per_class(confusion: np.ndarray) -> dict[str, dict[str, Any]]:
    hits = confusion.diagonal()
    predicted, support = confusion.sum(axis=0), confusion.sum(axis=1)
    figures: dict[str, dict[str, Any]] = {}
    for index, label in enumerate(LABELS):
        if not support[index]:
            figures[label] = {"precision": None, "recall": None, "f1": None, "support": 0}
            continue
        figures[label] = {
            "precision": float(hits[index] / max(predicted[index], 1)),
            "recall": float(hits[index] / support[index]),
            "f1": float(2 * hits[index] / (predicted[index] + support[index])),
            "support": int(support[index]),
        }
    return figures
