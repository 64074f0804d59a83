"""The networks layer by layer."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from model import layers, networks

# Name, output shape without the batch, parameters: as published.
_REFERENCE = [
    ("image", (48, 48, 1), 0),
    ("rescaling", (48, 48, 1), 0),
    ("conv2d", (48, 48, 32), 320),
    ("conv2d_1", (48, 48, 64), 18_496),
    ("batch_normalization", (48, 48, 64), 256),
    ("max_pooling2d", (24, 24, 64), 0),
    ("dropout", (24, 24, 64), 0),
    ("conv2d_2", (24, 24, 128), 73_856),
    ("conv2d_3", (22, 22, 256), 295_168),
    ("batch_normalization_1", (22, 22, 256), 1_024),
    ("max_pooling2d_1", (11, 11, 256), 0),
    ("dropout_1", (11, 11, 256), 0),
    ("flatten", (30_976,), 0),
    ("dense", (1_024,), 31_720_448),
    ("dropout_2", (1_024,), 0),
    ("dense_1", (7,), 7_175),
    ("softmax", (7,), 0),
]


@pytest.fixture(scope="module")
def reference() -> keras.Model:
    networks.build("fast")  # Must not shift the names.
    return networks.build("reference", l2=0.01)


@pytest.fixture(scope="module")
def fast() -> keras.Model:
    return networks.build("fast", seed=5)


@pytest.fixture
def images() -> tf.Tensor:
    values = np.random.default_rng(0).integers(0, 256, (3, 48, 48, 1), dtype=np.uint8)
    return tf.constant(values)


def test_reference_is_the_published_network(reference):
    table = [
        (layer.name, tuple(layer.output.shape[1:]), layer.count_params())
        for layer in reference.layers
    ]
    assert table == _REFERENCE
    assert reference.count_params() == 32_116_743
    assert sum(tf.size(v).numpy() for v in reference.trainable_variables) == 32_116_103


def test_reference_has_the_published_settings(reference):
    convolutions = [reference.get_layer(f"conv2d{end}") for end in ("", "_1", "_2", "_3")]
    assert [layer.padding for layer in convolutions] == ["same", "same", "same", "valid"]
    assert {layer.activation.__name__ for layer in convolutions} == {"relu"}
    penalties = [layer.kernel_regularizer for layer in convolutions]
    assert penalties[:2] == [None, None]
    assert [float(penalty.l2) for penalty in penalties[2:]] == pytest.approx([0.01, 0.01])
    assert [reference.get_layer(f"dropout{end}").rate for end in ("", "_1", "_2")] == [
        0.25,
        0.25,
        0.5,
    ]


def test_reference_input_is_bytes_and_output_probabilities(reference, images):
    assert reference.inputs[0].dtype == "uint8"
    probabilities = reference(images)
    assert probabilities.dtype == tf.float32
    np.testing.assert_allclose(tf.reduce_sum(probabilities, axis=1), 1, rtol=1e-5)


def test_fast_is_small(fast):
    assert fast.count_params() == 972_231
    assert fast.output.shape == (None, 7)


def test_no_penalty_no_regularizer():
    assert networks.build("fast", l2=0.0).losses == []


@pytest.mark.parametrize("seed, equal", [(5, True), (6, False)])
def test_seed_decides_the_weights(fast, seed, equal):
    other = networks.build("fast", seed=seed)
    kernels = [
        np.array_equal(left, right)
        for left, right in zip(fast.get_weights(), other.get_weights(), strict=True)
        if left.ndim > 1
    ]
    assert set(kernels) == {equal}


def test_kernels_of_one_network_differ(fast):
    first, second = fast.get_layer("conv2d_2").kernel, fast.get_layer("conv2d_3").kernel
    assert first.shape == second.shape
    assert not np.allclose(first, second)


def test_logits_share_the_weights(fast, images):
    logits = networks.logits_of(fast)
    np.testing.assert_allclose(tf.nn.softmax(logits(images)), fast(images), rtol=1e-5)
    assert logits.get_layer("conv2d").kernel is fast.get_layer("conv2d").kernel


def test_dropout_factor_zero_makes_training_repeatable(images):
    network = networks.build("fast", dropout=0.0)
    with layers.step_scope(layers.Step(tf.constant([0, 1]))):
        first = network(images, training=True)
    with layers.step_scope(layers.Step(tf.constant([0, 2]))):
        np.testing.assert_allclose(network(images, training=True), first, rtol=1e-5)


def test_mixed_precision_ends_in_float32(images):
    network = networks.build("fast", precision="mixed_bfloat16")
    assert network.get_layer("conv2d").compute_dtype == "bfloat16"
    assert {variable.dtype for variable in network.trainable_variables} == {"float32"}
    assert network.get_layer("dense").compute_dtype == "float32"
    assert network(images).dtype == tf.float32


def test_saved_network_answers_the_same(fast, images, tmp_path):
    fast.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded(images), fast(images), rtol=1e-6)


def test_exported_network_answers_the_same(fast, images, tmp_path):
    fast.export(tmp_path / "exported", verbose=False)
    loaded = tf.saved_model.load(str(tmp_path / "exported"))
    np.testing.assert_allclose(loaded.serve(images), fast(images), rtol=1e-5)


def test_unknown_network_names_the_known():
    with pytest.raises(ValueError, match="no network is called 'vgg'; there are reference, fast"):
        networks.build("vgg")
