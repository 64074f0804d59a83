"""What a network is trained to: the cross-entropy with the targets of a batch."""

import numpy as np
import tensorflow as tf

from model.config import TrainConfig
from tfrecords.labels import LABELS

_NEVER = -1e9  # logit of a label that is left out


class Objective:
    """Cross-entropy with smoothed, weighted targets, over the labels that take part."""

    def __init__(self, config: TrainConfig, taking_part: np.ndarray | None = None):
        """Args:
        config: Gives label smoothing and class weights.
        taking_part: bool [7]; a label left out is never learnt, but not unlearnt either. None
            takes all.
        """
        self._smoothing = config.label_smoothing
        self._weights = config.class_weights
        everyone = np.ones(len(LABELS), bool)
        self._mask = (everyone if taking_part is None else taking_part).astype(np.float32)

    def losses(self, logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Returns a loss (float32 [b]) for each example.

        Args:
            logits: float32 [b, 7].
            targets: Probabilities, float32 [b, 7].
        """
        even = self._mask / self._mask.sum()
        expected = targets * (1 - self._smoothing) + self._smoothing * even
        losses = tf.nn.softmax_cross_entropy_with_logits(expected, self._masked(logits))
        if self._weights is None:
            return losses
        return losses * tf.linalg.matvec(targets, tf.constant(self._weights, tf.float32))

    def _masked(self, logits: tf.Tensor) -> tf.Tensor:
        return logits if self._mask.all() else logits + (1 - self._mask) * _NEVER
