import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from model.objective import Objective
from model.recipes import RECIPES

PLAIN = RECIPES["reference"]


@pytest.fixture
def batch(generator):
    """Logits float32 [5, 7] and targets that are sure of one label each."""
    return generator.normal(size=(5, 7)).astype(np.float32), np.eye(7, dtype=np.float32)[:5]


def test_plain_is_the_cross_entropy(batch):
    logits, targets = batch
    expected = -np.log(tf.nn.softmax(logits).numpy())[np.arange(5), np.arange(5)]
    np.testing.assert_allclose(Objective(PLAIN).losses(logits, targets), expected, rtol=1e-5)


def test_smoothing_spreads_a_share_over_all_labels(batch):
    logits, targets = batch
    smoothed = Objective(dataclasses.replace(PLAIN, label_smoothing=0.1)).losses(logits, targets)
    evenly = np.full((5, 7), 1 / 7, np.float32)
    plain = Objective(PLAIN)
    expected = 0.9 * plain.losses(logits, targets) + 0.1 * plain.losses(logits, evenly)
    np.testing.assert_allclose(smoothed, expected, rtol=1e-5)


def test_class_weights_scale_the_loss_of_their_label(batch):
    logits, targets = batch
    weights = (2.0, 1.0, 1.0, 0.5, 0.0, 1.0, 1.0)
    weighted = Objective(dataclasses.replace(PLAIN, class_weights=weights))
    expected = Objective(PLAIN).losses(logits, targets) * np.array(weights[:5])
    np.testing.assert_allclose(weighted.losses(logits, targets), expected, rtol=1e-5)


def test_labels_left_out_are_neither_learnt_nor_unlearnt(batch):
    logits, targets = batch
    taking_part = np.arange(7) < 5
    objective = Objective(dataclasses.replace(PLAIN, label_smoothing=0.1), taking_part)
    logits = tf.constant(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        losses = objective.losses(logits, targets)
    gradient = tape.gradient(losses, logits).numpy()
    assert np.isfinite(losses).all()
    assert not gradient[:, 5:].any() and gradient[:, :5].any(axis=1).all()
