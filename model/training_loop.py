"""The steps of a training, epoch after epoch, until it is over or interrupted."""

import contextlib
import dataclasses
import signal
import sys
import time
from collections.abc import Iterator
from types import FrameType

from model import checkpoints, history
from model.history import EpochRow
from model.progress import Progress
from model.trainer import Trainer
from tfrecords.errors import JobError


@dataclasses.dataclass
class Interruption:
    """Set by a signal, looked at after each step."""

    signal_name: str | None = None


@contextlib.contextmanager
def interruptions() -> Iterator[Interruption]:
    """Turns SIGTERM and SIGINT into a note, so that the step under way is finished."""
    interruption = Interruption()

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
class Loop:
    """Trains epoch by epoch, with a checkpoint and a row of the history after each."""

    trainer: Trainer
    keeper: checkpoints.Checkpoints
    log: history.History
    examples: int  # in an epoch
    output: str
    interruption: Interruption

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
        config = self.trainer.config
        now = f", or with --resume --epochs {epochs} write the model as it was then"
        raise JobError(
            f"stopped by {self.interruption.signal_name} after {epochs} whole epochs and "
            f"{steps} of {self.trainer.steps} steps; a checkpoint is in {self.output}: go on with "
            f"the same command and --resume{now if epochs and not config.time_budget else ''}"
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
