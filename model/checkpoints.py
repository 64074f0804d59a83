"""The states of a training run from which it can go on."""

import shutil

import tensorflow as tf

from model.run_record import FOLDER
from tfrecords import storage
from tfrecords.errors import JobError


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
    """Deletes the states and the record of a run, finished or given up."""
    shutil.rmtree(storage.join(output, FOLDER), ignore_errors=True)
