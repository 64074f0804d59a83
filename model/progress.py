"""What a training says while it runs: a bar on a terminal, a line now and then elsewhere."""

import logging
import sys
import time
from collections.abc import Callable

import tqdm

from model.history import EpochRow

_logger = logging.getLogger(__name__)
_LINE_SECONDS = 30.0
_BAR_SECONDS = 0.5


class Progress:
    """Shows one run of `epochs` epochs (None where not known) with `examples` examples each."""

    def __init__(self, epochs: int | None, examples: int, terminal: bool | None = None):
        self._epochs, self._examples = epochs, examples
        self._terminal = sys.stderr.isatty() if terminal is None else terminal
        self._shown = time.monotonic()
        self._bar: tqdm.tqdm | None = None

    def start_epoch(self, epoch: int, examples_done: int) -> None:
        """Begins epoch `epoch` (from 1), of which a resumed run has some examples behind it."""
        self._epoch, self._started = epoch, time.monotonic()
        self._initial = examples_done
        if self._terminal:
            self._bar = tqdm.tqdm(
                total=self._examples,
                initial=examples_done,
                desc=self._name(epoch),
                unit=" images",
                leave=False,
                file=sys.stderr,
            )

    def show(self, examples_done: int, scores: Callable[[], tuple[float, float]]) -> None:
        """Tells of the epoch so far; `scores` (loss, accuracy) is asked only when it is shown."""
        now = time.monotonic()
        if now - self._shown < (_BAR_SECONDS if self._terminal else _LINE_SECONDS):
            return
        self._shown = now
        loss, accuracy = scores()
        if self._bar is not None:
            self._bar.n = examples_done
            self._bar.set_postfix(loss=f"{loss:.4f}", accuracy=f"{accuracy:.3f}")
        else:
            self._line(examples_done, loss, accuracy, now)

    def _line(self, examples_done: int, loss: float, accuracy: float, now: float) -> None:
        speed = (examples_done - self._initial) / max(now - self._started, 1e-9)
        _logger.info(
            "%s: %d of %d images, loss %.4f, accuracy %.3f, %.0f images/s%s",
            *(self._name(self._epoch), examples_done, self._examples, loss, accuracy, speed),
            self._left(self._epoch - 1, examples_done, speed),
        )

    def end_epoch(self, row: EpochRow) -> None:
        """Tells of a whole epoch in one line that stays."""
        if self._bar is not None:
            self._bar.close()
        validation = ""
        if row.validation_loss is not None:
            measured = f"loss {row.validation_loss:.4f} accuracy {row.validation_accuracy:.3f}"
            validation = f", validation {measured}"
        _logger.info(
            "%s done: loss %.4f accuracy %.3f%s, %.0f images/s%s",
            *(self._name(row.epoch), row.train_loss, row.train_accuracy, validation),
            *(row.images_per_second, self._left(row.epoch, 0, row.images_per_second)),
        )
        self._shown = time.monotonic()

    def _name(self, epoch: int) -> str:
        return f"epoch {epoch}/{self._epochs}" if self._epochs else f"epoch {epoch}"

    def _left(self, epochs_done: int, examples_done: int, speed: float) -> str:
        """What is to come, at this speed; nothing where a time budget tells the end."""
        if self._epochs is None:
            return ""
        left = (self._epochs - epochs_done) * self._examples - examples_done
        return f", {duration(left / max(speed, 1e-9))} left"


def duration(seconds: float) -> str:
    """Hours, minutes and seconds in words of two letters: "1 h 05 min", "4 min", "12 s"."""
    if seconds >= 3600:
        return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d} min"
    return f"{int(seconds // 60)} min" if seconds >= 60 else f"{int(seconds)} s"
