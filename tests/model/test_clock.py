import dataclasses
import time

import pytest
import tensorflow as tf

from model.clock import Clock
from model.recipes import RECIPES

RECIPE = dataclasses.replace(RECIPES["fast"], epochs=5)


def test_steps_tell_the_progress_where_there_is_no_budget():
    clock = Clock(RECIPE, steps=10)
    assert clock.progress(0) == pytest.approx(0.01)  # the middle of the first of 50
    assert clock.progress(25) == pytest.approx(0.51)
    assert clock.progress(60) == 1.0
    assert not clock.over()


def test_time_tells_the_progress_of_a_budget():
    clock = Clock(dataclasses.replace(RECIPE, time_budget=0.2), steps=10)
    clock.start()
    assert clock.progress(49) < 1.0 and not clock.over()
    time.sleep(0.25)
    assert clock.progress(0) == 1.0 and clock.over()


def test_time_goes_on_from_a_checkpoint(tmp_path):
    config = dataclasses.replace(RECIPE, time_budget=100.0)
    clock = Clock(config, steps=10)
    clock.start()
    time.sleep(0.05)
    clock.mark()
    path = tf.train.Checkpoint(clock=clock).save(str(tmp_path / "clock"))
    later = Clock(config, steps=10)
    tf.train.Checkpoint(clock=later).restore(path)
    later.start()
    assert clock.seconds() >= later.seconds() >= 0.05
