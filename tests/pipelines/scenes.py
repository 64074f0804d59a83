"""Pictures in which it is known where the faces are, from one photo of one face."""

import pathlib

import numpy as np
from PIL import Image

PHOTO = pathlib.Path(__file__).parent / "photos" / "astronaut.jpg"
FACE_SHARE = 105 / 240  # of the photo's width is what full range calls the face
GRAY = 110


def photo(side: int = 240) -> np.ndarray:
    """The astronaut, uint8 [side, side, 3]."""
    with Image.open(PHOTO) as image:
        return np.asarray(image.resize((side, side), Image.Resampling.LANCZOS))


def scene(width: int, height: int, *places: tuple[int, int, int]) -> np.ndarray:
    """A gray wall, uint8 [height, width, 3], with the photo at each (left, top, side)."""
    pixels = np.full((height, width, 3), GRAY, np.uint8)
    for left, top, side in places:
        pixels[top : top + side, left : left + side] = photo(side)
    return pixels


def noise(width: int, height: int) -> np.ndarray:
    """uint8 [height, width, 3]"""
    return np.random.default_rng(2013).integers(0, 256, (height, width, 3), dtype=np.uint8)
