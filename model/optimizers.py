"""Optimisers that update each parameter in one pass over memory.

Keras's Adam reads and writes the 32 M parameters of the reference network and its two moments
about eight times a step; TensorFlow's own kernel does the same arithmetic in one.
"""

from collections.abc import Sequence

import tensorflow as tf


class Adam(tf.Module):
    """Adam (Kingma and Ba 2015) as keras.optimizers.Adam, with decoupled decay as AdamW."""

    def __init__(
        self,
        variables: Sequence[tf.Variable],
        *,
        weight_decay: float = 0.0,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ):
        super().__init__(name="adam")
        self._variables = variables
        self._decay, self._epsilon = weight_decay, epsilon
        self._beta_1, self._beta_2 = beta_1, beta_2
        self.first_moments = [_zeros_like(variable) for variable in variables]
        self.second_moments = [_zeros_like(variable) for variable in variables]

    def apply(self, gradients: Sequence[tf.Tensor], rate: tf.Tensor, step: tf.Tensor) -> None:
        """Updates the variables by the gradients of all replicas' sum; `step` counts from 0."""
        count = tf.cast(step + 1, tf.float32)
        powers = tf.pow(self._beta_1, count), tf.pow(self._beta_2, count)
        slots = zip(
            self._variables, self.first_moments, self.second_moments, gradients, strict=True
        )
        for variable, first, second, gradient in slots:
            _decay(variable, rate * self._decay if self._decay else None)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=first.handle,
                v=second.handle,
                beta1_power=powers[0],
                beta2_power=powers[1],
                lr=rate,
                beta1=self._beta_1,
                beta2=self._beta_2,
                epsilon=self._epsilon,
                grad=gradient,
            )


class Momentum(tf.Module):
    """Gradient descent with Nesterov momentum as keras.optimizers.SGD, with decoupled decay."""

    def __init__(
        self, variables: Sequence[tf.Variable], *, weight_decay: float = 0.0, momentum: float = 0.9
    ):
        super().__init__(name="momentum")
        self._variables = variables
        self._decay, self._momentum = weight_decay, momentum
        self.velocities = [_zeros_like(variable) for variable in variables]

    def apply(self, gradients: Sequence[tf.Tensor], rate: tf.Tensor, step: tf.Tensor) -> None:
        """Updates the variables by the gradients of all replicas' sum; `step` is not used."""
        del step
        for variable, velocity, gradient in zip(
            self._variables, self.velocities, gradients, strict=True
        ):
            _decay(variable, rate * self._decay if self._decay else None)
            tf.raw_ops.ResourceApplyKerasMomentum(
                var=variable.handle,
                accum=velocity.handle,
                lr=rate,
                grad=gradient,
                momentum=self._momentum,
                use_nesterov=True,
            )


OPTIMIZERS = {"adam": Adam, "momentum": Momentum}


def _zeros_like(variable: tf.Variable) -> tf.Variable:
    return tf.Variable(tf.zeros_like(variable), trainable=False)


def _decay(variable: tf.Variable, rate: tf.Tensor | None) -> None:
    """Shrinks kernels; biases and normalisation scales (vectors) are left as they are."""
    if rate is not None and variable.shape.rank > 1:
        local = variable.handle
        tf.raw_ops.AssignSubVariableOp(resource=local, value=variable * rate)
