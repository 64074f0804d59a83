"""Whole runs: to the end, stopped, killed, taken up again."""

import csv
import dataclasses
import logging
import os
import pathlib
import signal
import subprocess
import sys
import time

import keras
import numpy as np
import pytest
import tensorflow as tf

from model import bundle, checkpoints, history, training_run
from model.config import Augmentation
from model.trainer import Scores, Trainer
from tfrecords import codec, manifest, reading, records
from tfrecords.errors import JobError
from tfrecords.labels import LABELS


@pytest.fixture
def finished(monkeypatch):
    """What a run hands to the bundle, in place of writing one: its weights and its record."""
    results = {}

    def finish(trainer: Trainer, rows, output):
        trainer.stopping.restore_best()
        results[output] = trainer.result.get_weights(), rows
        checkpoints.remove(output)

    monkeypatch.setattr(training_run, "_finish", finish)
    return results


def _interrupt_at(monkeypatch, step: int, number: int = signal.SIGTERM) -> None:
    """Sends this process a signal in the middle of a step of the run."""
    take_step = Trainer.train_step

    def interrupted(self, iterator):
        if int(self.step) == step:
            os.kill(os.getpid(), number)
        return take_step.__get__(self, Trainer)(iterator)

    monkeypatch.setattr(Trainer, "train_step", interrupted)


def test_learns_and_logs_every_epoch(
    make_dataset, tiny_config, one_replica, tmp_path, finished, caplog
):
    dataset, output = make_dataset(train=64, validation=14), str(tmp_path / "out")
    config = dataclasses.replace(tiny_config, epochs=3, evaluate_split="validation")
    with caplog.at_level(logging.INFO):
        training_run.run(dataset, output, config, one_replica)
    with open(f"{output}/history.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert float(rows[-1]["train_loss"]) < float(rows[0]["train_loss"])
    assert all(float(row["validation_loss"]) > 0 for row in rows)
    assert "epoch 3/3 done: loss" in caplog.text


@pytest.mark.parametrize("step", [1, 4], ids=["first epoch", "second epoch"])
@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "adam"},
        {"optimizer": "momentum", "evaluate_split": "test", "patience": 1},
        {"optimizer": "muon", "ema": 0.5, "augmentation": Augmentation(mixup=0.2)},
    ],
    ids=lambda settings: settings["optimizer"],
)
def test_stopped_run_ends_as_an_uninterrupted_one(
    make_dataset, tiny_config, one_replica, tmp_path, finished, monkeypatch, step, settings
):
    dataset = make_dataset(train=80, test=7)  # Three steps an epoch, the last of 16.
    config = dataclasses.replace(tiny_config, **settings)
    whole, parts = str(tmp_path / "whole"), str(tmp_path / "parts")
    training_run.run(dataset, whole, config, one_replica)
    with monkeypatch.context() as patch, pytest.raises(JobError):
        _interrupt_at(patch, step)
        training_run.run(dataset, parts, config, one_replica)
    training_run.run(dataset, parts, config, one_replica, resume=True)
    (expected, expected_rows), (weights, rows) = finished[whole], finished[parts]
    for left, right in zip(expected, weights, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-7)
    for left, right in zip(expected_rows, rows, strict=True):
        assert left[:3] == pytest.approx(right[:3], rel=1e-5)


def test_stop_says_how_to_go_on(
    make_dataset, tiny_config, one_replica, tmp_path, finished, monkeypatch
):
    output = str(tmp_path / "out")
    _interrupt_at(monkeypatch, 4, signal.SIGINT)
    with pytest.raises(JobError) as stopped:
        training_run.run(make_dataset(train=80), output, tiny_config, one_replica)
    assert str(stopped.value) == (
        f"stopped by SIGINT after 1 whole epochs and 2 of 3 steps; a checkpoint is in {output}: "
        "go on with the same command and --resume, or with --resume --epochs 1 write the model "
        "as it was then"
    )


def test_signal_in_the_last_step_of_an_epoch_keeps_the_epoch(
    make_dataset, tiny_config, one_replica, tmp_path, finished, monkeypatch
):
    output = str(tmp_path / "out")
    _interrupt_at(monkeypatch, 2)
    with pytest.raises(JobError, match="after 1 whole epochs and 0 of 3 steps"):
        training_run.run(make_dataset(train=80), output, tiny_config, one_replica)
    assert [row.epoch for row in history.read(output)] == [1]


