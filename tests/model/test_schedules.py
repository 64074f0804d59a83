"""The learning rate over a run."""

import dataclasses
import math

import pytest

from model import config, schedules
from model.recipes import RECIPES


def _rates(recipe, *progress, step=0):
    return [float(schedules.learning_rate(recipe, step, each)) for each in progress]


@pytest.fixture
def recipe():
    return dataclasses.replace(RECIPES["fast"], learning_rate=1.0, warmup=0.2)


def test_inverse_time_is_that_of_keras_2():
    recipe = dataclasses.replace(RECIPES["reference"], learning_rate=1e-3, decay=0.1)
    rates = [_rates(recipe, 0.5, step=step)[0] for step in (0, 1, 10)]
    assert rates == pytest.approx([1e-3, 1e-3 / 1.1, 5e-4])


def test_one_cycle_rises_and_falls_in_straight_lines_to_zero(recipe):
    rates = _rates(recipe, 0.1, 0.2, 0.6, 0.9, 1.0)
    assert rates == pytest.approx([0.5, 1, 0.5, 0.125, 0], abs=1e-4)


def test_cosine_falls_slowly_at_both_ends(recipe):
    recipe = dataclasses.replace(recipe, schedule="cosine")
    rates = _rates(recipe, 0.1, 0.2, 0.4, 0.6, 1.0)
    expected = [0.5, 1, (1 + math.cos(math.pi / 4)) / 2, 0.5, 0]
    assert rates == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("schedule", ["one_cycle", "cosine"])
def test_without_warmup_the_first_rate_is_the_highest(recipe, schedule):
    recipe = dataclasses.replace(recipe, schedule=schedule, warmup=0.0)
    assert _rates(recipe, 0.0) == pytest.approx([1.0])


def test_every_schedule_has_a_name():
    assert set(schedules.FACTORS) == set(config.SCHEDULES)
