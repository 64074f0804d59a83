"""The moving average of a network's weights, which errs less than the weights in mid-training."""

from collections.abc import Sequence

import tensorflow as tf


class Averages(tf.Module):
    """Exponential moving averages of variables (Polyak and Juditsky 1992).

    At the start, when the weights change fastest, the average follows them faster: at step t its
    decay is at most (1 + t) / (10 + t).
    """

    def __init__(
        self, averages: Sequence[tf.Variable], variables: Sequence[tf.Variable], decay: float
    ):
        """`averages` are brought from step to step towards `variables`, in the same order."""
        super().__init__(name="averages")
        self._pairs = list(zip(averages, variables, strict=True))
        self._decay = decay

    def update(self, step: tf.Tensor) -> None:
        """Moves the averages, in each replica its own copy; `step` counts from 0."""
        count = tf.cast(step, tf.float32)
        kept = tf.minimum(self._decay, (1.0 + count) / (10.0 + count))
        for average, variable in self._pairs:
            tf.raw_ops.AssignSubVariableOp(
                resource=average.handle, value=(1.0 - kept) * (average - variable)
            )
