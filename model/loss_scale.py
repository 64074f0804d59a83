"""Loss scaling, which keeps small float16 gradients from rounding to zero."""

from collections.abc import Callable, Sequence

import tensorflow as tf

_INITIAL = 2.0**15
_GROWTH_STEPS = 2_000  # finite steps after which a larger scale is tried


class LossScale(tf.Module):
    """Multiplies the loss by a factor as large as float16 can take; off, it does nothing.

    The factor halves at a step whose gradients overflow, and that step is not applied.
    Micikevicius et al. 2018, "Mixed precision training".
    """

    def __init__(self, dynamic: bool):
        super().__init__(name="loss_scale")
        self._dynamic = dynamic
        self._factor = tf.Variable(_INITIAL if dynamic else 1.0, trainable=False)
        self._finite_steps = tf.Variable(0, trainable=False)

    def scale(self, loss: tf.Tensor) -> tf.Tensor:
        """The loss to differentiate."""
        return loss * self._factor if self._dynamic else loss

    def unscale(self, gradients: Sequence[tf.Tensor]) -> Sequence[tf.Tensor]:
        """The gradients of the loss itself."""
        return [gradient / self._factor for gradient in gradients] if self._dynamic else gradients

    def all_finite(self, gradients: Sequence[tf.Tensor]) -> tf.Tensor:
        """Whether to apply the gradients; summed ones are the same on every replica."""
        if not self._dynamic:
            return tf.constant(True)
        return tf.reduce_all([tf.reduce_all(tf.math.is_finite(each)) for each in gradients])

    def when(self, finite: tf.Tensor, apply: Callable[[], None]) -> None:
        """Calls `apply` where the gradients are finite."""
        if not self._dynamic:
            apply()
            return

        def applied() -> tf.Tensor:
            apply()
            return tf.constant(True)

        tf.cond(finite, applied, lambda: tf.constant(False))

    def update(self, finite: tf.Tensor) -> None:
        """Halves the factor after an overflow, doubles it after many finite steps."""
        if not self._dynamic:
            return
        steps = tf.where(finite, self._finite_steps + 1, 0)
        grow = steps >= _GROWTH_STEPS
        change = tf.where(finite, tf.where(grow, 2.0, 1.0), 0.5)
        self._factor.assign(tf.maximum(self._factor * change, 1.0))
        self._finite_steps.assign(tf.where(grow, 0, steps))
