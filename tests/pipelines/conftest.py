"""Fixtures of the pipelines' tests: images of several kinds."""

import io

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def draw_png():
    """Makes PNG bytes of a gray noise image: `draw_png(seed, width, height)`."""

    def draw(seed: int, width: int = 48, height: int = 48) -> bytes:
        pixels = np.random.default_rng(seed).integers(0, 256, (height, width), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        return file.getvalue()

    return draw