def test_handlers_are_given_back(make_dataset, tiny_config, one_replica, tmp_path, finished):
    before = signal.getsignal(signal.SIGTERM)
    training_run.run(make_dataset(train=32), str(tmp_path / "out"), tiny_config, one_replica)
    assert signal.getsignal(signal.SIGTERM) is before


def test_stopped_run_can_be_finished_at_its_last_whole_epoch(
    make_dataset, tiny_config, one_replica, tmp_path, finished, monkeypatch
):
    dataset, output, whole = make_dataset(train=80), str(tmp_path / "out"), str(tmp_path / "whole")
    config = dataclasses.replace(tiny_config, epochs=5)
    with monkeypatch.context() as patch, pytest.raises(JobError):
        _interrupt_at(patch, 7)
        training_run.run(dataset, output, config, one_replica)
    two = dataclasses.replace(config, epochs=2)
    training_run.run(dataset, output, two, one_replica, resume=True)
    training_run.run(dataset, whole, two, one_replica)
    assert [row.epoch for row in finished[output][1]] == [1, 2]
    for left, right in zip(finished[output][0], finished[whole][0], strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-5, atol=1e-7)


def test_planned_schedule_cannot_be_made_longer(
    make_dataset, tiny_config, one_replica, tmp_path, finished, monkeypatch
):
    dataset, output = make_dataset(train=80), str(tmp_path / "out")
    config = dataclasses.replace(tiny_config, schedule="one_cycle")
    _interrupt_at(monkeypatch, 4)
    with pytest.raises(JobError):
        training_run.run(dataset, output, config, one_replica)
    longer = dataclasses.replace(config, epochs=9)
    with pytest.raises(JobError, match="--epochs 9 is more than the 2 for which the run in"):
        training_run.run(dataset, output, longer, one_replica, resume=True)


def test_time_budget_takes_the_place_of_epochs(
    make_dataset, tiny_config, one_replica, tmp_path, finished
):
    output = str(tmp_path / "out")
    config = dataclasses.replace(tiny_config, schedule="one_cycle", time_budget=1.5)
    training_run.run(make_dataset(train=320), output, config, one_replica)
    rows = finished[output][1]
    assert rows[-1].learning_rate == pytest.approx(0, abs=1e-6)
    assert max(row.learning_rate for row in rows) > 0.001
    assert [row.epoch for row in rows] == list(range(1, len(rows) + 1))


def test_without_progress_it_stops_early_and_keeps_the_best(
    make_dataset, tiny_config, one_replica, tmp_path, finished, monkeypatch
):
    losses = iter([2.0, 1.0, 1.5, 1.2, 9.0])
    weights = []

    def scripted(self, split):
        weights.append(self.result.get_weights())
        return Scores(next(losses), 0.5)

    monkeypatch.setattr(Trainer, "evaluate", scripted)
    dataset, output = make_dataset(train=32, validation=7), str(tmp_path / "out")
    config = dataclasses.replace(tiny_config, epochs=9, evaluate_split="validation", patience=2)
    training_run.run(dataset, output, config, one_replica)
    assert [row.validation_loss for row in finished[output][1]] == [2.0, 1.0, 1.5, 1.2]
    for kept, best in zip(finished[output][0], weights[1], strict=True):
        np.testing.assert_array_equal(kept, best)


def test_fine_tuning_learns_three_labels_and_keeps_the_others(
    make_dataset, tiny_config, one_replica, tmp_path
):
    whole, own = make_dataset(train=280, test=70), make_dataset("own", train=140, test=28)
    first, second = str(tmp_path / "first"), str(tmp_path / "second")
    config = dataclasses.replace(tiny_config, epochs=10, evaluate_split="test")
    training_run.run(whole, first, config, one_replica)
    _keep_labels(own, 3)
    tuned = dataclasses.replace(config, epochs=3, init=first, freeze_statistics=True)
    training_run.run(own, second, tuned, one_replica)
    before, after = (bundle.load(path).network() for path in (first, second))
    statistics = [
        [variable.numpy() for variable in network.non_trainable_variables]
        for network in (before, after)
    ]
    for left, right in zip(*statistics, strict=True):
        np.testing.assert_array_equal(left, right)
    images, labels = next(reading.face_dataset(whole, "test").batch(70).as_numpy_iterator())
    kept = labels >= 3
    accuracy = [
        (network.predict(images, verbose=0).argmax(axis=1) == labels)[kept].mean()
        for network in (before, after)
    ]
    assert accuracy[0] > 0.9 and accuracy[1] > accuracy[0] - 0.2


