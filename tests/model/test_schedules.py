"""The learning rate, step by step."""

import dataclasses

import pytest

from model import schedules
from model.config import RECIPES


def _rates(config, total, steps):
    return [float(schedules.learning_rate(config, step, total)) for step in steps]


def test_inverse_time_is_that_of_keras_2():
    config = dataclasses.replace(RECIPES["reference"], learning_rate=1e-3, decay=0.1)
    assert _rates(config, 100, [0, 1, 10]) == pytest.approx([1e-3, 1e-3 / 1.1, 5e-4])


def test_one_cycle_rises_and_falls_to_zero():
    config = dataclasses.replace(RECIPES["fast"], learning_rate=1.0, warmup=0.2)
    rates = _rates(config, 10, range(10))
    assert rates == pytest.approx([0.5, 1, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125])


def test_one_cycle_of_a_single_step_trains():
    config = dataclasses.replace(RECIPES["fast"], learning_rate=1.0)
    assert _rates(config, 1, [0]) == [1.0]
