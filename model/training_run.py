"""One training from its start, or from where it was killed, to the finished bundle."""

import contextlib
import dataclasses
import logging
import re
import signal
import time
from collections.abc import Iterator
from types import FrameType

import tensorflow as tf

from model import checkpoints, history, input_pipeline, run_record, schedules
from model.config import TrainConfig
from model.history import EpochRow
from model.predictions import predict
from model.progress import Progress
from model.trainer import Trainer
from tfrecords import reading
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
    last_epoch = config.epochs
    with _failures(dataset, output):
        if resume:
            config = _as_begun(output, config, dataset)
        else:
            run_record.begin(output, config, dataset)
        trainer = Trainer(config, strategy, dataset, steps)
        keeper = checkpoints.Checkpoints(output, trainer.state())
        done = keeper.restore(last_epoch * steps) if resume else 0
        log = history.History(output, done // steps)
        if done:
            _logger.info("resumed after %d whole epochs and %d steps", *divmod(done, steps))
        with _interruptions() as interruption:
            _Loop(trainer, keeper, log, examples, output, interruption).train(last_epoch)
        _finish(trainer, log.rows, output)


def _as_begun(output: str, config: TrainConfig, dataset: str) -> TrainConfig:
    """The config with the epochs the run began with, which its learning rate may depend on."""
    run_record.check_same_run(output, config, dataset)
    planned = run_record.recorded_config(output).epochs
    if config.schedule in schedules.PLANNED and config.epochs > planned:
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

    def train(self, last_epoch: int) -> None:
        """Goes on to the end of epoch `last_epoch`."""
        progress = Progress(last_epoch, self.examples)
        for epoch in range(int(self.trainer.step) // self.trainer.steps, last_epoch):
            first = int(self.trainer.step) % self.trainer.steps
            if not first:
                self.trainer.start_epoch()
            started = time.monotonic()
            self._train_epoch(epoch + 1, first, progress)
            images = self.examples - self._examples_at(first)
            row = self._row(epoch + 1, images, time.monotonic() - started)
            self.log.add(row)  # Before the checkpoint, by which a resumed run drops later rows.
            self.keeper.save(int(self.trainer.step), end_of_epoch=True)
            progress.end_epoch(row)
            if self.interruption.signal_name and epoch + 1 < last_epoch:
                self._stop(epoch + 1)

    def _train_epoch(self, epoch: int, first: int, progress: Progress) -> None:
        progress.start_epoch(epoch, self._examples_at(first))
        batches = self.trainer.rest_of_epoch()
        for step in range(first + 1, self.trainer.steps + 1):
            self.trainer.train_step(batches)
            if self.interruption.signal_name and step < self.trainer.steps:
                self.keeper.save(int(self.trainer.step), end_of_epoch=False)
                self._stop(epoch - 1)
            progress.show(self._examples_at(step), self.trainer.epoch_scores)

    def _stop(self, epochs_done: int) -> None:
        now = f", or with --resume --epochs {epochs_done} write the model as it was then"
        raise JobError(
            f"stopped by {self.interruption.signal_name} after {epochs_done} whole epochs and "
            f"{int(self.trainer.step) % self.trainer.steps} of {self.trainer.steps} steps; a "
            f"checkpoint is in {self.output}: go on with the same command and --resume"
            f"{now if epochs_done else ''}"
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
    """Measures the network, writes the bundle, and only then lets go of the checkpoints."""
    from model import bundle, metrics  # They load plotting, which training must not wait for.

    network = trainer.float32_network()
    split, measured = trainer.config.evaluate_split, {}
    if split:  # Measures what is shipped, which computes in float32.
        predicted = predict(tf.function(network), trainer.dataset, split)
        try:
            measured = {"split": split, **metrics.summarize(*predicted)}
        except ValueError as error:
            raise JobError(f"no model was written: {error}; try a lower --learning-rate") from error
    training = {
        "epochs": int(trainer.step) // trainer.steps,
        "examples": reading.count(trainer.dataset, "train"),
        "dataset_digest": run_record.digest(trainer.dataset),
        "history": [row._asdict() for row in rows],
    }
    bundle.save(output, network, config=trainer.config, metrics=measured, training=training)
    checkpoints.remove(output)
    _logger.info("wrote the model to %s", output)
