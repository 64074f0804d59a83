"""What a training run is made of, as data: enough to run it again."""

import dataclasses
import json
from typing import Any


@dataclasses.dataclass(frozen=True)
class Augmentation:
    """Ranges of the random changes to each training image; each draw is uniform."""

    flip: bool = True  # left-right, for every second image
    rotation_degrees: float = 8.0  # to either side
    zoom: float = 0.1  # scale in [1 - zoom, 1 + zoom]
    shift_px: float = 3.0  # in each direction


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """A training recipe and the settings of one run of it."""

    network: str
    epochs: int
    batch_size: int  # examples a step over all replicas
    learning_rate: float  # the highest
    optimizer: str  # a key of optimizers.OPTIMIZERS
    schedule: str  # "inverse_time" or "one_cycle"
    decay: float = 0.0  # of "inverse_time": rate / (1 + decay * step)
    warmup: float = 0.0  # of "one_cycle": share of the steps in which the rate rises
    weight_decay: float = 0.0  # decoupled, times the rate
    l2: float = 0.0  # penalty on the kernels that the network names
    dropout: float = 1.0  # factor on the network's dropout rates; 0 is off
    label_smoothing: float = 0.0
    augmentation: Augmentation | None = None
    seed: int = 0
    precision: str = "float32"  # "bfloat16", "float16" or "float32"
    replicas: int = 1
    deterministic: bool = False
    evaluate_split: str | None = None  # measured after each epoch; nothing is selected by it

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON's types."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "TrainConfig":
        """The inverse of `to_dict`."""
        augmentation = fields.get("augmentation")
        if augmentation is not None:
            augmentation = Augmentation(**augmentation)
        return cls(**{**fields, "augmentation": augmentation})

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


RECIPES = {
    # As the notebook that published the network trains it: Adam(lr=1e-4, decay=1e-6),
    # L2(0.01) on the convolutions with 128 and 256 filters, no augmentation.
    "reference": TrainConfig(
        network="reference",
        epochs=60,
        batch_size=64,
        learning_rate=1e-4,
        optimizer="adam",
        schedule="inverse_time",
        decay=1e-6,
        l2=0.01,
    ),
    "fast": TrainConfig(
        network="fast",
        epochs=16,
        batch_size=128,
        learning_rate=3e-3,
        optimizer="adam",
        schedule="one_cycle",
        warmup=0.15,
        weight_decay=0.05,
        label_smoothing=0.1,
        augmentation=Augmentation(),
    ),
}
