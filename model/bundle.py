"""The bundle: a trained network with all that is known of it, in one folder.

model.keras       architecture and weights, float32, for Keras
inference.tflite  LiteRT: uint8 faces [n, 48, 48, 1] -> float32 probabilities [n, 7]
bundle.json       labels, fingerprint, config, metrics, versions, machine; written last
MODEL_CARD.md     the same for people
"""

import dataclasses
import hashlib
import importlib.metadata
import json
import os
import platform
import subprocess
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from model import card, shipped
from model.config import TrainConfig
from tfrecords import quiet, storage
from tfrecords.errors import JobError
from tfrecords.labels import LABELS
from tfrecords.schema import FINGERPRINT, check_contract

if TYPE_CHECKING:
    import keras

    from model.export import Inference

FILE_NAME = "bundle.json"
_VERSION = 2  # of bundle.json
_FIELDS = {"model_id", "network", "labels", "fingerprint", "config", "metrics", "training"}
_NETWORK, _INFERENCE, _CARD = "model.keras", "inference.tflite", "MODEL_CARD.md"


@dataclasses.dataclass(frozen=True)
class Bundle:
    """A bundle on disk; its networks are loaded when they are asked for."""

    path: str
    info: Mapping[str, Any]  # bundle.json

    @property
    def model_id(self) -> str:
        """The network's name and a digest of its weights, such as `reference-1a2b3c4d`."""
        return self.info["model_id"]

    def network(self) -> "keras.Model":
        """Loads the network for Keras; raises JobError where its file is damaged."""
        quiet.import_tensorflow()
        import keras

        from model import layers  # noqa: F401  registers the layers that the file names

        path = storage.join(self.path, _NETWORK)
        try:
            return keras.models.load_model(path)
        except Exception as error:  # Keras raises whatever its readers raise.
            line = str(error).strip().partition("\n")[0]
            raise JobError(f"cannot load {path}: {line}; the bundle is damaged") from error

    def inference(self) -> bytes:
        """The LiteRT file; it runs without Keras, TensorFlow and this software."""
        with storage.open_file(storage.join(self.path, _INFERENCE)) as file:
            return file.read()


def load(model: str) -> Bundle:
    """Opens a bundle by its path, or by its name where it ships with the package.

    Does not load TensorFlow.

    Raises:
        JobError: where there is none, it is incomplete or damaged, or its labels or fingerprint
            are not this software's.
    """
    path = model
    if not storage.exists(storage.join(path, FILE_NAME)):
        path = shipped.path_of(model) or model  # A folder of that name goes first.
    file_name = storage.join(path, FILE_NAME)
    try:
        with storage.open_file(file_name) as file:
            info = json.load(file)
    except FileNotFoundError as error:
        raise JobError(
            f"{path} is not a finished model: it has no {FILE_NAME}; "
            "make one with `semblante train DATASET --output MODEL`"
        ) from error
    except (OSError, ValueError) as error:
        raise JobError(f"cannot read {file_name}: {error}") from error
    if not isinstance(info, dict) or info.get("schema_version") != _VERSION:
        raise JobError(f"{file_name} is not a bundle of schema version {_VERSION}; train anew")
    missing = _FIELDS - info.keys()
    if missing:
        raise JobError(f"{file_name} lacks {', '.join(sorted(missing))}; train anew")
    if not _is_list_of_names(info["labels"]):
        raise JobError(f"{file_name} is damaged: labels is no list of names; train anew")
    check_contract(info["labels"], info["fingerprint"], file_name)
    for name in (_NETWORK, _INFERENCE):
        if not storage.exists(storage.join(path, name)):
            raise JobError(f"{path} lacks {name}: copy the whole folder, or train anew")
    return Bundle(path, info)


def save(
    path: str,
    network: "keras.Model",
    inference: "Inference",
    *,
    config: TrainConfig,
    metrics: Mapping[str, Any],
    training: Mapping[str, Any],
) -> None:
    """Writes a bundle; other files in the folder stay.

    Args:
        network: Computes in float32, uint8 [n, 48, 48, 1] to probabilities [n, 7].
        inference: The same network as scoring runs it.
        metrics: As of `metrics.summarize`, with "split"; empty where nothing was measured.
        training: What is known of the run: epochs, examples, history.
    """
    os.makedirs(path, exist_ok=True)
    _remove(storage.join(path, FILE_NAME))  # first: without it the rest counts as unfinished
    _save_compressed(network, storage.join(path, _NETWORK))
    storage.write_atomically(storage.join(path, _INFERENCE), inference.content)
    info = {
        "schema_version": _VERSION,
        "model_id": f"{config.network}-{_weights_digest(network)}",
        "network": config.network,
        "parameters": network.count_params(),
        "inference": inference.form,
        "labels": LABELS,
        "fingerprint": FINGERPRINT,
        "config": config.to_dict(),
        "metrics": metrics,
        "training": training,
        "versions": _versions(),
        "machine": machine(),
        "commit": _commit(),
    }
    _write_info(path, info)


def record_evaluation(model: Bundle, split: str, figures: Mapping[str, Any]) -> None:
    """Puts the figures of an evaluation into bundle.json and onto the model card."""
    evaluations = {**model.info.get("evaluations", {}), split: figures}
    _write_info(model.path, {**model.info, "evaluations": evaluations})


def _write_info(path: str, info: Mapping[str, Any]) -> None:
    storage.write_atomically(storage.join(path, _CARD), card.write(info))
    storage.write_atomically(storage.join(path, FILE_NAME), json.dumps(info, indent=1) + "\n")


def _is_list_of_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _save_compressed(network: "keras.Model", path: str) -> None:
    """Writes Keras's file, whose parts Keras leaves uncompressed."""
    temporary = storage.join(os.path.dirname(path), "incomplete.keras")  # Keras wants the ending
    network.save(temporary)
    compressed = temporary + ".zip"
    with (
        zipfile.ZipFile(temporary) as plain,
        zipfile.ZipFile(compressed, "w", zipfile.ZIP_DEFLATED) as smaller,
    ):
        for part in plain.infolist():
            smaller.writestr(part.filename, plain.read(part))
    os.replace(compressed, path)
    os.remove(temporary)


def _remove(path: str) -> None:
    if storage.exists(path):
        os.remove(path)


def _weights_digest(network: "keras.Model") -> str:
    digest = hashlib.sha256()
    for weights in network.get_weights():
        digest.update(weights.tobytes())
    return digest.hexdigest()[:8]


def _versions() -> dict[str, str]:
    packages = ("semblante", "tensorflow", "keras", "numpy")
    versions = {package: importlib.metadata.version(package) for package in packages}
    return {"python": platform.python_version(), **versions}


def machine() -> str:
    """What this process runs on, such as "2 processors (x86_64), NVIDIA H100 80GB HBM3"."""
    import tensorflow as tf

    gpus = [
        tf.config.experimental.get_device_details(gpu).get("device_name", gpu.name)
        for gpu in tf.config.list_physical_devices("GPU")
    ]
    return ", ".join([f"{os.cpu_count()} processors ({platform.machine()})", *gpus])


def _commit() -> str | None:
    """The commit of the checkout this runs from, None where it is installed elsewhere."""
    try:
        _git("ls-files", "--error-unmatch", __file__)  # fails in an environment inside a checkout
        return _git("rev-parse", "HEAD").strip()
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(*arguments: str) -> str:
    command = ["git", "-C", os.path.dirname(os.path.abspath(__file__)), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
