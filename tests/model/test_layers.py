"""The layers beside Keras's own, and over several replicas."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from model import layers


def _values(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(2.0, 3.0, shape).astype(np.float32)


def _built(layer: keras.layers.Layer, channels: int = 4) -> keras.layers.Layer:
    layer.build((None, 5, 5, channels))
    layer.gamma.assign(np.linspace(0.5, 2, channels))
    layer.beta.assign(np.linspace(-1, 1, channels))
    return layer


class TestBatchNormalization:
    def test_trains_as_keras(self):
        ours, theirs = (
            _built(layers.BatchNormalization()),
            _built(keras.layers.BatchNormalization()),
        )
        for seed in range(3):
            values = tf.constant(_values(6, 5, 5, 4, seed=seed))
            pairs = [_differentiated(layer, values) for layer in (ours, theirs)]
            outputs, gradients = zip(*pairs, strict=True)
            np.testing.assert_allclose(*outputs, rtol=1e-4, atol=1e-5)
            for left, right in zip(*gradients, strict=True):
                np.testing.assert_allclose(left, right, rtol=1e-3, atol=1e-4)
        np.testing.assert_allclose(ours.moving_mean, theirs.moving_mean, rtol=1e-5)
        np.testing.assert_allclose(ours.moving_variance, theirs.moving_variance, rtol=1e-5)

    def test_infers_as_keras(self):
        ours, theirs = (
            _built(layers.BatchNormalization()),
            _built(keras.layers.BatchNormalization()),
        )
        for layer in (ours, theirs):
            layer.moving_mean.assign([1, 2, 3, 4])
            layer.moving_variance.assign([4, 3, 2, 1])
        values = _values(2, 5, 5, 4)
        np.testing.assert_allclose(ours(values), theirs(values), rtol=1e-5, atol=1e-5)

    def test_inference_leaves_the_statistics(self):
        layer = _built(layers.BatchNormalization())
        layer(_values(2, 5, 5, 4), training=False)
        np.testing.assert_array_equal(layer.moving_mean, [0, 0, 0, 0])

    def test_bfloat16_in_and_out_with_float32_statistics(self):
        layer = _built(layers.BatchNormalization(dtype="mixed_bfloat16"))
        values = tf.cast(_values(8, 5, 5, 4), tf.bfloat16)
        outputs = layer(values, training=True)
        assert outputs.dtype == tf.bfloat16
        assert layer.moving_mean.dtype == "float32"
        expected = 0.01 * tf.reduce_mean(tf.cast(values, tf.float32), axis=[0, 1, 2])
        np.testing.assert_allclose(layer.moving_mean, expected, rtol=1e-5)

    @pytest.mark.parametrize("lengths", [(5, 4), (8, 1), (9, 0)])
    def test_replicas_with_unequal_slices_agree_with_one(self, two_replicas, lengths):
        values = _values(9, 5, 5, 4)
        slices = np.split(values, [lengths[0]])
        present = [float(len(each) > 0) for each in slices]
        slices = [each if len(each) else _values(1, 5, 5, 4, seed=9) for each in slices]
        outputs, gradients, layer = _mirrored(two_replicas, slices, present)
        single = _built(layers.BatchNormalization())
        expected, expected_gradients = _differentiated(single, tf.constant(values))
        np.testing.assert_allclose(np.concatenate(outputs)[:9], expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(
            np.concatenate(gradients)[:9], expected_gradients[0], rtol=1e-3, atol=1e-4
        )
        np.testing.assert_allclose(layer.moving_mean, single.moving_mean, rtol=1e-5)
        np.testing.assert_allclose(layer.moving_variance, single.moving_variance, rtol=1e-5)


def _differentiated(layer, values):
    """Outputs in training and the gradients of a loss by the input, gamma and beta."""
    with tf.GradientTape() as tape:
        tape.watch(values)
        outputs = layer(values, training=True)
        loss = tf.reduce_sum(outputs**3)
    return outputs, tape.gradient(loss, [values, layer.gamma.value, layer.beta.value])


def _mirrored(strategy, slices, present):
    """Outputs, gradients by the input, and the layer, of one step with a slice a replica."""
    with strategy.scope():
        layer = _built(layers.BatchNormalization())

    def step(values, present):
        with (
            layers.step_scope(layers.Step(tf.constant([0, 0]), present)),
            tf.GradientTape() as tape,
        ):
            tape.watch(values)
            outputs = layer(values, training=True)
            loss = present * tf.reduce_sum(outputs**3)
        return outputs, tape.gradient(loss, values)

    def distribute(values):
        return strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(values[context.replica_id_in_sync_group])
        )

    run = tf.function(lambda *arguments: strategy.run(step, arguments))
    results = run(distribute(slices), distribute(present))
    return *(strategy.experimental_local_results(each) for each in results), layer


class TestSeededDropout:
    def _drop(self, seed, *, rate=0.25, stream=0, count=200_000):
        layer = layers.SeededDropout(rate, stream)
        with layers.step_scope(layers.Step(tf.constant([7, seed]))):
            return layer(tf.ones([count]), training=True).numpy()

    @pytest.mark.parametrize("rate", [0.1, 0.25, 0.5])
    def test_drops_the_share_and_keeps_the_mean(self, rate):
        outputs = self._drop(1, rate=rate)
        assert np.mean(outputs == 0) == pytest.approx(rate, abs=0.005)
        assert outputs.mean() == pytest.approx(1.0, abs=0.01)
        assert len(np.unique(outputs)) == 2

    def test_is_a_function_of_seed_and_stream(self):
        first = self._drop(1)
        np.testing.assert_array_equal(self._drop(1), first)
        for other in (self._drop(2), self._drop(1, stream=1)):
            assert np.mean((other == 0) & (first == 0)) == pytest.approx(1 / 16, abs=0.005)

    def test_size_that_is_no_multiple_of_four(self):
        assert self._drop(1, count=7).shape == (7,)

    def test_does_nothing_outside_training(self):
        values = tf.range(5.0)
        np.testing.assert_array_equal(layers.SeededDropout(0.5, 0)(values), values)

    def test_refuses_to_train_without_a_seed(self):
        with pytest.raises(RuntimeError, match="layer 'drop' is trained outside a step_scope"):
            layers.SeededDropout(0.5, 0, name="drop")(tf.ones([3]), training=True)

    @pytest.mark.parametrize("rate", [-0.1, 1.0])
    def test_refuses_impossible_rates(self, rate):
        with pytest.raises(ValueError, match=rf"dropout rate {rate} is outside \[0, 1\)"):
            layers.SeededDropout(rate, 0)


class TestStandardize:
    def test_mean_and_deviation(self, face):
        outputs = layers.Standardize()(face[None]).numpy()
        pixels = face.astype(np.float64)
        expected = (pixels - pixels.mean()) / (pixels.std() + 8)
        np.testing.assert_allclose(outputs[0], expected, atol=1e-4)

    def test_constant_image_is_zero(self):
        outputs = layers.Standardize()(np.full((1, 48, 48, 1), 200, np.uint8))
        np.testing.assert_array_equal(outputs, np.zeros((1, 48, 48, 1)))


@pytest.mark.parametrize(
    "layer",
    [
        layers.SeededDropout(0.3, 4, name="a"),
        layers.BatchNormalization(momentum=0.9, epsilon=0.1, name="b"),
        layers.Standardize(floor=3.0, name="c"),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_config_makes_the_layer_again(layer):
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()
