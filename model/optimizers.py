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


class Muon(tf.Module):
    """Orthogonalised momentum for the convolutions, Nesterov momentum for all else.

    K. Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks". A kernel
    [h, w, in, out] is taken as the matrix [h * w * in, out]; its update has singular values near
    1, times the rate. keras.optimizers.Muon takes the last two axes for the matrix, which is
    another method for a convolution, and computes in float32.
    """

    def __init__(
        self,
        variables: Sequence[tf.Variable],
        *,
        weight_decay: float = 0.0,
        momentum: float = 0.95,
        other_rate: float = 2.0,
    ):
        """`other_rate` is the factor on the rate of what is no convolution."""
        super().__init__(name="muon")
        is_kernel = [variable.shape.rank == 4 for variable in variables]
        self._is_kernel = is_kernel
        self._kernels = [each for each, kernel in zip(variables, is_kernel, strict=True) if kernel]
        others = [each for each, kernel in zip(variables, is_kernel, strict=True) if not kernel]
        self._other_rate, self._decay, self._momentum = other_rate, weight_decay, momentum
        self.others = Momentum(others, weight_decay=weight_decay)
        self.velocities = [_zeros_like(variable) for variable in self._kernels]

    def apply(self, gradients: Sequence[tf.Tensor], rate: tf.Tensor, step: tf.Tensor) -> None:
        """Updates the variables by the gradients of all replicas' sum; `step` is not used."""
        pairs = list(zip(gradients, self._is_kernel, strict=True))
        self.others.apply(
            [each for each, kernel in pairs if not kernel], rate * self._other_rate, step
        )
        of_kernels = [each for each, kernel in pairs if kernel]
        for kernel, velocity, gradient in zip(
            self._kernels, self.velocities, of_kernels, strict=True
        ):
            _decay(kernel, rate * self._decay if self._decay else None)
            moved = self._momentum * velocity + gradient
            _subtract(velocity, velocity - moved)
            _subtract(kernel, rate * _orthogonalize(gradient + self._momentum * moved))


def _orthogonalize(kernel: tf.Tensor) -> tf.Tensor:
    """Nearly the closest matrix with equal singular values, by five Newton-Schulz steps.

    Each step multiplies the matrix by a polynomial of its Gram matrix. The product of the five is
    formed first, from small square matrices, which takes half the arithmetic for a tall matrix.
    """
    matrix = tf.reshape(kernel, [-1, kernel.shape[-1]])
    wide = matrix.shape[0] < matrix.shape[1]
    if wide:
        matrix = tf.transpose(matrix)
    matrix /= tf.norm(matrix) + 1e-7
    product = _newton_schulz(tf.matmul(matrix, matrix, transpose_a=True))
    # bfloat16 is enough for a direction and twice as fast; the polynomials need float32.
    matrix = tf.matmul(tf.cast(matrix, tf.bfloat16), tf.cast(product, tf.bfloat16))
    if wide:
        matrix = tf.transpose(matrix)
    return tf.cast(tf.reshape(matrix, kernel.shape), tf.float32)


def _newton_schulz(gram: tf.Tensor) -> tf.Tensor:
    """The matrix that takes one of this Gram matrix to singular values of 0.7 to 1.2."""
    a, b, c = 3.4445, -4.7750, 2.0315  # as in the source
    identity = tf.eye(gram.shape[0])
    product = identity
    for _ in range(5):
        factor = a * identity + b * gram + c * tf.matmul(gram, gram)
        product = tf.matmul(product, factor)
        gram = tf.matmul(tf.matmul(factor, gram), factor)
    return product


BUILDERS = {"adam": Adam, "momentum": Momentum, "muon": Muon}


def _zeros_like(variable: tf.Variable) -> tf.Variable:
    return tf.Variable(tf.zeros_like(variable), trainable=False)


def _decay(variable: tf.Variable, rate: tf.Tensor | None) -> None:
    """Shrinks kernels; biases and normalisation scales (vectors) are left as they are."""
    if rate is not None and variable.shape.rank > 1:
        _subtract(variable, variable * rate)


def _subtract(variable: tf.Variable, value: tf.Tensor) -> None:
    """Changes this replica's copy; `assign_sub` would ask how to agree with the others."""
    tf.raw_ops.AssignSubVariableOp(resource=variable.handle, value=value)
