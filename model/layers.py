"""Layers whose training step is fast, exact over unequal replicas, and can be replayed."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import tensorflow as tf

_PACKAGE = "semblante"


class Step(NamedTuple):
    """What the layers need to know of the training step they are in."""

    seed: tf.Tensor  # int32 [2]; the same seed gives the same random draws
    present: tf.Tensor | float = 1.0  # 0.0 where this replica's slice is made up, as it got none
    freeze_statistics: bool = False  # whether normalisation uses its moving statistics


_scope = threading.local()  # MirroredStrategy traces each replica in a thread of its own.


@contextlib.contextmanager
def step_scope(step: Step) -> Iterator[None]:
    """Tells the layers called inside it of their step."""
    previous = _current_step()
    _scope.step = step
    try:
        yield
    finally:
        _scope.step = previous


def _current_step() -> Step | None:
    return getattr(_scope, "step", None)


@keras.saving.register_keras_serializable(_PACKAGE)
class SeededDropout(keras.layers.Layer):
    """Dropout whose mask is a function of the seed of the enclosing `step_scope` alone.

    Keras's own draws from a counter in the layer, which under MirroredStrategy is the same in
    each replica and is no function of the step. `stream` sets apart the layers of one network.
    The rate is rounded to 1/256, which makes a mask cost a third of that of tf.nn.dropout.
    """

    def __init__(self, rate: float, stream: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"dropout rate {rate} is outside [0, 1)")
        self.rate = rate
        self.stream = stream
        self.built = True

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Zeroes a share `rate` of the inputs in training and scales up the rest."""
        if not training or self.rate == 0:
            return inputs
        step = _current_step()
        if step is None:
            raise RuntimeError(f"layer {self.name!r} is trained outside a step_scope")
        dropped = max(1, round(self.rate * 256))  # of 256: a byte of randomness for each input.
        layer_seed = tf.random.experimental.stateless_fold_in(step.seed, self.stream)
        kept = tf.cast(_random_bytes(tf.shape(inputs), layer_seed) >= dropped, inputs.dtype)
        return inputs * (kept * tf.constant(256 / (256 - dropped), inputs.dtype))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The shape is the input's."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs to make the layer again."""
        return {**super().get_config(), "rate": self.rate, "stream": self.stream}


def _random_bytes(shape: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """uint8 of `shape`, four drawn at a time."""
    size = tf.reduce_prod(shape)
    words = tf.random.stateless_uniform(
        [(size + 3) // 4], seed, minval=None, maxval=None, dtype=tf.int32, alg="philox"
    )
    return tf.reshape(tf.reshape(tf.bitcast(words, tf.uint8), [-1])[:size], shape)


@keras.saving.register_keras_serializable(_PACKAGE)
class BatchNormalization(keras.layers.Layer):
    """Batch normalisation of [B, H, W, C] over the global batch, with float32 statistics.

    Equal to keras.layers.BatchNormalization with its defaults, and faster: one replica uses
    TensorFlow's fused kernel, which takes bfloat16 as it is where Keras first casts to float32.
    Several replicas add up sums and counts, so that slices of unequal length weigh right.
    """

    def __init__(self, momentum: float = 0.99, epsilon: float = 1e-3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, input_shape: tuple) -> None:
        """Makes gamma, beta and the moving statistics, float32 [C]."""
        channels = (input_shape[-1],)
        self.gamma = self.add_weight(channels, "ones", name="gamma", autocast=False)
        self.beta = self.add_weight(channels, "zeros", name="beta", autocast=False)
        moving = {"trainable": False, "autocast": False, "aggregation": "only_first_replica"}
        self.moving_mean = self.add_weight(channels, "zeros", name="moving_mean", **moving)
        self.moving_variance = self.add_weight(channels, "ones", name="moving_variance", **moving)

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Normalises by the batch in training (and moves the statistics), else by these."""
        step = _current_step()
        if not training or (step and step.freeze_statistics):
            return self._fused(inputs, self.moving_mean.value, self.moving_variance.value)[0]
        if tf.distribute.get_strategy().num_replicas_in_sync == 1:
            outputs, mean, variance = self._fused_training(inputs)
        else:
            outputs, mean, variance = self._synchronized(inputs)
        self._move(self.moving_mean, mean)
        self._move(self.moving_variance, variance)
        return outputs

    def _fused(self, inputs: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor) -> tuple:
        return tf.compat.v1.nn.fused_batch_norm(
            inputs,
            self.gamma.value,
            self.beta.value,
            mean,
            variance,
            epsilon=self.epsilon,
            is_training=False,
        )

    def _fused_training(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma.value, self.beta.value, epsilon=self.epsilon
        )
        # The kernel hands out the unbiased variance; Keras and the other branch move the biased.
        count = _count(inputs)
        return outputs, mean, variance * (tf.maximum(count - 1.0, 1.0) / count)

    def _synchronized(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        step = _current_step()
        present = step.present if step else 1.0

        def total(values: tf.Tensor) -> tf.Tensor:
            """Sum over the examples of all replicas, the made-up ones left out."""
            return _all_reduce_sum(present * tf.reduce_sum(values, axis=[0, 1, 2]))

        values = tf.cast(inputs, tf.float32)
        count = _all_reduce_sum(present * _count(values))
        mean = total(values) / count
        centered = values - mean
        # A second pass, because the difference of two large sums loses the small variances.
        variance = total(tf.square(centered)) / count
        scale = self.gamma.value * tf.math.rsqrt(variance + self.epsilon)
        outputs = centered * scale + self.beta.value
        return tf.cast(outputs, inputs.dtype), mean, variance

    def _move(self, moving: keras.Variable, value: tf.Tensor) -> None:
        moving.assign(moving.value * self.momentum + value * (1.0 - self.momentum))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The shape is the input's."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs to make the layer again."""
        return {**super().get_config(), "momentum": self.momentum, "epsilon": self.epsilon}


def _count(values: tf.Tensor) -> tf.Tensor:
    """The number of values of each channel, float32."""
    return tf.cast(tf.reduce_prod(tf.shape(values)[:-1]), tf.float32)


def _all_reduce_sum(value: tf.Tensor) -> tf.Tensor:
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)


@keras.saving.register_keras_serializable(_PACKAGE)
class Standardize(keras.layers.Layer):
    """Shifts each image to mean 0 and scales it by its deviation plus `floor` gray levels.

    The floor keeps the noise of a nearly constant image from being blown up to full contrast.
    Takes uint8 or float [B, 48, 48, 1] in gray levels 0-255, gives float32.
    """

    def __init__(self, floor: float = 8.0, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"  # bfloat16 sums of 2304 pixels would be off by whole levels.
        super().__init__(**kwargs)
        self.floor = floor
        self.built = True

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        """(x - mean) / (deviation + floor), image by image."""
        images = tf.cast(inputs, tf.float32)
        mean, variance = tf.nn.moments(images, axes=[1, 2, 3], keepdims=True)
        return (images - mean) / (tf.sqrt(variance) + self.floor)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """The shape is the input's."""
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """What `from_config` needs to make the layer again."""
        return {**super().get_config(), "floor": self.floor}
