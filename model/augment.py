"""Random changes to training images: one projective transform of the whole batch, and more."""

import math

import tensorflow as tf

from model.config import Augmentation
from tfrecords.schema import FACE_SHAPE

_STREAMS = {
    "flip": 0,
    "rotation": 1,
    "zoom": 2,
    "shift": 3,
    "erase": 4,
    "mixup": 5,
    "blur": 6,
    "noise": 7,
}
_BLUR_SIGMA, _BLUR_RADIUS = 1.5, 4  # pixels
_GRAY = 128


def augment(images: tf.Tensor, seed: tf.Tensor, ranges: Augmentation) -> tf.Tensor:
    """Changes each image at random.

    Flips, turns, scales and shifts it in a single resampling; then it is blurred, gets noise, and
    a part of it is erased.

    Args:
        images: uint8 [B, 48, 48, 1].
        seed: int32 [2]; the same seed gives the same changes.
        ranges: How strong the changes may be.

    Returns:
        uint8 [B, 48, 48, 1]; what comes in from outside repeats the nearest edge pixel.
    """
    images = project(images, _transforms(tf.shape(images)[0], seed, ranges))
    if ranges.blur or ranges.noise:
        images = _degrade(images, seed, ranges)
    return _erase(images, seed, ranges.erase_px) if ranges.erase_px else images


def project(images: tf.Tensor, transforms: tf.Tensor) -> tf.Tensor:
    """Resamples uint8 [B, 48, 48, 1] by one projective transform [B, 8] an image, as uint8.

    The transform takes output pixels to input pixels; outside, the edge is repeated.
    """
    changed = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, tf.float32),
        transforms=transforms,
        output_shape=FACE_SHAPE[:2],
        interpolation="BILINEAR",
        fill_mode="NEAREST",
        fill_value=0.0,
    )
    return tf.cast(tf.round(changed), tf.uint8)


def affine(angle: tf.Tensor, scale: tf.Tensor, mirror: tf.Tensor, shift: tf.Tensor) -> tf.Tensor:
    """Transforms [B, 8] about the image's centre, for `project`.

    Args:
        angle: Radians, float32 [B].
        scale: Factor by which the face grows, float32 [B].
        mirror: -1 where left and right change places, else 1; float32 [B].
        shift: Pixels by x and by y, float32 [2, B].
    """
    cosine, sine = tf.cos(angle) / scale, tf.sin(angle) / scale
    x_of_x, x_of_y = cosine * mirror, -sine
    y_of_x, y_of_y = sine * mirror, cosine
    center_y, center_x = (FACE_SHAPE[0] - 1) / 2, (FACE_SHAPE[1] - 1) / 2
    x_offset = center_x - x_of_x * center_x - x_of_y * center_y + shift[0]
    y_offset = center_y - y_of_x * center_x - y_of_y * center_y + shift[1]
    zero = tf.zeros_like(cosine)
    rows = [x_of_x, x_of_y, x_offset, y_of_x, y_of_y, y_offset, zero, zero]
    return tf.stack(rows, axis=1)


def mixup(
    images: tf.Tensor, targets: tf.Tensor, seed: tf.Tensor, alpha: float
) -> tuple[tf.Tensor, tf.Tensor]:
    """Blends each image and its target with the next one's (Zhang et al. 2018, arXiv:1710.09412).

    Args:
        images: uint8 [B, 48, 48, 1].
        targets: Probabilities of the labels, float32 [B, 7].
        seed: int32 [2].
        alpha: Parameter of the symmetric beta distribution of the shares.
    """
    stream_seed = tf.random.experimental.stateless_fold_in(seed, _STREAMS["mixup"])
    draws = tf.random.stateless_gamma([2, tf.shape(images)[0]], stream_seed, alpha)
    tiny = 1e-30  # Both draws may round to 0.
    share = (draws[0] + tiny) / (draws[0] + draws[1] + 2 * tiny)  # beta distributed
    share = tf.minimum(share, 1.0 - share)  # Of the second; the first stays the stronger.
    pixels = tf.cast(images, tf.float32)
    mixed = pixels + share[:, None, None, None] * (tf.roll(pixels, 1, axis=0) - pixels)
    targets += share[:, None] * (tf.roll(targets, 1, axis=0) - targets)
    return tf.cast(tf.round(mixed), tf.uint8), targets


