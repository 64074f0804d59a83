"""The course of a training: `history.csv` and TensorBoard logs, a row an epoch."""

import csv
import io
import os
import shutil
from typing import NamedTuple

import tensorflow as tf

from tfrecords import storage

FILE_NAME = "history.csv"
_LOGS = "tensorboard"


class EpochRow(NamedTuple):
    """One epoch; validation is what `--evaluate-split` names, None without."""

    epoch: int  # from 1
    train_loss: float
    train_accuracy: float  # while learning: with dropout and augmentation
    validation_loss: float | None
    validation_accuracy: float | None
    images_per_second: float
    seconds: float  # training alone, without measuring and checkpoints
    learning_rate: float  # at the end of the epoch


class History:
    """Writes the rows of one run; a resumed run keeps those of the epochs it does not repeat."""

    def __init__(self, output: str, epochs_done: int):
        self._path = storage.join(output, FILE_NAME)
        self.rows = [row for row in read(output) if row.epoch <= epochs_done]
        self._writer = tf.summary.create_file_writer(storage.join(output, _LOGS))

    def add(self, row: EpochRow) -> None:
        """Appends an epoch to both logs."""
        self.rows.append(row)
        text = io.StringIO()
        table = csv.writer(text, lineterminator="\n")
        table.writerow(EpochRow._fields)
        table.writerows(
            ["" if value is None else _rounded(value) for value in each] for each in self.rows
        )
        storage.write_atomically(self._path, text.getvalue())
        self._log(row)

    def _log(self, row: EpochRow) -> None:
        for name, value in row._asdict().items():
            if name != "epoch" and value is not None:
                # tf.summary.scalar needs the tensorboard package; its own op does not.
                tf.raw_ops.WriteScalarSummary(
                    writer=self._writer._resource,
                    step=tf.constant(row.epoch, tf.int64),
                    tag=name,
                    value=float(value),
                )
        self._writer.flush()


def read(output: str) -> list[EpochRow]:
    """The rows of `history.csv`; none where there is no such file."""
    path = storage.join(output, FILE_NAME)
    if not storage.exists(path):
        return []
    with storage.open_file(path, "r") as file:
        return [_parse(row) for row in csv.DictReader(file)]


def remove(output: str) -> None:
    """Deletes both logs."""
    if storage.exists(path := storage.join(output, FILE_NAME)):
        os.remove(path)
    shutil.rmtree(storage.join(output, _LOGS), ignore_errors=True)


def _rounded(value: float) -> float:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _parse(row: dict[str, str]) -> EpochRow:
    values = {name: float(text) if text else None for name, text in row.items()}
    return EpochRow(**{**values, "epoch": int(row["epoch"])})  # type: ignore[arg-type]
