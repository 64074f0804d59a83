"""Fixtures that more than one room uses."""

import os
import pathlib

import numpy as np
import pytest

from tfrecords.labels import LABELS
from tfrecords.schema import FaceExample


@pytest.fixture
def generator() -> np.random.Generator:
    return np.random.default_rng(2013)


@pytest.fixture
def face(generator) -> np.ndarray:
    """One face-shaped array of noise, uint8 [48, 48, 1]."""
    return generator.integers(0, 256, (48, 48, 1), dtype=np.uint8)


@pytest.fixture
def examples(generator) -> list[FaceExample]:
    """Twenty examples, every label at least twice."""
    faces = generator.integers(0, 256, (20, 48, 48, 1), dtype=np.uint8)
    return [FaceExample(face, i % len(LABELS), f"train/{i}.png") for i, face in enumerate(faces)]


@pytest.fixture(scope="session")
def fer2013() -> pathlib.Path:
    """The zip of real FER2013 as Kaggle serves it; tests that need it are skipped without."""
    path = os.environ.get("SEMBLANTE_FER2013")
    if not path:
        pytest.skip("needs real FER2013: set SEMBLANTE_FER2013 to Kaggle's fer2013.zip")
    return pathlib.Path(path)


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory) -> pathlib.Path:
    """A real bundle whose network is one dense layer with fixed weights."""
    import keras

    from model import bundle, export
    from model.config import TrainConfig

    network = keras.Sequential(
        [
            keras.Input((48, 48, 1), dtype="uint8"),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Flatten(),
            keras.layers.Dense(
                7,
                activation="softmax",
                kernel_initializer=keras.initializers.RandomNormal(stddev=0.1, seed=7),
            ),
        ]
    )
    config = TrainConfig(
        network="fast",
        epochs=1,
        batch_size=8,
        learning_rate=0.1,
        optimizer="momentum",
        schedule="one_cycle",
    )
    path = tmp_path_factory.mktemp("bundle") / "tiny"
    inference = export.to_float16(network)
    training = {"examples": {"happy": 8}, "epochs": 1}
    bundle.save(str(path), network, inference, config=config, metrics={}, training=training)
    return path
