"""One training from its start, or from where it was killed, to the finished bundle."""

import contextlib
import dataclasses
import logging
import math
import re
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType
from typing import Any

import tensorflow as tf

from model import bundle, checkpoints, history, input_pipeline, run_record, schedules, shipping
from model.config import TrainConfig
from model.history import EpochRow
from model.progress import Progress
from model.trainer import Trainer
from tfrecords import manifest, reading
from tfrecords.errors import JobError

_logger = logging.getLogger(__name__)


def run(
    dataset: str,
    output: str,
    config: TrainConfig,
    strategy: tf.distribute.Strategy,
    *,
    resume: bool = False,
) -> None:
    """Trains to the end of epoch `config.epochs` and writes the bundle to `output`.

    Raises:
        JobError: SIGTERM or SIGINT came, and a checkpoint was written; the run in `output` is
            another one than asked for; the data set cannot be read or `output` not written.
    """
    examples = reading.count(dataset, "train")
    steps = input_pipeline.steps_per_epoch(examples, config.batch_size)
    last_step = steps * config.epochs if config.time_budget is None else sys.maxsize
    with _failures(dataset, output):
        if resume:
            config = _as_begun(output, config, dataset)
        else:
            run_record.begin(output, config, dataset)
        trainer = Trainer(config, strategy, dataset, steps)
        keeper = checkpoints.Checkpoints(output, trainer.state())
        done = keeper.restore(last_step) if resume else 0
        log = history.History(output, math.ceil(done / steps))
        if done:
            _logger.info("resumed after %d whole epochs and %d steps", *divmod(done, steps))
        with _interruptions() as interruption:
            _Loop(trainer, keeper, log, examples, output, interruption).train(last_step)
        _finish(trainer, log.rows, output)


def _as_begun(output: str, config: TrainConfig, dataset: str) -> TrainConfig:
    """The config with the epochs the run began with, which its learning rate may depend on."""
    run_record.check_same_run(output, config, dataset)
    planned = run_record.recorded_config(output).epochs
    needs_plan = config.schedule in schedules.PLANNED and config.time_budget is None
    if needs_plan and config.epochs > planned:
        raise JobError(
            f"--epochs {config.epochs} is more than the {planned} for which the run in {output} "
            "planned its learning rate; resume with fewer, or start anew with --overwrite"
        )
    return dataclasses.replace(config, epochs=planned)


@contextlib.contextmanager
def _failures(dataset: str, output: str) -> Iterator[None]:
    """Turns what can go wrong outside this software into one line."""
    try:
        yield
    except (tf.errors.NotFoundError, tf.errors.DataLossError) as error:
        raise JobError(f"cannot read {dataset}: {_gist(error)}; convert it anew") from error
    except (tf.errors.ResourceExhaustedError, OSError) as error:
        message = _gist(error) if isinstance(error, tf.errors.OpError) else error
        raise JobError(
            f"cannot write to {output}: {message}; make room and go on with --resume"
        ) from error


def _gist(error: tf.errors.OpError) -> str:
    """The line that says what happened; the others say where in the graph and the Python code."""
    places = ("Graph execution error", "Detected at ", "<stack traces", "\t", " ")
    lines = str(error.message).splitlines()
    line = next((line for line in lines if line and not line.startswith(places)), lines[0])
    return re.sub(r"^\{\{.*?\}\} | \[Op:\w+\]$", "", line)


@dataclasses.dataclass
class _Interruption:
    """Set by a signal, looked at after each step."""

    signal_name: str | None = None


@contextlib.contextmanager
def _interruptions() -> Iterator[_Interruption]:
    """Turns SIGTERM and SIGINT into a note, so that the step under way is finished."""
    interruption = _Interruption()

    def note(number: int, frame: FrameType | None) -> None:
        interruption.signal_name = signal.Signals(number).name

    numbers = (signal.SIGTERM, signal.SIGINT)
    previous = [signal.signal(number, note) for number in numbers]
    try:
        yield interruption
    finally:
        for number, handler in zip(numbers, previous, strict=True):
            signal.signal(number, handler)


