"""Makes probabilities say how often they are right (Guo et al. 2017, arXiv:1706.04599)."""

import keras
import numpy as np

_LEAST, _MOST = 0.2, 5.0  # temperatures that are looked at
_ROUNDS = 40  # each narrows the range to 0.62; 40 leave a millionth of it
_ROUNDING = 1e-9  # how far from certain a probability stays
_TINY = 1e-30  # what the logarithm sees of a probability of 0


def fit_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """Returns the divisor of the logits that makes the highest probability most believable.

    That is the greatest likelihood of being right or wrong, whatever the other probabilities:
    top-label calibration (Gupta and Ramdas 2022, arXiv:2107.08353), by golden-section search.

    Args:
        probabilities: float [n, 7] of examples that the network was not trained on.
        labels: int [n].
    """
    logits = np.log(np.maximum(probabilities.astype(np.float64), _TINY))
    low, high, golden = np.log(_LEAST), np.log(_MOST), (np.sqrt(5) - 1) / 2
    for _ in range(_ROUNDS):
        left, right = high - golden * (high - low), low + golden * (high - low)
        if _log_loss(logits / np.exp(left), labels) < _log_loss(logits / np.exp(right), labels):
            high = right
        else:
            low = left
    return float(np.exp((low + high) / 2))


def divide_logits(network: keras.Model, temperature: float) -> None:
    """Changes the last dense layer so that its logits are divided; no label changes places."""
    dense = next(layer for layer in reversed(network.layers) if layer.weights)
    dense.set_weights([weights / temperature for weights in dense.get_weights()])


def _log_loss(logits: np.ndarray, labels: np.ndarray) -> float:
    """Of the statement, made with the highest probability, that the label is right."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    highest = np.clip(1 / powers.sum(axis=1), _TINY, 1 - _ROUNDING)
    right = logits.argmax(axis=1) == labels
    return float(-np.where(right, np.log(highest), np.log1p(-highest)).mean())
