"""Dynamic loss scaling."""

import pytest
import tensorflow as tf

from model import loss_scale
from model.loss_scale import LossScale


def _factor(scale: LossScale) -> float:
    return float(scale.scale(tf.constant(1.0)))


def test_off_changes_nothing():
    scale = LossScale(dynamic=False)
    infinite = [tf.constant(float("inf"))]
    assert _factor(scale) == 1.0
    assert scale.unscale(infinite) is infinite
    assert bool(scale.all_finite(infinite))


def test_unscale_undoes_scale():
    scale = LossScale(dynamic=True)
    assert _factor(scale) == 2.0**15
    assert float(scale.unscale([scale.scale(tf.constant(3.0))])[0]) == 3.0


@pytest.mark.parametrize("bad", [float("inf"), float("nan")])
def test_one_overflow_anywhere_is_found(bad):
    scale = LossScale(dynamic=True)
    assert bool(scale.all_finite([tf.ones([2])]))
    assert not bool(scale.all_finite([tf.ones([2]), tf.constant([[1.0, bad]])]))


@pytest.mark.parametrize("finite", [True, False])
def test_applies_only_finite_gradients(finite):
    scale, applied = LossScale(dynamic=True), tf.Variable(0)

    @tf.function
    def step(finite):
        scale.when(finite, lambda: applied.assign_add(1))

    step(tf.constant(finite))
    assert int(applied) == int(finite)


def test_overflow_halves_down_to_one():
    scale = LossScale(dynamic=True)
    scale.update(tf.constant(False))
    assert _factor(scale) == 2.0**14
    for _ in range(20):
        scale.update(tf.constant(False))
    assert _factor(scale) == 1.0


def test_grows_after_many_finite_steps(monkeypatch):
    monkeypatch.setattr(loss_scale, "_GROWTH_STEPS", 3)
    scale = LossScale(dynamic=True)
    for finite in (True, True, False, True, True, True):
        scale.update(tf.constant(finite))
    assert _factor(scale) == 2.0**15  # Halved once, doubled once.
