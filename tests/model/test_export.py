"""The inference form answers as the network does."""

import numpy as np
import pytest

from model import export, networks
from model.predictor import Predictor


@pytest.fixture(scope="module")
def fast():
    return networks.build("fast", seed=1)


@pytest.fixture(scope="module")
def faces():
    """uint8 [128, 48, 48, 1]: smooth, of many brightnesses, one of them constant."""
    generator = np.random.default_rng(5)
    coarse = generator.integers(0, 256, (128, 6, 6, 1), dtype=np.uint8)
    faces = coarse.repeat(8, axis=1).repeat(8, axis=2)
    faces[0] = 7
    return faces


def test_float16_form_computes_the_same(fast, faces):
    inference = export.to_float16(fast)
    expected = fast.predict(faces, verbose=0)
    assert inference.form == "float16"
    np.testing.assert_allclose(Predictor(inference.content)(faces), expected, atol=2e-3)


def test_int8_form_computes_nearly_the_same_in_a_quarter_of_the_space(fast, faces):
    inference = export.to_int8(fast, faces[:64])
    expected = fast.predict(faces, verbose=0)
    got = Predictor(inference.content)(faces)
    assert inference.form == "int8"
    assert len(inference.content) < 0.3 * 4 * fast.count_params()
    assert np.abs(got - expected).mean() < 0.01
    assert (got.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.9
