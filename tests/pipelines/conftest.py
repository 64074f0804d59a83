"""Fixtures of the pipelines' tests: a bundle that takes no time, and images of several kinds."""

import io
import pathlib

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def tiny_bundle(tmp_path_factory) -> pathlib.Path:
    """A real bundle whose network is one dense layer with fixed weights."""
    import keras

    from model import bundle
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
        optimizer="sgd",
        schedule="one_cycle",
    )
    path = tmp_path_factory.mktemp("bundle") / "tiny"
    bundle.save(str(path), network, config=config, metrics={}, training={})
    return path


@pytest.fixture(scope="session")
def draw_png():
    """Makes PNG bytes of a gray noise image: `draw_png(seed, width, height)`."""

    def draw(seed: int, width: int = 48, height: int = 48) -> bytes:
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        return file.getvalue()

    return draw
