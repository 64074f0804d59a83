"""Figures against values worked out by hand."""

import numpy as np
import pytest

from model import metrics
from tfrecords.labels import LABELS


def one_hot(predicted, confidence=1.0) -> np.ndarray:
    """Probabilities that give the predicted label `confidence` and share out the rest."""
    probabilities = np.full((len(predicted), 7), (1 - confidence) / 6)
    probabilities[np.arange(len(predicted)), predicted] = confidence
    return probabilities


LABELLED = np.array([0, 0, 0, 1, 1, 2, 3, 3, 3, 3])
PREDICTED = np.array([0, 0, 1, 1, 0, 2, 3, 3, 3, 6])


def test_figures_by_hand():
    figures = metrics.summarize(one_hot(PREDICTED, 0.7), LABELLED)
    assert figures["accuracy"] == 0.7
    recalls = [2 / 3, 1 / 2, 1, 3 / 4]
    assert figures["balanced_accuracy"] == pytest.approx(np.mean(recalls))
    f1 = [2 / 3, 1 / 2, 1, 6 / 7]
    assert figures["macro_f1"] == pytest.approx(np.mean(f1))
    assert figures["log_loss"] == pytest.approx(-(7 * np.log(0.7) + 3 * np.log(0.05)) / 10)
    assert figures["calibration_error"] == pytest.approx(0)
    assert figures["per_class"]["angry"] == pytest.approx(
        {"precision": 2 / 3, "recall": 2 / 3, "f1": 2 / 3, "support": 3}
    )


def test_class_without_examples_has_no_figures():
    figures = metrics.summarize(one_hot(PREDICTED), LABELLED)
    assert figures["per_class"]["surprise"] == {
        "precision": None,
        "recall": None,
        "f1": None,
        "support": 0,
    }


def test_class_never_predicted_has_precision_0():
    figures = metrics.summarize(one_hot([0, 0]), np.array([0, 4]))
    assert figures["per_class"]["neutral"] == {
        "precision": 0.0,
        "recall": 0.0,
        "f1": 0.0,
        "support": 1,
    }


def test_rows_of_the_confusion_are_the_true_labels():
    confusion = metrics.summarize(one_hot(PREDICTED), LABELLED)["confusion"]
    assert confusion[0] == [2, 1, 0, 0, 0, 0, 0]
    assert confusion[3] == [0, 0, 0, 3, 0, 0, 1]
    assert np.sum(confusion) == 10


def test_fields_are_those_of_metrics_json():
    assert list(metrics.summarize(one_hot(PREDICTED), LABELLED)) == [
        "accuracy",
        "balanced_accuracy",
        "macro_f1",
        "log_loss",
        "calibration_error",
        "intervals",
        "per_class",
        "confusion",
    ]
    assert list(metrics.summarize(one_hot(PREDICTED), LABELLED)["per_class"]) == list(LABELS)


def test_calibration_error_weighs_the_gaps_of_the_bins():
    # 8 faces at .9 of which 6 are right, 2 at .5 of which none is: (8 * .15 + 2 * .5) / 10.
    probabilities = np.vstack([one_hot([0] * 8, 0.9), one_hot([0] * 2, 0.5)])
    labels = np.array([0] * 6 + [1] * 4)
    assert metrics.calibration_error(probabilities, labels) == pytest.approx(0.22)


def test_certain_and_wrong_has_a_finite_loss():
    assert np.isfinite(metrics.summarize(one_hot([0]), np.array([1]))["log_loss"])


def test_interval_of_the_accuracy_is_that_of_the_binomial_distribution():
    confusion = np.zeros((7, 7), int)
    confusion[0, 0], confusion[0, 1], confusion[3, 3] = 2_000, 1_256, 333
    low, high = metrics.intervals(confusion)["accuracy"]
    assert (low, high) == pytest.approx((0.6343, 0.6655), abs=2e-3)  # of 0.65 with 3,589
    assert metrics.intervals(confusion) == metrics.intervals(confusion)


def test_intervals_hold_the_figures(generator):
    labels = generator.integers(0, 7, 500)
    probabilities = generator.dirichlet(np.ones(7), 500) + np.eye(7)[labels] * 0.5
    figures = metrics.summarize(probabilities / 1.5, labels)
    assert set(figures["intervals"]) == {"accuracy", "balanced_accuracy", "macro_f1"}
    for name, (low, high) in figures["intervals"].items():
        assert low < figures[name] < high < low + 0.15


def test_diverged_network_is_refused():
    with pytest.raises(ValueError, match="are not numbers: the network has diverged"):
        metrics.summarize(np.full((2, 7), np.nan), np.array([0, 1]))


@pytest.mark.parametrize("shape", [(3, 7), (2, 6), (0, 7)])
def test_shapes_that_do_not_fit_are_refused(shape):
    labels = np.zeros(0 if shape[0] == 0 else 2, int)
    with pytest.raises(ValueError, match=r"got probabilities \(\d, \d\) for \d labels"):
        metrics.summarize(np.zeros(shape), labels)
