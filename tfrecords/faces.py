"""From bytes to the one kind of face: gray uint8 [48, 48, 1], for training and for scoring alike.

Whatever arrives is made upright (EXIF), gray (ITU-R BT.601 luma, as FER2013's), 8 bits deep and
opaque, cut to its centre square and brought to 48x48: by exact area averaging where it is larger,
bilinearly where it is smaller. A gray 48x48 image passes through unchanged, pixel by pixel.
"""

import functools
import io

import numpy as np
from PIL import Image, ImageOps

from .schema import FACE_SHAPE

SIDE = FACE_SHAPE[0]  # pixels
MIN_SIDE = 8  # pixels; below this nothing of a face is left
MAX_PIXELS = 64 << 20  # 64 Mi pixels; a decompression bomb is refused before it is decoded

# Decoders that are safe on untrusted bytes; EPS, for one, would start an interpreter.
_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF", "JPEG2000")
_BACKGROUND = 255  # white, on which transparent images are drawn to be seen


class FaceError(ValueError):
    """Bytes from which no face can be made; the message says why."""


def face_from_bytes(data: bytes, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Decodes an image file that shows one face.

    Args:
        data: A whole JPEG, PNG, WebP, BMP, GIF, TIFF, PNM, AVIF or JPEG 2000 file.
        max_pixels: Bound on width x height, checked before decoding.

    Returns:
        uint8 [48, 48, 1].

    Raises:
        FaceError: where `data` is empty, not an image, damaged, too large or too small.
    """
    return fit_face(decode_gray(data, max_pixels))


def decode_gray(data: bytes, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Decodes an image file, of an animation its first frame, to upright gray uint8 [H, W].

    Raises:
        FaceError: where `data` is empty, not an image, damaged or larger than `max_pixels`.
    """
    if not data:
        raise FaceError("file is empty")
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            _check_size(image.size, max_pixels)
            ImageOps.exif_transpose(image, in_place=True)
            return np.asarray(_to_gray(image))
    except FaceError:
        raise
    except Image.UnidentifiedImageError as error:
        raise FaceError("not an image of a known format") from error
    except Image.DecompressionBombError as error:
        raise FaceError(f"image is too large, at most {max_pixels} pixels accepted") from error
    except Exception as error:  # decoders raise OSError, SyntaxError, struct.error, IndexError, ...
        raise FaceError(f"image is damaged: {error}") from error


def fit_face(gray: np.ndarray) -> np.ndarray:
    """Brings a gray image uint8 [H, W] to uint8 [48, 48, 1]: centre square, then area average.

    Raises:
        FaceError: where a side is shorter than 8 pixels.
    """
    height, width = gray.shape
    side = min(height, width)
    if side < MIN_SIDE:
        raise FaceError(f"image is {width}x{height} pixels; a face needs {MIN_SIDE} on each side")
    top, left = (height - side) // 2, (width - side) // 2
    square = gray[top : top + side, left : left + side]
    if side > SIDE:
        square = _area_average(square)
    elif side < SIDE:
        resized = Image.fromarray(square).resize((SIDE, SIDE), Image.Resampling.BILINEAR)
        square = np.asarray(resized)
    return square.reshape(FACE_SHAPE)


def gray_from_rgb(pixels: np.ndarray) -> np.ndarray:
    """Turns a colour image, uint8 [H, W, 3], to gray uint8 [H, W], as `decode_gray` does."""
    return np.asarray(_to_gray(Image.fromarray(pixels)))


def _check_size(size: tuple[int, int], max_pixels: int) -> None:
    width, height = size
    if width * height > max_pixels:
        got = f"{width}x{height} pixels"
        raise FaceError(f"image is too large: {got}, at most {max_pixels} accepted")


def _to_gray(image: Image.Image) -> Image.Image:
    if image.mode == "L":
        return image
    if image.mode.startswith("I;16"):  # convert("L") would clip instead of scale
        return Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    if image.mode in ("I", "F"):
        raise FaceError(f"image has {image.mode} pixels (32 bits each); 8 or 16 bits are accepted")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        background = Image.new("RGBA", image.size, (_BACKGROUND,) * 4)
        image = Image.alpha_composite(background, image)
    if image.mode not in ("1", "RGB"):
        image = image.convert("RGB")  # CMYK, palettes, LAB, YCbCr have no direct way to gray
    return image.convert("L")


def _area_average(square: np.ndarray) -> np.ndarray:
    weights = _area_weights(square.shape[0])
    averaged = weights @ square.astype(np.float32) @ weights.T
    return np.rint(averaged).astype(np.uint8)


@functools.lru_cache(maxsize=64)
def _area_weights(side: int) -> np.ndarray:
    """Returns float32 [48, side]: the share of each source pixel in each target pixel."""
    edges = np.arange(SIDE + 1) * side / SIDE  # of the target pixels, in source pixels
    left, right = edges[:-1, None], edges[1:, None]
    pixel = np.arange(side)
    overlap = np.minimum(right, pixel + 1) - np.maximum(left, pixel)
    return (np.clip(overlap, 0, None) * SIDE / side).astype(np.float32)
