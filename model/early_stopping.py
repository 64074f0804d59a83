"""Ends a training that no longer gets better, and keeps the weights of its best epoch."""

import math
from collections.abc import Sequence

import tensorflow as tf


class EarlyStopping(tf.Module):
    """Watches the validation loss; its state goes into the checkpoints (Prechelt 1998)."""

    def __init__(self, variables: Sequence[tf.Variable], patience: int | None):
        """Waits `patience` epochs for a lower loss; None never stops and keeps nothing."""
        super().__init__(name="early_stopping")
        self._variables, self._patience = (variables if patience else ()), patience
        self.best = [tf.Variable(each.numpy(), trainable=False) for each in self._variables]
        self._lowest = tf.Variable(math.inf, dtype=tf.float64, trainable=False)
        self._waited = tf.Variable(0, trainable=False)

    def update(self, loss: float) -> None:
        """Takes note of an epoch's validation loss."""
        if loss < float(self._lowest):
            self._lowest.assign(loss)
            self._waited.assign(0)
            _copy(self._variables, self.best)
        else:
            self._waited.assign_add(1)

    def over(self) -> bool:
        """Whether the loss has not fallen for as long as we wait."""
        return self._patience is not None and int(self._waited) >= self._patience

    def restore_best(self) -> None:
        """Gives the network the weights of the epoch with the lowest loss."""
        if math.isfinite(float(self._lowest)):
            _copy(self.best, self._variables)


def _copy(sources: Sequence[tf.Variable], targets: Sequence[tf.Variable]) -> None:
    for source, target in zip(sources, targets, strict=True):
        target.assign(source.numpy())
