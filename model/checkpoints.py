"""The checkpoints of a training run: enough to go on, and to know what one goes on with."""

import hashlib
import json
import os
import shutil

import tensorflow as tf

from model.config import TrainConfig
from tfrecords import manifest, storage
from tfrecords.errors import JobError

FOLDER = "checkpoints"
_RUN_FILE = "run.json"


def begin(output: str, config: TrainConfig, dataset: str) -> None:
    """Writes down what the run in `output` trains, before its first step."""
    os.makedirs(storage.join(output, FOLDER), exist_ok=True)
    run = {"config": config.to_dict(), "dataset": dataset, "dataset_digest": digest(dataset)}
    path = storage.join(output, FOLDER, _RUN_FILE)
    storage.write_atomically(path, json.dumps(run, indent=1, sort_keys=True) + "\n")


def exists(output: str) -> bool:
    """Whether an unfinished run lies in `output`."""
    return storage.exists(storage.join(output, FOLDER, _RUN_FILE))


def recorded_config(output: str) -> TrainConfig:
    """The config of the unfinished run in `output`."""
    return TrainConfig.from_dict(_read_run(output)["config"])


def check_same_run(output: str, config: TrainConfig, dataset: str) -> None:
    """Raises JobError, with both sides, unless the run in `output` is this one.

    The number of epochs is left to the caller: it says when to stop.
    """
    run = _read_run(output)
    differences = TrainConfig.from_dict(run["config"]).differences(config)
    differences = [each for each in differences if not each.startswith("epochs ")]
    if run["dataset_digest"] != digest(dataset):
        differences.append(f"data set {run['dataset']} / {dataset}, which has other content")
    if differences:
        raise JobError(
            f"the run in {output} was started with other settings (there / here): "
            f"{'; '.join(differences)}; resume with the same, or start anew with --overwrite"
        )


def digest(dataset: str) -> str:
    """A short digest of the manifest, which tells data sets of other content apart."""
    text = manifest.load(dataset).to_json()
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read_run(output: str) -> dict:
    path = storage.join(output, FOLDER, _RUN_FILE)
    try:
        with storage.open_file(path) as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise JobError(f"cannot read {path}: {error}; start anew with --overwrite") from error


class Checkpoints:
    """Keeps the newest end of an epoch and the newest state within one.

    The former stays when the latter is written, so that a run stopped in mid-epoch can be
    finished as it was after its last whole epoch.
    """

    def __init__(self, output: str, state: dict):
        self._checkpoint = tf.train.Checkpoint(**state)
        folder = storage.join(output, FOLDER)
        self._epochs = self._manager(storage.join(folder, "epoch"))
        self._steps = self._manager(storage.join(folder, "step"))

    def _manager(self, folder: str) -> tf.train.CheckpointManager:
        return tf.train.CheckpointManager(
            self._checkpoint, folder, max_to_keep=1, checkpoint_name="step"
        )

    def save(self, step: int, *, end_of_epoch: bool) -> None:
        """Writes the state; a checkpoint counts once its manager's index names it."""
        (self._epochs if end_of_epoch else self._steps).save(checkpoint_number=step)

    def restore(self, last_step: int) -> int:
        """Takes up the newest state at or before `last_step`; returns its step, 0 for none.

        Raises:
            JobError: all that is left is later than `last_step`.
        """
        found = {}
        for manager in (self._steps, self._epochs):
            path = manager.latest_checkpoint
            if path:
                found[int(path.rpartition("-")[2])] = path
        if not found:
            return 0
        usable = [step for step in found if step <= last_step]
        if not usable:
            raise JobError(
                f"the run is past the end asked for: its checkpoint is at step {min(found)}, "
                f"--epochs asks for {last_step} steps; ask for more epochs"
            )
        self._checkpoint.restore(found[max(usable)]).assert_consumed()
        return max(usable)


def remove(output: str) -> None:
    """Deletes the checkpoints of a run, finished or given up."""
    shutil.rmtree(storage.join(output, FOLDER), ignore_errors=True)
