"""One training from start, or from where it was killed, to the finished bundle."""

import contextlib
import dataclasses
import logging
import signal
import time
from collections.abc import Iterator

from model import checkpoints, history, input_pipeline, schedules
from model.config import TrainConfig
from model.history import EpochRow
from model.progress import Progress
from model.trainer import Trainer
from tfrecords import reading
from tfrecords.errors import JobError

_logger = logging.getLogger(__name__)


def run(dataset: str, output: str, config: TrainConfig, strategy, *, resume: bool) -> None:
    """Trains `config.epochs` epochs in all and writes the bundle to `output`.

    Raises:
        JobError: SIGTERM or SIGINT came, and a checkpoint was written; or the run in `output`
            is another one than asked for.
    """
    examples = reading.count(dataset, "train")
    steps = input_pipeline.steps_per_epoch(examples, config.batch_size)
    stop_epoch = config.epochs
    if resume:
        config = _resumed_config(output, config, dataset)
    else:
        checkpoints.begin(output, config, dataset)
    trainer = Trainer(config, strategy, dataset, steps)
    keeper = checkpoints.Checkpoints(output, trainer.state())
    done = keeper.restore(stop_epoch * steps) if resume else None
    if done:
        _logger.info("resumed at epoch %d, step %d of %d", done // steps + 1, done % steps, steps)
    loop = _Loop(trainer, keeper, history.History(output, (done or 0) // steps), examples)
    with _interruptions() as interruption:
        loop.train(stop_epoch, interruption, output)
    _finish(trainer, loop.log.rows, output, stop_epoch)


def _resumed_config(output: str, config: TrainConfig, dataset: str) -> TrainConfig:
    """The config the run began with, whose number of epochs a planned schedule depends on."""
    checkpoints.check_same_run(output, config, dataset)
    planned = checkpoints.recorded_config(output).epochs
    if config.schedule in schedules.PLANNED and config.epochs > planned:
        raise JobError(
            f"--epochs {config.epochs} is more than the {planned} for which the run in {output} "
            "planned its learning rate; resume with fewer, or start anew with --overwrite"
        )
    return dataclasses.replace(config, epochs=planned)


@dataclasses.dataclass
class _Interruption:
    """Set by a signal, looked at after each step."""

    signal_name: str | None = None


@contextlib.contextmanager
def _interruptions() -> Iterator[_Interruption]:
    """Turns SIGTERM and SIGINT into a note, so that the step under way is finished."""
    interruption = _Interruption()

    def note(number, frame):
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
    examples: int

    def train(self, epochs: int, interruption: _Interruption, output: str) -> None:
        """Goes on to the end of epoch `epochs`."""
        progress = Progress(epochs, self.examples)
        steps = self.trainer.steps
        for epoch in range(int(self.trainer.step) // steps, epochs):
            started, first = time.monotonic(), int(self.trainer.step) % steps
            if not first:
                self.trainer.start_epoch()
            progress.start_epoch(epoch + 1, self._examples_at(first))
            self._train_epoch(first, progress, interruption, output)
            images = self.examples - self._examples_at(first)
            row = self._measure(epoch + 1, images, time.monotonic() - started)
            self.keeper.save(int(self.trainer.step), end_of_epoch=True)
            self.log.add(row)
            progress.end_epoch(row)

    def _train_epoch(
        self, first: int, progress: Progress, interruption: _Interruption, output: str
    ) -> None:
        batches = self.trainer.rest_of_epoch()
        for done in range(first + 1, self.trainer.steps + 1):
            self.trainer.train_step(batches)
            if interruption.signal_name:
                self.keeper.save(int(self.trainer.step), end_of_epoch=False)
                raise JobError(
                    f"stopped by {interruption.signal_name} at step {int(self.trainer.step)}; the "
                    f"checkpoint is in {output}; go on with the same command and --resume"
                )
            progress.show(self._examples_at(done), self.trainer.epoch_scores)

    def _examples_at(self, step: int) -> int:
        return min(step * self.trainer.config.batch_size, self.examples)

    def _measure(self, epoch: int, images: int, seconds: float) -> EpochRow:
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


def _finish(trainer: Trainer, rows: list[EpochRow], output: str, epochs: int) -> None:
    """Measures the network, writes the bundle, and only then lets go of the checkpoints."""
    from model import bundle, metrics  # They load plotting, which training must not wait for.

    split = trainer.config.evaluate_split
    measured = {}
    if split:
        measured = {"split": split, **metrics.summarize(*trainer.predict(split))}
    training = {
        "epochs": epochs,
        "examples": reading.count(trainer.dataset, "train"),
        "dataset_digest": checkpoints.digest(trainer.dataset),
        "history": [row._asdict() for row in rows],
    }
    network = trainer.float32_network()
    bundle.save(output, network, config=trainer.config, metrics=measured, training=training)
    checkpoints.remove(output)
    _logger.info("wrote the model to %s", output)
