"""One step of training: the same over one replica and over two."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from model import input_pipeline, training_run
from model.config import OPTIMIZERS, Augmentation, Distillation
from model.predictions import predict
from model.trainer import Trainer
from tfrecords import codec, manifest, records
from tfrecords.labels import LABELS

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
    augmentation = Augmentation(erase_px=8, mixup=0.2)
    config = dataclasses.replace(
        tiny_config, dropout=0.0, optimizer="momentum", augmentation=augmentation, ema=0.9
    )
    dataset = make_dataset(train=examples)
    one = _trained(config, one_replica, dataset, examples)
    two = _trained(config, two_replicas, dataset, examples)
    names = [variable.path for variable in one.network.variables]
    assert any("moving_variance" in name for name in names)
    for name, left, right in zip(
        names, one.network.get_weights(), two.network.get_weights(), strict=True
    ):
        np.testing.assert_allclose(left, right, err_msg=name, **_TOLERANCE)
    for left, right in zip(one.result.get_weights(), two.result.get_weights(), strict=True):
        np.testing.assert_allclose(left, right, **_TOLERANCE)
    np.testing.assert_allclose(one.epoch_scores(), two.epoch_scores(), rtol=1e-4)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_replicas_stay_equal(make_dataset, tiny_config, two_replicas, optimizer):
    config = dataclasses.replace(tiny_config, optimizer=optimizer, weight_decay=0.1)
    trainer = _trained(config, two_replicas, make_dataset(train=70), 70)
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


def test_moving_average_is_what_is_measured(make_dataset, tiny_config, one_replica):
    dataset = make_dataset(train=70, test=9)
    config = dataclasses.replace(tiny_config, ema=0.9)
    trainer = _trained(config, one_replica, dataset, 70)
    probabilities, targets = predict(trainer.result, dataset, "test")
    assert trainer.evaluate("test").accuracy == np.mean(probabilities.argmax(1) == targets)
    kernels = [
        each.get_layer("conv2d").kernel.numpy() for each in (trainer.network, trainer.result)
    ]
    assert not np.array_equal(*kernels)


def test_teacher_takes_the_place_of_the_labels(make_dataset, tiny_config, one_replica, tmp_path):
    dataset, blind = make_dataset(train=280, test=40), make_dataset("blind", train=280)
    config = dataclasses.replace(tiny_config, epochs=10)
    training_run.run(dataset, str(tmp_path / "teacher"), config, one_replica)
    teaching = Distillation((str(tmp_path / "teacher"),), share=1.0)
    _mix_up_labels(blind)
    config = dataclasses.replace(config, distillation=teaching)
    student = _trained(config, one_replica, blind, 280, epochs=10)
    student.dataset = dataset
    assert student.evaluate("test").accuracy > 0.8


def _mix_up_labels(dataset: str) -> None:
    """Gives every training example another label than its own."""
    for path in manifest.load(dataset).shard_paths(dataset, "train"):
        with open(path, "rb") as file:
            examples = [codec.decode(payload) for payload in records.read_records(file)]
        wrong = [each._replace(label=(each.label + 3) % len(LABELS)) for each in examples]
        with open(path, "wb") as file:
            records.write_records(file, map(codec.encode, wrong))