def _transforms(count: tf.Tensor, seed: tf.Tensor, ranges: Augmentation) -> tf.Tensor:
    angle = _uniform(count, seed, "rotation", math.radians(ranges.rotation_degrees))
    scale = 1.0 + _uniform(count, seed, "zoom", ranges.zoom)
    mirror = tf.where(_uniform(count, seed, "flip", 1.0) < 0.0, -1.0, 1.0)
    if not ranges.flip:
        mirror = tf.ones_like(mirror)
    shift = tf.reshape(_uniform(2 * count, seed, "shift", ranges.shift_px), (2, count))
    return affine(angle, scale, mirror, shift)


def _degrade(images: tf.Tensor, seed: tf.Tensor, ranges: Augmentation) -> tf.Tensor:
    """Blurs and adds noise, each image by a strength of its own, from nothing to the bound."""
    count = tf.shape(images)[0]
    pixels = tf.cast(images, tf.float32)
    if ranges.blur:
        share = tf.abs(_uniform(count, seed, "blur", ranges.blur))[:, None, None, None]
        pixels += share * (_blurred(pixels) - pixels)
    if ranges.noise:
        stream_seed = tf.random.experimental.stateless_fold_in(seed, _STREAMS["noise"])
        deviation = tf.abs(_uniform(count, seed, "noise", ranges.noise))[:, None, None, None]
        pixels += deviation * tf.random.stateless_normal(tf.shape(images), stream_seed)
    return tf.cast(tf.clip_by_value(tf.round(pixels), 0.0, 255.0), tf.uint8)


def _blurred(pixels: tf.Tensor) -> tf.Tensor:
    """Float [B, 48, 48, 1] after a Gaussian filter, the edge repeated."""
    places = tf.range(-_BLUR_RADIUS, _BLUR_RADIUS + 1, dtype=tf.float32)
    weights = tf.nn.softmax(-tf.square(places) / (2 * _BLUR_SIGMA**2))
    for axis in (1, 2):
        edges = [
            tf.repeat(tf.gather(pixels, [place], axis=axis), _BLUR_RADIUS, axis=axis)
            for place in (0, pixels.shape[axis] - 1)
        ]
        padded = tf.concat([edges[0], pixels, edges[1]], axis=axis)
        shape = [1, 1, 1, 1]
        shape[axis - 1] = 2 * _BLUR_RADIUS + 1
        pixels = tf.nn.conv2d(padded, tf.reshape(weights, shape), 1, "VALID")
    return pixels


def _erase(images: tf.Tensor, seed: tf.Tensor, side: int) -> tf.Tensor:
    """Paints a square of each image gray, part of which may lie outside (DeVries, Taylor 2017)."""
    height, width = FACE_SHAPE[:2]
    center = tf.reshape(_uniform(2 * tf.shape(images)[0], seed, "erase", 1.0), (2, -1, 1))
    in_rows = tf.abs(tf.range(height, dtype=tf.float32) - (center[0] + 1) * height / 2) < side / 2
    in_columns = tf.abs(tf.range(width, dtype=tf.float32) - (center[1] + 1) * width / 2) < side / 2
    erased = in_rows[:, :, None] & in_columns[:, None, :]
    return tf.where(erased[..., None], tf.constant(_GRAY, tf.uint8), images)


def _uniform(count: tf.Tensor, seed: tf.Tensor, stream: str, limit: float) -> tf.Tensor:
    """float32 [count] in [-limit, limit)."""
    stream_seed = tf.random.experimental.stateless_fold_in(seed, _STREAMS[stream])
    return tf.random.stateless_uniform([count], stream_seed, -1.0, 1.0) * limit
