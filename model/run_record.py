"""What an unfinished training run trains: written before its first step, compared on resuming."""

import hashlib
import json
import os

from model.config import TrainConfig
from tfrecords import manifest, storage
from tfrecords.errors import JobError

FOLDER = "checkpoints"  # below the run's output; the states that go with it are kept there too
_FILE = "run.json"


def begin(output: str, config: TrainConfig, dataset: str) -> None:
    """Writes down what the run in `output` trains, before its first step."""
    os.makedirs(storage.join(output, FOLDER), exist_ok=True)
    run = {"config": config.to_dict(), "dataset": dataset, "dataset_digest": digest(dataset)}
    path = storage.join(output, FOLDER, _FILE)
    storage.write_atomically(path, json.dumps(run, indent=1, sort_keys=True) + "\n")


def exists(output: str) -> bool:
    """Whether an unfinished run lies in `output`."""
    return storage.exists(storage.join(output, FOLDER, _FILE))


def recorded_config(output: str) -> TrainConfig:
    """The config of the unfinished run in `output`."""
    return TrainConfig.from_dict(_read(output)["config"])


def check_same_run(output: str, config: TrainConfig, dataset: str) -> None:
    """Raises JobError, with both sides, unless the run in `output` is this one.

    The number of epochs is left to the caller: it says when to stop.
    """
    run = _read(output)
    differences = TrainConfig.from_dict(run["config"]).differences(config)
    differences = [each for each in differences if not each.startswith("epochs ")]
    if run["dataset_digest"] != digest(dataset):
        differences.append(f"data set {run['dataset']} / {dataset}, which has other content")
    if differences:
        raise JobError(
            f"the run in {output} was started with other settings (there / here): "
            f"{'; '.join(differences)}; resume with the same, or start anew with --overwrite"
        )


def digest(dataset: str) -> str:
    """A short digest of the manifest, which tells data sets of other content apart."""
    text = manifest.load(dataset).to_json()
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _read(output: str) -> dict:
    path = storage.join(output, FOLDER, _FILE)
    try:
        with storage.open_file(path) as file:
            return json.load(file)
    except (OSError, ValueError) as error:
        raise JobError(f"cannot read {path}: {error}; start anew with --overwrite") from error
