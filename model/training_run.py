"""One training from its start, or from where it was killed, to the finished bundle."""

import contextlib
import dataclasses
import logging
import math
import re
import sys
from collections.abc import Iterator
from typing import Any

import tensorflow as tf

from model import bundle, checkpoints, history, input_pipeline, run_record, schedules, shipping
from model.config import TrainConfig
from model.history import EpochRow
from model.trainer import Trainer
from model.training_loop import Loop, interruptions
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
        with interruptions() as interruption:
            Loop(trainer, keeper, log, examples, output, interruption).train(last_step)
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
