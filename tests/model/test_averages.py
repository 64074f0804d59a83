import numpy as np
import tensorflow as tf

from model.averages import Averages


def _after(steps, decay):
    average, variable = tf.Variable([0.0]), tf.Variable([1.0])
    averages = Averages([average], [variable], decay)
    for step in range(steps):
        averages.update(tf.constant(step))
    return average.numpy()[0]


def test_starts_fast():
    np.testing.assert_allclose(_after(1, 0.99), 1 - 0.1, rtol=1e-6)


def test_then_moves_by_its_decay():
    first, second = _after(2_000, 0.99), _after(2_001, 0.99)
    np.testing.assert_allclose(1 - second, (1 - first) * 0.99, rtol=0.2, atol=1e-6)
    assert _after(20, 0.5) > _after(20, 0.9) > 0.5
