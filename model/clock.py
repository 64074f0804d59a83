"""How far a training has come: by its steps, or by a budget of wall-clock time."""

import time

import tensorflow as tf

from model.config import TrainConfig


class Clock(tf.Module):
    """Counts the time of a run over its interruptions; its state goes into the checkpoints."""

    def __init__(self, config: TrainConfig, steps: int):
        """`steps` is the number of steps in an epoch."""
        super().__init__(name="clock")
        self._budget, self._total = config.time_budget, steps * config.epochs
        self._before = tf.Variable(0.0, dtype=tf.float64, trainable=False)  # seconds, at `_since`
        self._since = time.monotonic()

    def start(self) -> None:
        """Counts from now on; what a restored checkpoint has counted stays."""
        self._since = time.monotonic()

    def mark(self) -> None:
        """Brings the state up to date for a checkpoint."""
        self._before.assign(self.seconds())
        self._since = time.monotonic()

    def seconds(self) -> float:
        """Seconds the run has taken so far, measuring and checkpoints included."""
        return float(self._before) + time.monotonic() - self._since

    def progress(self, step: int) -> float:
        """The share of the run that is behind us in the middle of `step`, at most 1."""
        if self._budget is None:
            return min((step + 0.5) / self._total, 1.0)
        return min(self.seconds() / self._budget, 1.0)

    def over(self) -> bool:
        """Whether the time budget is spent; never without one."""
        return self._budget is not None and self.seconds() >= self._budget
