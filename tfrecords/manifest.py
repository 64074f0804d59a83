"""`dataset.json`: what a data set holds; written last, so that its presence means complete."""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

from . import storage
from .errors import JobError
from .labels import LABELS
from .naming import shard_name
from .schema import FINGERPRINT, SCHEMA_VERSION, check_contract
from .splits import SPLITS

FILE_NAME = "dataset.json"


@dataclasses.dataclass(frozen=True)
class Manifest:
    """The content of `dataset.json`."""

    examples: Mapping[str, Mapping[str, int]]  # split -> label -> count
    shards: Mapping[str, Sequence[int]]  # split -> number of examples in each shard
    skipped: Sequence[Mapping[str, str]] = ()  # {"source", "reason"}
    failed: Sequence[Mapping[str, str]] = ()  # {"source", "reason"}
    duplicates: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    labels: Sequence[str] = LABELS
    fingerprint: str = FINGERPRINT
    schema_version: int = SCHEMA_VERSION

    def count(self, split: str) -> int:
        """Returns the number of examples in a split; 0 where the data set has no such split."""
        return sum(self.shards.get(split, ()))

    def splits(self) -> list[str]:
        """Returns the splits that hold examples, train first."""
        return [split for split in SPLITS if self.count(split)]

    def shard_paths(self, dataset: str, split: str) -> list[str]:
        """Returns the paths of a split's shards, in order."""
        count = len(self.shards.get(split, ()))
        return [storage.join(dataset, shard_name(split, i, count)) for i in range(count)]

    def to_json(self) -> str:
        """Returns the text of `dataset.json`: the same for the same content."""
        return json.dumps(dataclasses.asdict(self), indent=1, ensure_ascii=True) + "\n"


def load(dataset: str) -> Manifest:
    """Reads the manifest of a data set folder.

    Raises:
        JobError: where there is none, it is damaged, or it was made under another contract.
    """
    path = storage.join(dataset, FILE_NAME)
    try:
        with storage.open_file(path) as file:
            return from_json(file.read(), path)
    except FileNotFoundError as error:
        raise JobError(
            f"{dataset} is not a complete data set: it has no {FILE_NAME}; "
            "make one with `semblante convert SOURCE --output DATASET`"
        ) from error
    except OSError as error:
        raise JobError(f"cannot read {path}: {error}") from error


def from_json(text: str | bytes, path: str) -> Manifest:
    """Returns the manifest that `text`, read from `path`, holds.

    Raises:
        JobError: where it is damaged or was made under another contract.
    """
    try:
        fields = json.loads(text)
    except ValueError as error:
        raise JobError(f"cannot read {path}: {error}; convert anew") from error
    version = fields.get("schema_version") if isinstance(fields, dict) else None
    if version != SCHEMA_VERSION:
        raise JobError(
            f"{path} has schema version {version}; this software reads {SCHEMA_VERSION}: "
            "convert anew"
        )
    try:
        manifest = Manifest(**fields)
    except TypeError as error:
        raise JobError(f"{path} is damaged: {error}; convert anew") from error
    check_contract(manifest.labels, manifest.fingerprint, path)
    return manifest
