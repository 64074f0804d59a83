"""From a trained network to its bundle."""

import dataclasses
import zipfile

import numpy as np
import pytest

from model import bundle, networks, shipping, training_run
from model.predictor import Predictor
from tfrecords import reading
from tfrecords.errors import JobError


@pytest.fixture
def shipped(make_dataset, tiny_config, one_replica, tmp_path):
    """Trains the tiny network, and returns its data set and bundle."""

    def train(**settings) -> tuple[str, bundle.Bundle]:
        dataset, output = make_dataset(train=280, test=70), str(tmp_path / "model")
        config = dataclasses.replace(tiny_config, epochs=6, **settings)
        training_run.run(dataset, output, config, one_replica)
        return dataset, bundle.load(output)

    return train


def test_figures_are_those_of_the_form_that_scores(shipped):
    dataset, model = shipped(evaluate_split="test")
    figures = model.info["metrics"]
    images, labels = next(reading.face_dataset(dataset, "test").batch(70).as_numpy_iterator())
    predicted = Predictor(model)(images).argmax(axis=1)
    assert figures["split"] == "test"
    assert figures["accuracy"] == pytest.approx(np.mean(predicted == labels))
    assert 0.2 < figures["temperature"] < 5
    assert model.info["inference"] in ("int8", "float16")
    assert model.info["training"]["examples"]["happy"] == 40
    assert model.info["training"]["seconds"] > 0


def test_without_a_split_to_look_at_nothing_is_measured(shipped):
    _, model = shipped()
    assert model.info["metrics"] == {}
    assert Predictor(model)(np.zeros((1, 48, 48, 1), np.uint8)).shape == (1, 7)


def test_weights_trained_in_bfloat16_are_stored_so(shipped):
    _, model = shipped(precision="bfloat16")
    kernel = model.network().get_layer("conv2d").kernel.numpy()
    assert not (kernel.view(np.uint32) & 0xFFFF).any()
    with zipfile.ZipFile(f"{model.path}/model.keras") as file:
        part = file.getinfo("model.weights.h5")
        assert part.compress_size < part.file_size


def test_form_that_loses_accuracy_is_not_taken(tiny_config, generator, monkeypatch):
    network = networks.build("tiny")
    images = generator.integers(0, 256, (64, 48, 48, 1), dtype=np.uint8)
    faces = shipping.Faces(images, network.predict(images, verbose=0).argmax(axis=1))
    other = networks.build("tiny", seed=9)
    monkeypatch.setattr(
        shipping.export, "to_int8", lambda network, faces: shipping.export.to_float16(other)
    )
    inference, probabilities = shipping._exported(network, faces, faces)
    np.testing.assert_allclose(Predictor(inference.content)(images), probabilities, atol=1e-5)


def test_network_that_has_diverged_is_not_shipped(make_dataset, tiny_config, tmp_path):
    network = networks.build("tiny")
    network.set_weights([weights * np.nan for weights in network.get_weights()])
    with pytest.raises(JobError, match="the network has diverged; try a lower --learning-rate"):
        shipping.ship(network, str(tmp_path / "m"), make_dataset(train=14), tiny_config, {})
