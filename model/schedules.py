"""The learning rate as a function of how far the training has come."""

import math

import tensorflow as tf

from model.config import TrainConfig

_TINY = 1e-6  # of a run; a warm-up of 0 would divide by 0


def learning_rate(config: TrainConfig, step: tf.Tensor, progress: tf.Tensor) -> tf.Tensor:
    """Rate (float32 scalar) of a step.

    Args:
        step: Counted from 0.
        progress: Share of the run behind it, 0 to 1.
    """
    factor = FACTORS[config.schedule](config, tf.cast(step, tf.float32), progress)
    return config.learning_rate * factor


def _inverse_time(config: TrainConfig, step: tf.Tensor, progress: tf.Tensor) -> tf.Tensor:
    """As `decay` of the optimisers of Keras 2."""
    del progress
    return 1.0 / (1.0 + config.decay * step)


def _one_cycle(config: TrainConfig, step: tf.Tensor, progress: tf.Tensor) -> tf.Tensor:
    """Rises and falls in straight lines, to 0 at the end."""
    del step
    falling = (1.0 - progress) / (1.0 - config.warmup)
    return tf.minimum(_rising(config, progress), falling)


def _cosine(config: TrainConfig, step: tf.Tensor, progress: tf.Tensor) -> tf.Tensor:
    """Rises in a straight line, falls along half a cosine (Loshchilov and Hutter 2017)."""
    del step
    fallen = tf.maximum(progress - config.warmup, 0.0) / (1.0 - config.warmup)
    return tf.minimum(_rising(config, progress), 0.5 * (1.0 + tf.cos(math.pi * fallen)))


def _rising(config: TrainConfig, progress: tf.Tensor) -> tf.Tensor:
    return (progress + _TINY) / (config.warmup + _TINY)


FACTORS = {"inverse_time": _inverse_time, "one_cycle": _one_cycle, "cosine": _cosine}
# Those whose every value depends on the length of the whole run.
PLANNED = ("one_cycle", "cosine")
