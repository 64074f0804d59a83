"""Layers whose training step is fast, exact over unequal replicas, and can be replayed."""

import contextlib
import threading
from collections.abc import Iterator

import keras
import tensorflow as tf

_PACKAGE = "semblante"
_scope = threading.local()  # MirroredStrategy traces each replica in a thread of its own.


@contextlib.contextmanager
def random_scope(seed: tf.Tensor) -> Iterator[None]:
    """Gives the random layers called inside it the seed of this step, int32 [2].

    The same seed gives the same draws, so that a resumed run repeats an uninterrupted one.
    """
    previous = getattr(_scope, "seed", None)
    _scope.seed = seed
    try:
        yield
    finally:
        _scope.seed = previous


@keras.saving.register_keras_serializable(_PACKAGE)
class SeededDropout(keras.layers.Layer):
    """Dropout whose mask is a function of the seed of the enclosing `random_scope` alone.

    Keras's own draws from a counter in the layer, which under MirroredStrategy is the same in
    each replica and is no function of the step. `stream` sets apart the layers of one network.
    The rate is rounded to 1/256, which makes a mask cost a third of that of tf.nn.dropout.
    """

    def __init__(self, rate: float, stream: int, **kwargs):
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise ValueError(f"dropout rate {rate} is outside [0, 1)")
        self.rate = rate
        self.stream = stream
        self.built = True

    def call(self, inputs, training=False):
        """Zeroes a share `rate` of the inputs in training and scales up the rest."""
        if not training or self.rate == 0:
            return inputs
        seed = getattr(_scope, "seed", None)
        if seed is None:
            raise RuntimeError(f"layer {self.name!r} is trained outside a random_scope")
        dropped = max(1, round(self.rate * 256))  # of 256: a byte of randomness for each input.
        layer_seed = tf.random.experimental.stateless_fold_in(seed, self.stream)
        kept = tf.cast(_random_bytes(tf.shape(inputs), layer_seed) >= dropped, inputs.dtype)
        return inputs * (kept * tf.constant(256 / (256 - dropped), inputs.dtype))

    def compute_output_shape(self, input_shape):
        """The shape is the input's."""
        return input_shape

    def get_config(self) -> dict:
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

    def __init__(self, momentum: float = 0.99, epsilon: float = 1e-3, **kwargs):
        super().__init__(**kwargs)
        self.momentum = momentum
        self.epsilon = epsilon

    def build(self, input_shape):
        """Makes gamma, beta and the moving statistics, float32 [C]."""
        channels = (input_shape[-1],)
        self.gamma = self.add_weight(channels, "ones", name="gamma", autocast=False)
        self.beta = self.add_weight(channels, "zeros", name="beta", autocast=False)
        moving = {"trainable": False, "autocast": False, "aggregation": "only_first_replica"}
        self.moving_mean = self.add_weight(channels, "zeros", name="moving_mean", **moving)
        self.moving_variance = self.add_weight(channels, "ones", name="moving_variance", **moving)

    def call(self, inputs, training=False):
        """Normalises by the batch in training (and moves the statistics), else by these."""
        if not training:
            return self._fused(inputs, self.moving_mean.value, self.moving_variance.value)[0]
        if tf.distribute.get_strategy().num_replicas_in_sync == 1:
            outputs, mean, variance = self._fused_training(inputs)
        else:
            outputs, mean, variance = self._synchronized(inputs)
        self._move(self.moving_mean, mean)
        self._move(self.moving_variance, variance)
        return outputs

    def _fused(self, inputs, mean, variance):
        return tf.compat.v1.nn.fused_batch_norm(
            inputs,
            self.gamma.value,
            self.beta.value,
            mean,
            variance,
            epsilon=self.epsilon,
            is_training=False,
        )

    def _fused_training(self, inputs):
        outputs, mean, variance = tf.compat.v1.nn.fused_batch_norm(
            inputs, self.gamma.value, self.beta.value, epsilon=self.epsilon
        )
        # The kernel hands out the unbiased variance; Keras and the other branch move the biased.
        count = tf.cast(tf.reduce_prod(tf.shape(inputs)[:-1]), tf.float32)
        return outputs, mean, variance * (tf.maximum(count - 1.0, 1.0) / count)

    def _synchronized(self, inputs):
        add_up = _all_reduce_sum
        values = tf.cast(inputs, tf.float32)
        count = add_up(tf.cast(tf.reduce_prod(tf.shape(values)[:-1]), tf.float32))
        mean = add_up(tf.reduce_sum(values, axis=[0, 1, 2])) / count
        centered = values - mean
        # A second pass, because the difference of two large sums loses the small variances.
        variance = add_up(tf.reduce_sum(tf.square(centered), axis=[0, 1, 2])) / count
        scale = self.gamma.value * tf.math.rsqrt(variance + self.epsilon)
        outputs = centered * scale + self.beta.value
        return tf.cast(outputs, inputs.dtype), mean, variance

    def _move(self, moving, value):
        moving.assign(moving.value * self.momentum + value * (1.0 - self.momentum))

    def compute_output_shape(self, input_shape):
        """The shape is the input's."""
        return input_shape

    def get_config(self) -> dict:
        """What `from_config` needs to make the layer again."""
        return {**super().get_config(), "momentum": self.momentum, "epsilon": self.epsilon}


def _all_reduce_sum(value: tf.Tensor) -> tf.Tensor:
    context = tf.distribute.get_replica_context()
    return context.all_reduce(tf.distribute.ReduceOp.SUM, value)


@keras.saving.register_keras_serializable(_PACKAGE)
class Standardize(keras.layers.Layer):
    """Shifts each image to mean 0 and scales it by its deviation plus `floor` gray levels.

    The floor keeps the noise of a nearly constant image from being blown up to full contrast.
    Takes uint8 or float [B, 48, 48, 1] in gray levels 0-255, gives float32.
    """

    def __init__(self, floor: float = 8.0, **kwargs):
        kwargs["dtype"] = "float32"  # bfloat16 sums of 2304 pixels would be off by whole levels.
        super().__init__(**kwargs)
        self.floor = floor
        self.built = True

    def call(self, inputs):
        """(x - mean) / (deviation + floor), image by image."""
        images = tf.cast(inputs, tf.float32)
        mean, variance = tf.nn.moments(images, axes=[1, 2, 3], keepdims=True)
        return (images - mean) / (tf.sqrt(variance) + self.floor)

    def compute_output_shape(self, input_shape):
        """The shape is the input's."""
        return input_shape

    def get_config(self) -> dict:
        """What `from_config` needs to make the layer again."""
        return {**super().get_config(), "floor": self.floor}
