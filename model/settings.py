"""From the command line of a training to its config."""

import dataclasses
import json
import logging

from model import bundle
from model.config import Augmentation, Distillation, TrainConfig
from model.recipes import RECIPES, fine_tuning, taught
from tfrecords import storage
from tfrecords.errors import JobError
from tfrecords.labels import LABELS
from tfrecords.manifest import Manifest

_logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class TrainArgs:
    """The command line; None stands for what the recipe or the machine says."""

    dataset: str
    output: str
    network: str | None
    config: str | None
    init: str | None
    teacher: list[str] | None
    epochs: int | None
    time_budget: float | None
    patience: int | None
    batch_size: int | None
    learning_rate: float | None
    optimizer: str | None
    schedule: str | None
    label_smoothing: float | None
    ema: float | None
    class_weights: str | None
    augment: bool | None
    seed: int | None
    precision: str | None
    replicas: int | None
    deterministic: bool
    evaluate_split: str | None
    resume: bool
    overwrite: bool


_SAME_NAME = (  # in TrainArgs and TrainConfig
    "epochs",
    "time_budget",
    "patience",
    "batch_size",
    "learning_rate",
    "optimizer",
    "schedule",
    "label_smoothing",
    "ema",
    "init",
    "seed",
)


# What suits an optimiser other than the recipe's, where no rate is asked for.
_RATES = {"adam": 1e-3, "momentum": 0.05, "muon": 0.03}


def config_of(args: TrainArgs, data: Manifest) -> tuple[TrainConfig, str]:
    """Returns the config and the precision asked for, which may be "auto".

    Raises:
        JobError: a file or model named cannot be read, the split to evaluate on has no examples,
            or the settings do not go together.
    """
    base = _base(args)
    changes = {name: getattr(args, name) for name in _SAME_NAME if getattr(args, name) is not None}
    if args.learning_rate is None and args.optimizer not in (None, base.optimizer):
        changes["learning_rate"] = _RATES[args.optimizer]
    if args.epochs is not None:
        changes["time_budget"] = None
    if args.teacher:
        changes["distillation"] = _distillation(args.teacher)
    if args.class_weights is not None:
        changes["class_weights"] = _class_weights(args.class_weights, data)
    if args.augment is not None:
        changes["augmentation"] = (base.augmentation or Augmentation()) if args.augment else None
    if args.deterministic:
        changes["deterministic"] = True
    changes["evaluate_split"] = _evaluate_split(args, base, data)
    config = dataclasses.replace(base, **changes)
    if config.patience and not config.evaluate_split:
        raise JobError(
            f"--patience looks at a validation loss, and {args.dataset} has no validation split; "
            "convert with --validation 0.1, or see --evaluate-split"
        )
    if config.init:
        _tell_labels(config.init, data)
    return config, args.precision or (base.precision if args.config else "auto")


def _base(args: TrainArgs) -> TrainConfig:
    """What the flags change: another model's config, fine-tuning, or a network's recipe."""
    if args.config:
        base = _read_config(args.config)
    elif args.init:
        base = fine_tuning(RECIPES[_network_of(args.init)])
    else:
        recipe = RECIPES[args.network or "fast"]
        return taught(recipe) if args.teacher else recipe
    if args.network and args.network != base.network:
        raise JobError(
            f"--network {args.network} does not go with {args.config or args.init}, whose network "
            f"is {base.network}; leave --network out"
        )
    return base


def _read_config(path: str) -> TrainConfig:
    try:
        with storage.open_file(path) as file:
            return TrainConfig.from_dict(json.load(file)["config"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JobError(
            f"cannot read a training config from {path}: {error}; expected the bundle.json of a "
            "model trained by this version"
        ) from error


def _network_of(model: str) -> str:
    name = bundle.load(model).info["network"]
    if name not in RECIPES:
        raise JobError(f"the network of {model} is {name}, which this version does not know")
    return name


def _distillation(teachers: list[str]) -> Distillation:
    for teacher in teachers:
        bundle.load(teacher)  # Raises at once, not minutes later, where there is none.
    return Distillation(tuple(teachers))


def _class_weights(kind: str, data: Manifest) -> tuple[float, ...] | None:
    """Weights with which every label counts alike, their mean over the examples being 1."""
    if kind == "none":
        return None
    counts = [data.examples["train"].get(label, 0) for label in LABELS]
    present = sum(count > 0 for count in counts)
    return tuple(sum(counts) / (present * count) if count else 0.0 for count in counts)


def _evaluate_split(args: TrainArgs, base: TrainConfig, data: Manifest) -> str | None:
    wanted = args.evaluate_split or base.evaluate_split
    if wanted is None:
        if data.count("validation"):
            return "validation"
        _logger.warning(
            "%s has no validation split: nothing is measured while training, and probabilities "
            "are not calibrated (convert with --validation 0.1, or see --evaluate-split)",
            args.dataset,
        )
        return None
    if not data.count(wanted):
        raise JobError(
            f"{args.dataset} has no {wanted} examples to evaluate on; "
            f"it has {', '.join(data.splits())}"
        )
    return wanted


def _tell_labels(init: str, data: Manifest) -> None:
    """Says what fine-tuning does with the labels that the data set has, and has not."""
    counts = data.examples["train"]
    present = ", ".join(f"{label} {counts[label]}" for label in LABELS if counts.get(label))
    absent = [label for label in LABELS if not counts.get(label)]
    _logger.info("fine-tuning %s on %s", init, present)
    if absent:
        _logger.info("no examples of %s: the network keeps what it knew of them", ", ".join(absent))
