"""What recordings do to faces, as changes of a known strength.

After Hendrycks and Dietterich 2019, arXiv:1903.12261, with the changes that matter to small gray
faces from a detector. Every change takes and gives uint8 [n, 48, 48, 1], and is the same each time.
"""

import functools
import io
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageFilter

from model.views import shift


class Change(NamedTuple):
    """One change at one strength."""

    name: str
    strength: float
    unit: str
    apply: Callable[[np.ndarray], np.ndarray]


def _each(change: Callable[[Image.Image], Image.Image], faces: np.ndarray) -> np.ndarray:
    """Applies a change of a Pillow image to every face."""
    changed = [np.asarray(change(Image.fromarray(face[:, :, 0]))) for face in faces]
    return np.stack(changed)[..., None]


def _scale(factor: float, image: Image.Image) -> Image.Image:
    """Grows the face about the centre; where it shrinks, the edge is repeated."""
    return _affine(image, 1 / factor, 0.0)


def _rotate(degrees: float, image: Image.Image) -> Image.Image:
    angle = np.deg2rad(degrees)
    return _affine(image, float(np.cos(angle)), float(np.sin(angle)))


def _affine(image: Image.Image, along: float, across: float) -> Image.Image:
    """Takes output pixel p to the input pixel at [[along, across], [-across, along]] p."""
    margin = image.width // 2  # so wide an edge that no corner looks beyond it
    padded = Image.fromarray(np.pad(np.asarray(image), margin, "edge"))
    center = padded.width / 2  # Pillow's pixels have their centres at halves.
    offset = (center - along * center - across * center, center + across * center - along * center)
    matrix = (along, across, offset[0], -across, along, offset[1])
    changed = padded.transform(
        padded.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR
    )
    return changed.crop((margin, margin, margin + image.width, margin + image.height))


def _blur(sigma: float, image: Image.Image) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(sigma))


def _compress(quality: int, image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file)


def _darken(factor: float, faces: np.ndarray) -> np.ndarray:
    return np.round(faces * factor).astype(np.uint8)


def _add_noise(sigma: float, faces: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(0).normal(0, sigma, faces.shape)
    return np.clip(np.round(faces + noise), 0, 255).astype(np.uint8)


def _change(name: str, strength: float, unit: str, apply: Callable[..., np.ndarray]) -> Change:
    return Change(name, strength, unit, functools.partial(apply, strength))


def _of_images(change: Callable[..., Image.Image]) -> Callable[..., np.ndarray]:
    return lambda strength, faces: _each(functools.partial(change, strength), faces)


def _shift(pixels: int, faces: np.ndarray) -> np.ndarray:
    return shift(faces, pixels, pixels)


CHANGES = (
    *(_change("shift, right and down", pixels, "px", _shift) for pixels in (2, 4, 6)),
    *(_change("scale", factor, "times", _of_images(_scale)) for factor in (0.85, 1.15)),
    *(_change("rotation", degrees, "degrees", _of_images(_rotate)) for degrees in (10, 20)),
    *(_change("Gaussian blur", sigma, "px", _of_images(_blur)) for sigma in (1, 2)),
    *(_change("JPEG quality", quality, "of 100", _of_images(_compress)) for quality in (50, 20)),
    *(_change("brightness", factor, "times", _darken) for factor in (0.5, 0.25)),
    *(_change("Gaussian noise", sigma, "gray levels", _add_noise) for sigma in (10, 20)),
)


def changed(
    classify: Callable[[np.ndarray], np.ndarray], change: Change
) -> Callable[[np.ndarray], np.ndarray]:
    """Returns a classifier that sees the faces (uint8 [n, 48, 48, 1]) after a change."""
    return lambda faces: classify(change.apply(faces))
