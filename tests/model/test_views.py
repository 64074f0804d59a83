import numpy as np
import pytest

from model import views


@pytest.fixture
def faces(generator):
    return generator.integers(0, 256, (3, 48, 48, 1), dtype=np.uint8)


@pytest.mark.parametrize("kind, count", [("plain", 1), ("flip", 2), ("ten", 10)])
def test_number_of_views(faces, kind, count):
    shown = list(views.views(faces, kind))
    assert len({view.tobytes() for view in shown}) == count
    assert {(view.shape, view.dtype) for view in shown} == {((3, 48, 48, 1), np.dtype(np.uint8))}
    np.testing.assert_array_equal(shown[0], faces)


def test_shift_repeats_the_edge(faces):
    moved = views.shift(faces, 2, -1)
    np.testing.assert_array_equal(moved[:, 2:, :-1], faces[:, :-2, 1:])
    np.testing.assert_array_equal(moved[:, 0, :-1], faces[:, 0, 1:])
    np.testing.assert_array_equal(moved[:, 2:, -1], faces[:, :-2, -1])


def test_mean_over_the_views(faces):
    def left_half(shown):
        return shown[:, :, :24].mean(axis=(1, 2, 3))[:, None]

    np.testing.assert_allclose(
        views.averaged(left_half, "flip")(faces)[:, 0], faces.mean(axis=(1, 2, 3))
    )
