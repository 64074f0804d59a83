import numpy as np
import pytest

from model import robustness
from tfrecords.drawn_faces import draw_face


@pytest.fixture(scope="module")
def faces():
    generator = np.random.default_rng(3)
    return np.stack([draw_face("happy", generator) for _ in range(4)])


@pytest.mark.parametrize("change", robustness.CHANGES, ids=lambda each: f"{each[0]} {each[1]}")
def test_changes_faces_and_does_so_again(faces, change):
    changed = change.apply(faces)
    assert changed.shape == faces.shape and changed.dtype == np.uint8
    assert not np.array_equal(changed, faces)
    np.testing.assert_array_equal(changed, change.apply(faces))


def apply(name, strength, faces):
    (change,) = [each for each in robustness.CHANGES if each[:2] == (name, strength)]
    return change.apply(faces)


def test_scale_keeps_the_centre(faces):
    spot = np.zeros((1, 48, 48, 1), np.uint8)
    spot[0, 14:34, 14:34] = 255  # 20 pixels wide
    for factor in (0.85, 1.15):
        scaled = apply("scale", factor, spot)[0, :, :, 0] / 255
        assert scaled.sum() == pytest.approx((20 * factor) ** 2, rel=0.01)
        np.testing.assert_allclose(scaled, scaled[::-1, ::-1], atol=0.02)


def test_rotation_turns_about_the_centre():
    bar = np.zeros((1, 48, 48, 1), np.uint8)
    bar[0, 23:25] = 255
    turned = apply("rotation", 20, bar)[0, :, :, 0]
    rows = turned[:, 14].argmax(), turned[:, 33].argmax()
    assert abs(rows[0] - rows[1]) == pytest.approx(19 * np.tan(np.deg2rad(20)), abs=1)
    assert np.mean(rows) == pytest.approx(23.5, abs=0.5)


def test_brightness(faces):
    np.testing.assert_array_equal(apply("brightness", 0.5, faces), np.round(faces * 0.5))


def test_classifier_sees_the_changed_faces(faces):
    change = robustness.CHANGES[0]
    seen = robustness.changed(lambda shown: shown, change)(faces)
    np.testing.assert_array_equal(seen, change.apply(faces))