@dataclasses.dataclass
class _Loop:
    """Trains epoch by epoch, with a checkpoint and a row of the history after each."""

    trainer: Trainer
    keeper: checkpoints.Checkpoints
    log: history.History
    examples: int  # in an epoch
    output: str
    interruption: _Interruption

    def train(self, last_step: int) -> None:
        """Goes on to `last_step`, or to the end of the time budget."""
        self.trainer.clock.start()
        progress = Progress(self._epochs(last_step), self.examples)
        while not (self._over(last_step) or self.trainer.stopping.over()):
            epoch, first = divmod(int(self.trainer.step), self.trainer.steps)
            if not first:
                self.trainer.start_epoch()
            started = time.monotonic()
            images = self._train_epoch(epoch + 1, first, last_step, progress)
            row = self._row(epoch + 1, images, time.monotonic() - started)
            if row.validation_loss is not None:
                self.trainer.stopping.update(row.validation_loss)
            self.log.add(row)  # Before the checkpoint, by which a resumed run drops later rows.
            self._save(end_of_epoch=True)
            progress.end_epoch(row)
            if self.interruption.signal_name and not self._over(last_step):
                self._stop()

    def _over(self, last_step: int) -> bool:
        return int(self.trainer.step) >= last_step or self.trainer.clock.over()

    def _epochs(self, last_step: int) -> int | None:
        return None if last_step == sys.maxsize else last_step // self.trainer.steps

    def _train_epoch(self, epoch: int, first: int, last_step: int, progress: Progress) -> int:
        """Trains to the end of the epoch or of the budget; returns the number of images seen."""
        progress.start_epoch(epoch, self._examples_at(first))
        batches = self.trainer.rest_of_epoch()
        for step in range(first + 1, self.trainer.steps + 1):
            self.trainer.train_step(batches)
            if self._over(last_step):
                break
            if self.interruption.signal_name and step < self.trainer.steps:
                self._save(end_of_epoch=False)
                self._stop()
            progress.show(self._examples_at(step), self.trainer.epoch_scores)
        return self._examples_at(step) - self._examples_at(first)

    def _save(self, *, end_of_epoch: bool) -> None:
        self.trainer.clock.mark()
        self.keeper.save(int(self.trainer.step), end_of_epoch=end_of_epoch)

    def _stop(self) -> None:
        epochs, steps = divmod(int(self.trainer.step), self.trainer.steps)
        now = f", or with --resume --epochs {epochs} write the model as it was then"
        raise JobError(
            f"stopped by {self.interruption.signal_name} after {epochs} whole epochs and "
            f"{steps} of {self.trainer.steps} steps; a checkpoint is in {self.output}: go on with "
            f"the same command and --resume{now if epochs else ''}"
        )

    def _examples_at(self, step: int) -> int:
        return min(step * self.trainer.config.batch_size, self.examples)

    def _row(self, epoch: int, images: int, seconds: float) -> EpochRow:
        trained, split = self.trainer.epoch_scores(), self.trainer.config.evaluate_split
        measured = self.trainer.evaluate(split) if split else None
        return EpochRow(
            epoch=epoch,
            train_loss=trained.loss,
            train_accuracy=trained.accuracy,
            validation_loss=measured.loss if measured else None,
            validation_accuracy=measured.accuracy if measured else None,
            images_per_second=images / seconds,
            seconds=seconds,
            learning_rate=self.trainer.learning_rate(),
        )


def _finish(trainer: Trainer, rows: list[EpochRow], output: str) -> None:
    """Writes the bundle, and only then lets go of the checkpoints."""
    trainer.stopping.restore_best()
    training = {
        "epochs": int(trainer.step) / trainer.steps,
        "seconds": trainer.clock.seconds(),
        "examples": manifest.load(trainer.dataset).examples["train"],
        "dataset_digest": run_record.digest(trainer.dataset),
        **_origins(trainer.config),
        "history": [row._asdict() for row in rows],
    }
    shipping.ship(trainer.float32_network(), output, trainer.dataset, trainer.config, training)
    checkpoints.remove(output)
    _logger.info("wrote the model to %s", output)


def _origins(config: TrainConfig) -> dict[str, Any]:
    """The identities of the models that a run has learnt from."""
    origins: dict[str, Any] = {}
    if config.init:
        origins["origin"] = bundle.load(config.init).model_id
    if config.distillation:
        origins["teachers"] = [bundle.load(each).model_id for each in config.distillation.teachers]
    return origins
