"""Batches, slices, order."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from model import input_pipeline
from model.config import Augmentation

MIXED = Augmentation(erase_px=8, mixup=0.2)


def _batches(dataset, config, first_step=0, steps=3, progress=0.1):
    batches = input_pipeline.train_batches(
        dataset, config, first_step=first_step, steps=steps, progress=progress
    )
    return [(images.numpy(), targets.numpy()) for images, targets in batches]


def _assert_equal(left, right):
    for (images, labels), (other_images, other_labels) in zip(left, right, strict=True):
        np.testing.assert_array_equal(images, other_images)
        np.testing.assert_array_equal(labels, other_labels)


@pytest.mark.parametrize("examples, batch, steps", [(70, 32, 3), (64, 32, 2), (1, 64, 1)])
def test_steps_per_epoch(examples, batch, steps):
    assert input_pipeline.steps_per_epoch(examples, batch) == steps


@pytest.mark.parametrize(
    "size, count, lengths",
    [(6, 2, [3, 3]), (7, 3, [2, 2, 3]), (1, 2, [0, 1]), (32, 5, [6, 6, 7, 6, 7])],
)
def test_slices_are_nearly_even_and_complete(size, count, lengths):
    batch = tf.range(size), tf.range(size) * 2
    parts = list(input_pipeline.slices(batch, count))
    assert [len(first) for first, _ in parts] == lengths
    np.testing.assert_array_equal(np.concatenate([first for first, _ in parts]), batch[0])
    np.testing.assert_array_equal(np.concatenate([second for _, second in parts]), batch[1])


def test_epoch_holds_every_example_once(make_dataset, tiny_config):
    batches = _batches(make_dataset(train=70), tiny_config)
    assert [images.shape for images, _ in batches] == [
        (32, 48, 48, 1),
        (32, 48, 48, 1),
        (6, 48, 48, 1),
    ]
    assert {images.dtype for images, _ in batches} == {np.dtype(np.uint8)}
    faces = np.concatenate([images for images, _ in batches])
    assert len({face.tobytes() for face in faces}) == 70


@pytest.mark.parametrize("augmentation", [None, Augmentation(), MIXED])
def test_rest_of_an_epoch_is_what_the_whole_one_ends_with(make_dataset, tiny_config, augmentation):
    dataset = make_dataset(train=70)
    config = dataclasses.replace(tiny_config, augmentation=augmentation)
    whole = _batches(dataset, config, first_step=3)
    _assert_equal(_batches(dataset, config, first_step=4), whole[1:])


def test_epochs_differ(make_dataset, tiny_config):
    dataset = make_dataset(train=70)
    first, second = (_batches(dataset, tiny_config, step)[0][0] for step in (0, 3))
    assert not np.array_equal(first, second)


def test_augmentation_differs_from_step_to_step(make_dataset, tiny_config):
    config = dataclasses.replace(tiny_config, augmentation=Augmentation(), batch_size=1)
    dataset = make_dataset(train=1)
    first, second = (_batches(dataset, config, step, steps=1)[0][0] for step in (0, 1))
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("augmentation", [None, Augmentation(), MIXED])
def test_replicas_together_see_what_one_would(make_dataset, tiny_config, augmentation):
    dataset = make_dataset(train=70)
    config = dataclasses.replace(tiny_config, augmentation=augmentation)
    parts = _batches(dataset, dataclasses.replace(config, replicas=3))
    joined = [
        tuple(np.concatenate(tensors) for tensors in zip(*parts[at : at + 3], strict=True))
        for at in range(0, len(parts), 3)
    ]
    _assert_equal(joined, _batches(dataset, config))


def test_targets_are_sure_of_the_label_where_images_are_not_mixed(make_dataset, tiny_config):
    for _, targets in _batches(make_dataset(train=70), tiny_config):
        assert targets.dtype == np.float32 and set(np.unique(targets)) == {0, 1}
        np.testing.assert_array_equal(targets.sum(axis=1), 1)


def test_images_are_mixed_until_late_in_the_run(make_dataset, tiny_config):
    dataset = make_dataset(train=70)
    config = dataclasses.replace(tiny_config, augmentation=MIXED)
    early, late = (_batches(dataset, config, progress=share)[0][1] for share in (0.74, 0.75))
    np.testing.assert_allclose(early.sum(axis=1), 1, rtol=1e-5)
    assert 0 < early.max(axis=1).min() < 1
    assert set(np.unique(late)) == {0, 1}


def test_evaluation_keeps_the_order_of_the_data_set(make_dataset):
    batches = list(input_pipeline.evaluation_batches(make_dataset(train=7, test=300), "test"))
    assert [len(labels) for _, labels in batches] == [256, 44]
    np.testing.assert_array_equal(batches[0][1][:4], [0, 2, 4, 6])  # The first of two shards.
