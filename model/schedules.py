"""The learning rate as a function of the step."""

import tensorflow as tf

from model.config import TrainConfig

# Schedules whose every value depends on the length of the whole run.
PLANNED = ("one_cycle",)


def learning_rate(config: TrainConfig, step: tf.Tensor, total: int) -> tf.Tensor:
    """Rate (float32 scalar) of a step counted from 0, in a run of `total` steps."""
    step = tf.cast(step, tf.float32)
    if config.schedule == "inverse_time":  # As `decay` of the optimisers of Keras 2.
        return config.learning_rate / (1.0 + config.decay * step)
    warmup = config.warmup * total
    rising = (step + 1.0) / max(warmup, 1.0)
    falling = (total - step) / max(total - warmup, 1.0)
    return config.learning_rate * tf.minimum(tf.minimum(rising, falling), 1.0)