def _keep_labels(dataset: str, count: int) -> None:
    """Leaves only the examples of the first labels in a data set."""
    content = manifest.load(dataset)
    shards, examples = {}, {}
    for split in content.splits():
        lengths = []
        for path in content.shard_paths(dataset, split):
            with open(path, "rb") as file:
                payloads = list(records.read_records(file))
            kept = [each for each in payloads if codec.decode(each).label < count]
            with open(path, "wb") as file:
                lengths.append(records.write_records(file, kept))
        shards[split] = lengths
        examples[split] = {
            label: number
            for label, number in content.examples[split].items()
            if label in LABELS[:count]
        }
    changed = dataclasses.replace(content, shards=shards, examples=examples)
    pathlib.Path(dataset, "dataset.json").write_text(changed.to_json())


def test_missing_shard_is_one_line(make_dataset, tiny_config, one_replica, tmp_path):
    dataset = make_dataset(train=40)
    os.remove(f"{dataset}/train-00001-of-00002.tfrecord")
    with pytest.raises(JobError, match=r"cannot read .*00001-of-00002.tfrecord.*convert it anew"):
        training_run.run(dataset, str(tmp_path / "out"), tiny_config, one_replica)


def test_damaged_shard_is_one_line(make_dataset, tiny_config, one_replica, tmp_path):
    dataset = make_dataset(train=40)
    path = pathlib.Path(dataset) / "train-00000-of-00002.tfrecord"
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(JobError, match="cannot read .*truncated record.*convert it anew"):
        training_run.run(dataset, str(tmp_path / "out"), tiny_config, one_replica)


def test_unwritable_output_is_one_line(make_dataset, tiny_config, one_replica, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match="cannot write to .*make room and go on with --resume"):
        training_run.run(
            make_dataset(train=32), str(tmp_path / "file" / "out"), tiny_config, one_replica
        )


def test_full_disk_is_one_line(
    make_dataset, tiny_config, one_replica, tmp_path, finished, monkeypatch
):
    output = str(tmp_path / "out")

    def save(self, step, *, end_of_epoch):
        raise tf.errors.ResourceExhaustedError(
            None, None, f"{{{{function_node f}}}} {output}/x; No space left on device [Op:SaveV2]"
        )

    monkeypatch.setattr(checkpoints.Checkpoints, "save", save)
    with pytest.raises(JobError) as failed:
        training_run.run(make_dataset(train=32), output, tiny_config, one_replica)
    assert str(failed.value) == (
        f"cannot write to {output}: {output}/x; No space left on device; "
        "make room and go on with --resume"
    )


def _weights(bundle: pathlib.Path) -> list[np.ndarray]:
    return keras.models.load_model(bundle / "model.keras").get_weights()


@pytest.mark.slow
def test_killed_run_ends_bit_by_bit_as_an_uninterrupted_one(make_dataset, tmp_path):
    dataset = make_dataset(train=200, validation=14)
    command = [sys.executable, "-m", "semblante", "train", dataset, "--network", "fast"]
    command += ["--epochs", "4", "--batch-size", "16", "--deterministic"]
    killed = [*command, "--output", str(tmp_path / "killed")]
    process = subprocess.Popen(killed, stderr=subprocess.PIPE)
    while not list((tmp_path / "killed").glob("checkpoints/epoch/step-26.index")):
        assert process.poll() is None, process.stderr.read().decode()
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    subprocess.run([*killed, "--resume"], check=True)
    subprocess.run([*command, "--output", str(tmp_path / "whole")], check=True)
    for left, right in zip(*map(_weights, (tmp_path / "killed", tmp_path / "whole")), strict=True):
        np.testing.assert_array_equal(left, right)


def test_tensorboard_events_hold_the_history(
    make_dataset, tiny_config, one_replica, tmp_path, finished
):
    output = tmp_path / "out"
    training_run.run(make_dataset(train=32), str(output), tiny_config, one_replica)
    (path,) = (output / "tensorboard").iterdir()
    events = [
        tf.compat.v1.Event.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(path))
    ]
    losses = {
        event.step: value.simple_value
        for event in events
        for value in event.summary.value
        if value.tag == "train_loss"
    }
    assert losses == pytest.approx(
        {row.epoch: row.train_loss for row in history.read(str(output))}, rel=1e-4
    )
