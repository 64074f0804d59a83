"""What a training run is made of, as data: enough to run it again."""

import dataclasses
import json
from typing import Any

# Named here, where TensorFlow is not needed; optimizers.py and schedules.py implement them.
OPTIMIZERS = ("adam", "momentum", "muon")
SCHEDULES = ("inverse_time", "one_cycle", "cosine")


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Ranges of the random changes to each training image; each draw is uniform."""

    flip: bool = True  # left-right, for every second image
    rotation_degrees: float = 8.0  # to either side
    zoom: float = 0.1  # scale in [1 - zoom, 1 + zoom]
    shift_px: float = 3.0  # in each direction
    blur: float = 0.0  # share of a Gaussian blur of 1.5 px that is mixed in
    noise: float = 0.0  # standard deviation of Gaussian noise, gray levels
    erase_px: int = 0  # side of a square that is painted gray; 0 is off
    mixup: float = 0.0  # alpha of the beta distribution of the second image's share; 0 is off
    mixup_until: float = 0.75  # share of the run after which images are no longer mixed


@dataclasses.dataclass(frozen=True)
class Distillation:
    """Learning from the probabilities that other models give to the very images of a step.

    Hinton et al. 2015, arXiv:1503.02531; on the augmented images as Beyer et al. 2022,
    arXiv:2106.05237.
    """

    teachers: tuple[str, ...]  # bundles; the mean of their probabilities teaches
    share: float = 0.8  # of the teachers in the target; the labels have the rest


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """A training recipe and the settings of one run of it."""

    network: str
    epochs: int
    batch_size: int  # examples a step over all replicas
    learning_rate: float  # the highest
    optimizer: str  # one of OPTIMIZERS
    schedule: str  # one of SCHEDULES
    decay: float = 0.0  # of "inverse_time": rate / (1 + decay * step)
    warmup: float = 0.0  # share of the run in which the rate rises; not of "inverse_time"
    time_budget: float | None = None  # seconds of training that take the place of `epochs`
    weight_decay: float = 0.0  # decoupled, times the rate
    l2: float = 0.0  # penalty on the kernels that the network names
    dropout: float = 1.0  # factor on the network's dropout rates; 0 is off
    label_smoothing: float = 0.0
    class_weights: tuple[float, ...] | None = None  # of the loss, by label; None is 1 for all
    ema: float = 0.0  # decay a step of the moving average of the weights; 0 is off
    patience: int | None = None  # epochs without a lower validation loss before stopping early
    augmentation: Augmentation | None = None
    distillation: Distillation | None = None
    init: str | None = None  # bundle whose weights the run starts from
    freeze_statistics: bool = False  # batch normalisation keeps the statistics of `init`
    seed: int = 0
    precision: str = "float32"  # "bfloat16", "float16" or "float32"
    replicas: int = 1
    deterministic: bool = False
    evaluate_split: str | None = None  # measured after each epoch; `patience` looks at it

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON's types."""
        return json.loads(json.dumps(dataclasses.asdict(self)))

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "TrainConfig":
        """The inverse of `to_dict`; raises TypeError where a field is unknown or missing."""
        fields = dict(fields)
        for name, kind in (("augmentation", Augmentation), ("distillation", Distillation)):
            if fields.get(name) is not None:
                fields[name] = kind(**_with_tuples(fields[name]))
        return cls(**_with_tuples(fields))

    def to_json(self) -> str:
        """One JSON object, sorted by name."""
        return json.dumps(self.to_dict(), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> "TrainConfig":
        """The inverse of `to_json`."""
        return cls.from_dict(json.loads(text))

    def differences(self, other: "TrainConfig") -> list[str]:
        """Names the fields that differ, each with both values: "seed 0 / 1"."""
        theirs = other.to_dict()
        return [
            f"{name} {value} / {theirs[name]}"
            for name, value in self.to_dict().items()
            if value != theirs[name]
        ]


def _with_tuples(fields: dict[str, Any]) -> dict[str, Any]:
    """JSON has lists where the configs, which can be compared and hashed, have tuples."""
    return {
        name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()
    }
