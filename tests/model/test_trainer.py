"""One step of training: the same over one replica and over two."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from model import input_pipeline
from model.predictions import predict
from model.trainer import Trainer

_TOLERANCE = {"rtol": 2e-4, "atol": 2e-6}


def _trained(config, strategy, dataset, examples, epochs=1):
    config = dataclasses.replace(config, replicas=strategy.num_replicas_in_sync)
    steps = input_pipeline.steps_per_epoch(examples, config.batch_size)
    trainer = Trainer(config, strategy, dataset, steps)
    for _ in range(epochs):
        trainer.start_epoch()
        batches = trainer.rest_of_epoch()
        for _ in range(steps):
            trainer.train_step(batches)
    return trainer


@pytest.mark.parametrize(
    "examples", [70, 33], ids=["last batch of 6", "last batch of 1: one replica gets nothing"]
)
def test_two_replicas_train_as_one(make_dataset, tiny_config, one_replica, two_replicas, examples):
    # Momentum, not Adam: Adam divides by the root of tiny squares and so magnifies rounding.
    config = dataclasses.replace(tiny_config, dropout=0.0, optimizer="momentum")
    dataset = make_dataset(train=examples)
    one = _trained(config, one_replica, dataset, examples)
    two = _trained(config, two_replicas, dataset, examples)
    names = [variable.path for variable in one.network.variables]
    assert any("moving_variance" in name for name in names)
    for name, left, right in zip(
        names, one.network.get_weights(), two.network.get_weights(), strict=True
    ):
        np.testing.assert_allclose(left, right, err_msg=name, **_TOLERANCE)
    np.testing.assert_allclose(one.epoch_scores(), two.epoch_scores(), rtol=1e-4)


def test_replicas_stay_equal(make_dataset, tiny_config, two_replicas):
    trainer = _trained(tiny_config, two_replicas, make_dataset(train=70), 70)
    for variable in trainer.network.variables:
        first, second = two_replicas.experimental_local_results(variable.value)
        np.testing.assert_array_equal(first, second, err_msg=variable.path)


def test_penalty_counts_once(make_dataset, tiny_config, one_replica, two_replicas):
    config = dataclasses.replace(tiny_config, dropout=0.0, l2=0.5, optimizer="momentum")
    dataset = make_dataset(train=16)
    weights = [
        _trained(config, strategy, dataset, 16).network.get_weights()
        for strategy in (one_replica, two_replicas)
    ]
    for left, right in zip(*weights, strict=True):
        np.testing.assert_allclose(left, right, **_TOLERANCE)


@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_learns_in_every_precision(make_dataset, tiny_config, one_replica, precision):
    config = dataclasses.replace(tiny_config, precision=precision, epochs=8)
    dataset = make_dataset(train=96, test=40)
    trainer = _trained(config, one_replica, dataset, 96, epochs=1)
    first = trainer.epoch_scores()
    trainer = _trained(config, one_replica, dataset, 96, epochs=8)
    assert trainer.epoch_scores().loss < first.loss / 2
    assert trainer.epoch_scores().accuracy > first.accuracy


def test_evaluates_loss_and_accuracy(make_dataset, tiny_config, one_replica):
    dataset = make_dataset(train=32, test=9)
    trainer = _trained(tiny_config, one_replica, dataset, 32)
    probabilities, targets = predict(trainer.network, dataset, "test")
    scores = trainer.evaluate("test")
    assert scores.accuracy == pytest.approx(np.mean(probabilities.argmax(1) == targets))
    assert scores.loss == pytest.approx(-np.log(probabilities[np.arange(9), targets]).mean())


def test_float32_copy_answers_like_the_network(make_dataset, tiny_config, one_replica):
    trainer = _trained(tiny_config, one_replica, make_dataset(train=32), 32)
    images = tf.constant(np.arange(2 * 48 * 48).reshape(2, 48, 48, 1) % 256, tf.uint8)
    expected = trainer.network(images, training=False)
    np.testing.assert_allclose(trainer.float32_network()(images), expected, rtol=1e-5)


def test_same_seed_gives_the_same_training(make_dataset, tiny_config, one_replica):
    dataset = make_dataset(train=40)
    runs = [_trained(tiny_config, one_replica, dataset, 40).network.get_weights() for _ in "ab"]
    other = dataclasses.replace(tiny_config, seed=1)
    different = _trained(other, one_replica, dataset, 40).network.get_weights()
    for left, right in zip(*runs, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-6)
    assert not np.allclose(runs[0][0], different[0])
