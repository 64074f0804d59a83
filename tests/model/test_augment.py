"""The random changes to training images."""

import numpy as np
import pytest
import tensorflow as tf

from model.augment import augment, mixup
from model.config import Augmentation

_NOTHING = Augmentation(flip=False, rotation_degrees=0.0, zoom=0.0, shift_px=0.0)
_SEED = tf.constant([0, 1])


def _only(**ranges) -> Augmentation:
    values = {"flip": False, "rotation_degrees": 0.0, "zoom": 0.0, "shift_px": 0.0, **ranges}
    return Augmentation(**values)


def _disc(count: int, row: int = 24, column: int = 24, radius: int = 8) -> np.ndarray:
    """Bright discs on black, uint8 [count, 48, 48, 1]."""
    rows, columns = np.mgrid[:48, :48]
    disc = (rows - row) ** 2 + (columns - column) ** 2 <= radius**2
    return np.repeat((disc * 255).astype(np.uint8)[None, :, :, None], count, axis=0)


def _centers(images: tf.Tensor) -> np.ndarray:
    """Centres of mass [n, (row, column)]."""
    weights = images.numpy()[..., 0].astype(np.float64)
    grid = np.mgrid[:48, :48]
    return np.einsum("nij,kij->nk", weights, grid) / weights.sum(axis=(1, 2))[:, None]


def test_empty_ranges_change_nothing(face):
    images = tf.constant(np.stack([face, face[::-1]]))
    np.testing.assert_array_equal(augment(images, _SEED, _NOTHING), images)


def test_flips_about_half(face):
    images = tf.constant(np.repeat(face[None], 200, axis=0))
    changed = augment(images, _SEED, _only(flip=True)).numpy()
    flipped = np.all(changed == face[:, ::-1], axis=(1, 2, 3))
    same = np.all(changed == face, axis=(1, 2, 3))
    assert np.all(flipped ^ same)
    assert 70 < flipped.sum() < 130


def test_shifts_within_the_range():
    centers = _centers(augment(_disc(300), _SEED, _only(shift_px=3.0)))
    offsets = centers - 24
    assert np.abs(offsets).max() == pytest.approx(3, abs=0.2)
    assert np.abs(offsets).max() < 3.05
    assert np.abs(np.corrcoef(offsets.T)[0, 1]) < 0.2


def test_turns_about_the_center_within_the_range():
    centers = _centers(augment(_disc(300, row=10, radius=5), _SEED, _only(rotation_degrees=30.0)))
    offsets = centers - 23.5
    angles = np.degrees(np.arctan2(offsets[:, 1], -offsets[:, 0]))
    assert angles.min() == pytest.approx(-28, abs=3)
    assert angles.max() == pytest.approx(32, abs=3)
    np.testing.assert_allclose(np.hypot(*offsets.T), np.hypot(13.5, 0.5), atol=0.4)


def test_zooms_within_the_range():
    areas = (augment(_disc(300), _SEED, _only(zoom=0.2)).numpy() / 255).sum(axis=(1, 2, 3))
    scales = np.sqrt(areas / (_disc(1) / 255).sum())
    assert scales.min() == pytest.approx(0.8, abs=0.03)
    assert scales.max() == pytest.approx(1.2, abs=0.03)


def test_edges_are_repeated():
    images = tf.constant(np.full((20, 48, 48, 1), 77, np.uint8))
    np.testing.assert_array_equal(augment(images, _SEED, Augmentation()), images)


def test_is_a_function_of_the_seed(face):
    images = tf.constant(np.repeat(face[None], 8, axis=0))
    first = augment(images, _SEED, Augmentation())
    np.testing.assert_array_equal(augment(images, _SEED, Augmentation()), first)
    other = augment(images, tf.constant([0, 2]), Augmentation())
    assert not np.array_equal(other, first)
    assert len({image.tobytes() for image in first.numpy()}) == 8


def test_same_inside_a_data_pipeline(face):
    images = tf.constant(np.repeat(face[None], 8, axis=0))
    (mapped,) = tf.data.Dataset.from_tensors(images).map(
        lambda batch: augment(batch, _SEED, Augmentation())
    )
    np.testing.assert_array_equal(mapped, augment(images, _SEED, Augmentation()))


def test_blur_smooths_by_a_strength_of_its_own_for_each_image():
    changed = augment(_disc(50), _SEED, _only(blur=1.0)).numpy().astype(float)
    assert changed.sum(axis=(1, 2, 3)) == pytest.approx(_disc(50).sum(axis=(1, 2, 3)), rel=0.01)
    edges = changed[:, 24, 24 + 9, 0]  # just outside the disc
    assert edges.min() < 20 < 45 < edges.max() < 128


def test_blur_repeats_the_edge():
    bright = np.full((3, 48, 48, 1), 255, np.uint8)
    np.testing.assert_array_equal(augment(bright, _SEED, _only(blur=1.0)), bright)


def test_noise_has_a_strength_of_its_own_for_each_image():
    gray = np.full((60, 48, 48, 1), 128, np.uint8)
    deviations = augment(gray, _SEED, _only(noise=20.0)).numpy().std(axis=(1, 2, 3))
    assert deviations.min() < 3 and 17 < deviations.max() < 20.5


def test_erased_square_is_gray_and_of_its_size():
    black = np.zeros((100, 48, 48, 1), np.uint8)
    erased = (augment(black, _SEED, _only(erase_px=12)).numpy() == 128).sum(axis=(1, 2, 3))
    assert erased.max() == 12 * 12
    assert 0 < erased.min() < 12 * 12  # part of it lies outside


def test_mixup_blends_neighbours_and_their_targets():
    images = np.zeros((64, 48, 48, 1), np.uint8)
    images[::2] = 200
    targets = np.eye(7, dtype=np.float32)[np.arange(64) % 2]
    mixed, blended = mixup(tf.constant(images), tf.constant(targets), _SEED, 0.2)
    shares = blended.numpy()[:, 0]
    np.testing.assert_allclose(mixed.numpy()[:, 5, 5, 0], 200 * shares, atol=0.51)
    np.testing.assert_allclose(blended.numpy().sum(axis=1), 1, rtol=1e-6)
    assert ((shares[::2] >= 0.5) & (shares[::2] <= 1)).all()  # the image itself stays stronger
    assert len(np.unique(shares)) > 20
