"""Trains a network on a data set.

semblante train DATASET --output MODEL
"""

import argparse
import logging
import math
import os
import re
import sys
from collections.abc import Callable
from typing import Any

from model import run_record, settings
from model.config import OPTIMIZERS, SCHEDULES
from model.precision import PRECISIONS
from model.recipes import RECIPES
from model.settings import TrainArgs
from tfrecords import manifest, quiet, storage
from tfrecords.errors import JobError
from tfrecords.splits import SPLITS

_logger = logging.getLogger("model.train")  # Also when run with -m.


def parse(argv: list[str] | None = None) -> TrainArgs:
    """Reads the command line; exits with 2 where it makes no sense."""
    parser = argparse.ArgumentParser(
        "semblante train",
        description="Trains a network on the train split of a data set and writes a model bundle.",
        allow_abbrev=False,
    )
    parser.add_argument("dataset", metavar="DATASET", help="Folder written by semblante convert.")
    parser.add_argument(
        "--output", required=True, metavar="MODEL", help="Folder to write the bundle to."
    )
    _add_start_flags(parser)
    _add_recipe_flags(parser)
    _add_machine_flags(parser)
    _add_run_flags(parser)
    return TrainArgs(**vars(parser.parse_args(argv)))


def _add_start_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what to train")
    group.add_argument(
        "--network",
        choices=tuple(RECIPES),
        help="Network and the recipe that goes with it (default: fast).",
    )
    group.add_argument(
        "--config",
        metavar="FILE",
        help="Train as another model was trained: its bundle.json. Further flags change single "
        "settings.",
    )
    group.add_argument(
        "--init",
        metavar="MODEL",
        help="Go on from the weights of a trained model (fine-tuning): few and gentle steps. "
        "Labels that DATASET has no examples of are neither learnt nor unlearnt.",
    )
    group.add_argument(
        "--teacher",
        metavar="MODEL",
        nargs="+",
        help="Learn from the probabilities of these models, too (distillation).",
    )


def _add_recipe_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("recipe")
    length = group.add_mutually_exclusive_group()
    length.add_argument(
        "--epochs", type=_positive(int), help=f"Passes over the data ({_defaults('epochs')})."
    )
    length.add_argument(
        "--time-budget",
        type=_duration,
        metavar="TIME",
        help="Train for so long instead, such as 90s, 10m or 2.5h: the learning rate runs "
        "through its course in that time, whatever the machine.",
    )
    group.add_argument(
        "--patience",
        type=_positive(int),
        metavar="EPOCHS",
        help="Stop when the validation loss has not fallen for so many epochs, and keep the best "
        "(default: train to the end and keep the last).",
    )
    group.add_argument(
        "--batch-size",
        type=_positive(int),
        help=f"Examples a step over all replicas ({_defaults('batch_size')}).",
    )
    group.add_argument(
        "--learning-rate",
        type=_positive(float),
        help=f"Highest learning rate ({_defaults('learning_rate')}; "
        "for another optimiser what suits it).",
    )
    group.add_argument(
        "--optimizer", choices=OPTIMIZERS, help=f"Optimiser ({_defaults('optimizer')})."
    )
    group.add_argument(
        "--schedule",
        choices=SCHEDULES,
        help=f"Course of the learning rate ({_defaults('schedule')}).",
    )
    group.add_argument(
        "--label-smoothing",
        type=_share,
        metavar="SHARE",
        help=f"Share of each target spread evenly ({_defaults('label_smoothing')}).",
    )
    group.add_argument(
        "--ema",
        type=_share,
        metavar="DECAY",
        help="Ship the moving average of the weights, with this decay a step, such as 0.999 "
        "(default: ship the weights).",
    )
    group.add_argument(
        "--class-weights",
        choices=("none", "balanced"),
        help="Weigh the labels alike, or balanced: inversely to their number (default: none).",
    )
    group.add_argument(
        "--augment",
        action=argparse.BooleanOptionalAction,
        help="Flip, turn, scale and shift the training images at random "
        "(default: as the recipe says; reference does not, the others do).",
    )
    group.add_argument("--seed", type=_seed, help="Seed of all that is drawn (default: 0).")


