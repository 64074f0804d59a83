import concurrent.futures
import weakref

import numpy as np
import pytest

from model import bundle
from model.predictor import Predictor


@pytest.fixture(scope="module")
def loaded(tiny_bundle):
    return bundle.load(str(tiny_bundle))


@pytest.fixture
def faces(generator):
    return generator.integers(0, 256, (11, 48, 48, 1), dtype=np.uint8)


@pytest.mark.parametrize("batch_size", [1, 4, 11, 64])
def test_result_does_not_depend_on_the_batch(loaded, faces, batch_size):
    whole = Predictor(loaded, len(faces))(faces)
    np.testing.assert_allclose(Predictor(loaded, batch_size)(faces), whole, atol=1e-5)


def test_no_faces(loaded):
    got = Predictor(loaded)(np.empty((0, 48, 48, 1), np.uint8))
    assert got.shape == (0, 7) and got.dtype == np.float32


def test_threads_share_it(loaded, faces):
    predictor = Predictor(loaded, 4)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = list(pool.map(predictor, [faces] * 8))
    for result in results:
        np.testing.assert_array_equal(result, results[0])


def test_beam_may_hold_it_weakly(loaded):
    predictor = Predictor(loaded)
    assert weakref.ref(predictor)() is predictor


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 48, 48), np.uint8), np.zeros((2, 48, 48, 1), np.float32)]
)
def test_other_arrays_are_refused(loaded, wrong):
    with pytest.raises(ValueError, match=r"expected uint8 \[n, 48, 48, 1\]"):
        Predictor(loaded)(wrong)
