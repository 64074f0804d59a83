import keras
import numpy as np
import pytest

from model import calibration, metrics


@pytest.fixture
def honest(generator):
    """Probabilities [20000, 7] and labels that are drawn from them."""
    logits = generator.normal(size=(20_000, 7)) * 1.5
    probabilities = _softmax(logits)
    labels = (probabilities.cumsum(axis=1) > generator.random((20_000, 1))).argmax(axis=1)
    return probabilities, labels


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("boast", [0.5, 1.0, 3.0])
def test_finds_by_how_much_a_network_boasts(honest, boast):
    probabilities, labels = honest
    boasting = _softmax(np.log(probabilities) * boast)
    temperature = calibration.fit_temperature(boasting, labels)
    assert temperature == pytest.approx(boast, rel=0.05)
    cooled = _softmax(np.log(boasting) / temperature)
    assert metrics.calibration_error(cooled, labels) < 0.02


def test_a_network_that_is_sure_of_everything_is_survived():
    sure = np.eye(7)[np.arange(7)]
    assert calibration.fit_temperature(sure, (np.arange(7) + 1) % 7) == pytest.approx(5, rel=0.01)


def test_dividing_the_logits_changes_probabilities_alone(tiny_bundle, generator):
    from model import bundle

    network = bundle.load(str(tiny_bundle)).network()
    faces = generator.integers(0, 256, (9, 48, 48, 1), dtype=np.uint8)
    before = keras.ops.convert_to_numpy(network(faces))
    calibration.divide_logits(network, 2.0)
    after = keras.ops.convert_to_numpy(network(faces))
    np.testing.assert_allclose(after, _softmax(np.log(before) / 2), rtol=1e-3)
