"""The optimisers beside Keras's own."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from model.optimizers import Adam, Momentum

_RATE = 0.01


def _variables() -> list[tf.Variable]:
    generator = np.random.default_rng(0)
    shapes = [(3, 4), (2, 3, 4, 5)]
    return [tf.Variable(generator.normal(size=shape).astype(np.float32)) for shape in shapes]


def _gradients(step: int) -> list[tf.Tensor]:
    generator = np.random.default_rng(100 + step)
    return [
        tf.constant(generator.normal(size=variable.shape).astype(np.float32))
        for variable in _variables()
    ]


@pytest.mark.parametrize(
    "ours, theirs",
    [
        (lambda v: Adam(v), keras.optimizers.Adam(_RATE)),
        (lambda v: Adam(v, weight_decay=0.1), keras.optimizers.AdamW(_RATE, weight_decay=0.1)),
        (lambda v: Momentum(v), keras.optimizers.SGD(_RATE, momentum=0.9, nesterov=True)),
        (
            lambda v: Momentum(v, weight_decay=0.1),
            keras.optimizers.SGD(_RATE, momentum=0.9, nesterov=True, weight_decay=0.1),
        ),
    ],
    ids=["Adam", "AdamW", "Nesterov", "Nesterov with decay"],
)
def test_updates_as_keras(ours, theirs):
    left, right = _variables(), [keras.Variable(value) for value in _variables()]
    optimizer = ours(left)
    for step in range(6):
        optimizer.apply(_gradients(step), tf.constant(_RATE), tf.constant(step, tf.int64))
        theirs.apply(_gradients(step), right)
    for mine, other in zip(left, right, strict=True):
        np.testing.assert_allclose(mine, other.numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [Adam, Momentum])
def test_decay_spares_vectors(kind):
    bias, kernel = tf.Variable([1.0, 2.0]), tf.Variable([[1.0, 2.0]])
    optimizer = kind([bias, kernel], weight_decay=0.5)
    zeros = [tf.zeros_like(bias), tf.zeros_like(kernel)]
    optimizer.apply(zeros, tf.constant(0.1), tf.constant(0, tf.int64))
    np.testing.assert_array_equal(bias, [1, 2])
    np.testing.assert_allclose(kernel, [[0.95, 1.9]], rtol=1e-6)