def _add_machine_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("machine")
    group.add_argument(
        "--precision",
        choices=("auto", *PRECISIONS),
        help="Number format of the layers; auto takes bfloat16 or float16 where the machine is "
        "fast at it, else float32 (default: auto).",
    )
    group.add_argument(
        "--replicas",
        type=_positive(int),
        help="Devices that share each batch (default: all GPUs, or 1 for the processor; "
        "without GPUs the processor is split, which is of use for tests).",
    )
    group.add_argument(
        "--deterministic",
        action="store_true",
        help="Make two runs agree to the last bit, at some cost in speed.",
    )


def _add_run_flags(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("run")
    group.add_argument(
        "--evaluate-split",
        choices=SPLITS,
        help="Split to measure after each epoch (default: validation where there is one).",
    )
    existing = group.add_mutually_exclusive_group()
    existing.add_argument(
        "--resume",
        action="store_true",
        help="Go on with the unfinished run in MODEL. With --epochs N of epochs already done, "
        "write the bundle as it was after epoch N.",
    )
    existing.add_argument(
        "--overwrite", action="store_true", help="Replace the bundle or unfinished run in MODEL."
    )


def _defaults(field: str) -> str:
    values = (f"{name} {getattr(recipe, field)}" for name, recipe in RECIPES.items())
    return f"default: {', '.join(values)}"


def _positive(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        value = kind(text)
        if value == math.inf:
            raise argparse.ArgumentTypeError(f"{text} is not a finite number")
        if not value > 0:
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return value

    convert.__name__ = kind.__name__  # argparse says: invalid int value
    return convert


def _duration(text: str) -> float:
    """Seconds of "90s", "10m" or "2.5h"."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh])", text)
    if not match or not float(match[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is no time above 0, such as 90s, 10m or 2.5h")
    return float(match[1]) * {"s": 1, "m": 60, "h": 3600}[match[2]]


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"{text} is outside 0 to 1")
    return value


def _seed(text: str) -> int:
    value = int(text)
    if not 0 <= value < 1 << 31:
        raise argparse.ArgumentTypeError(f"{text} is outside 0 to 2147483647")
    return value


def main(argv: list[str] | None = None) -> int:
    """Runs the job."""
    args = parse(argv)
    _show_progress_lines()
    data = manifest.load(args.dataset)
    _check_train_split(args.dataset, data)
    _check_output(args)
    config, precision = settings.config_of(args, data)
    # TensorFlow takes seconds to import and its devices must be split before it computes.
    quiet.import_tensorflow()
    from model import replicas, training_run

    strategy = replicas.make_strategy(args.replicas)
    config = replicas.fit_to_machine(config, strategy, precision)
    if args.overwrite:
        _clear(args.output)
    _logger.info("training %s on %s: %s", config.network, args.dataset, config.to_json())
    training_run.run(args.dataset, args.output, config, strategy, resume=args.resume)
    return 0


def _show_progress_lines() -> None:
    """Sends this package's log to stderr, unless somebody has decided where logs go."""
    if _logger.hasHandlers():
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
    package = logging.getLogger("model")
    package.addHandler(handler)
    package.setLevel(logging.INFO)
    package.propagate = False  # TensorFlow gives the root logger a handler: each line came twice.


def _check_train_split(dataset: str, data: manifest.Manifest) -> None:
    if not data.count("train"):
        raise JobError(
            f"{dataset} has no train examples; it has {', '.join(data.splits()) or 'none at all'}"
        )


def _check_output(args: TrainArgs) -> None:
    """Refuses to touch what is there unless the user says what to do with it."""
    if args.overwrite:
        return
    unfinished = run_record.exists(args.output)
    if storage.exists(storage.join(args.output, "bundle.json")):
        raise JobError(f"{args.output} holds a finished model; replace it with --overwrite")
    if unfinished and not args.resume:
        raise JobError(
            f"{args.output} holds an unfinished run; go on with --resume or start anew "
            "with --overwrite"
        )
    if args.resume and not unfinished:
        raise JobError(f"{args.output} holds no unfinished run to resume; leave --resume out")


def _clear(output: str) -> None:
    from model import checkpoints, history  # They import TensorFlow.

    if storage.exists(bundle := storage.join(output, "bundle.json")):
        os.remove(bundle)  # First, so that a bundle half removed does not look whole.
    checkpoints.remove(output)
    history.remove(output)


if __name__ == "__main__":
    sys.exit(main())
