"""Two logical processors for all tests of this room, and small data sets to train on.

The processor can be split only before TensorFlow first computes, so it is done on import.
"""

import dataclasses
import json
import pathlib
from collections.abc import Callable, Mapping

import numpy as np
import pytest
import tensorflow as tf

from model import networks, replicas
from model.config import TrainConfig
from model.recipes import RECIPES
from tfrecords import codec, manifest, naming, records
from tfrecords.labels import LABELS
from tfrecords.schema import FaceExample

replicas.split_processor(2)


def _patterned_face(generator: np.random.Generator, label: int) -> np.ndarray:
    """Noise with a bright block whose place tells the label: easy to learn."""
    face = generator.integers(0, 120, (48, 48, 1), dtype=np.uint8)
    row, column = divmod(label, 3)
    face[row * 16 : row * 16 + 12, column * 16 : column * 16 + 12] += 110
    return face


@pytest.fixture
def make_dataset(tmp_path) -> Callable[..., str]:
    """Writes a data set of patterned faces with so many examples a split, in two shards each."""

    def make(name: str = "dataset", seed: int = 0, **sizes: int) -> str:
        folder = tmp_path / name
        folder.mkdir()
        generator = np.random.default_rng(seed)
        lengths = {split: _write_split(folder, split, n, generator) for split, n in sizes.items()}
        counts = {split: _count_labels(n) for split, n in sizes.items()}
        text = manifest.Manifest(examples=counts, shards=lengths).to_json()
        (folder / manifest.FILE_NAME).write_text(text)
        return str(folder)

    return make


def _write_split(
    folder: pathlib.Path, split: str, size: int, generator: np.random.Generator
) -> list[int]:
    lengths = []
    for shard in range(2):
        payloads = [
            codec.encode(
                FaceExample(
                    _patterned_face(generator, i % len(LABELS)), i % len(LABELS), f"{split}/{i}"
                )
            )
            for i in range(shard, size, 2)
        ]
        with open(folder / naming.shard_name(split, shard, 2), "wb") as file:
            lengths.append(records.write_records(file, payloads))
    return lengths


def _count_labels(size: int) -> Mapping[str, int]:
    counts = np.bincount(np.arange(size) % len(LABELS), minlength=len(LABELS))
    return {label: int(count) for label, count in zip(LABELS, counts, strict=True) if count}


@pytest.fixture
def tiny_config(monkeypatch) -> TrainConfig:
    """A recipe for a network of 3,000 parameters that has every kind of layer."""
    monkeypatch.setitem(networks._BUILDERS, "tiny", _tiny)
    return dataclasses.replace(
        RECIPES["reference"], network="tiny", epochs=2, batch_size=32, learning_rate=0.01
    )


def _tiny(parts: networks._Parts):
    import keras

    image = parts.input()
    x = keras.layers.Rescaling(1 / 255, dtype="float32")(image)
    x = parts.convolution(8, strides=3, padding="same", activation="relu")(x)
    x = parts.normalization()(x)
    x = parts.dropout(0.25)(x)
    x = parts.pool()(x)
    x = parts.convolution(8, strides=2, activation="relu", penalized=True)(x)
    x = keras.layers.Flatten()(x)
    return keras.Model(image, parts.classify(x))


@pytest.fixture(scope="session")
def one_replica() -> tf.distribute.MirroredStrategy:
    return replicas.make_strategy(1)


@pytest.fixture(scope="session")
def two_replicas() -> tf.distribute.MirroredStrategy:
    """One for the process: two over the same devices would share the keys of their collectives."""
    return replicas.make_strategy(2)


@pytest.fixture
def read_run() -> Callable[[str], dict]:
    """Reads what a run in a folder says it trains."""
    return lambda output: json.loads(
        (pathlib.Path(output) / "checkpoints" / "run.json").read_text()
    )
