"""Random changes to training images, as one projective transform of the whole batch."""

import math

import tensorflow as tf

from model.config import Augmentation
from tfrecords.schema import FACE_SHAPE

_STREAMS = {"flip": 0, "rotation": 1, "zoom": 2, "shift": 3}


def augment(images: tf.Tensor, seed: tf.Tensor, ranges: Augmentation) -> tf.Tensor:
    """Flips, turns, scales and shifts each image at random, all in a single resampling.

    Args:
        images: uint8 [B, 48, 48, 1].
        seed: int32 [2]; the same seed gives the same changes.
        ranges: How strong the changes may be.

    Returns:
        uint8 [B, 48, 48, 1]; what comes in from outside repeats the nearest edge pixel.
    """
    transforms = _transforms(tf.shape(images)[0], seed, ranges)
    changed = tf.raw_ops.ImageProjectiveTransformV3(
        images=tf.cast(images, tf.float32),
        transforms=transforms,
        output_shape=FACE_SHAPE[:2],
        interpolation="BILINEAR",
        fill_mode="NEAREST",
        fill_value=0.0,
    )
    return tf.cast(tf.round(changed), tf.uint8)


def _transforms(count: tf.Tensor, seed: tf.Tensor, ranges: Augmentation) -> tf.Tensor:
    """One row [8] an image that takes output pixels to input pixels about the centre."""
    angle = _uniform(count, seed, "rotation", math.radians(ranges.rotation_degrees))
    scale = 1.0 + _uniform(count, seed, "zoom", ranges.zoom)
    mirror = tf.where(_uniform(count, seed, "flip", 1.0) < 0.0, -1.0, 1.0)
    if not ranges.flip:
        mirror = tf.ones_like(mirror)
    shift = tf.reshape(_uniform(2 * count, seed, "shift", ranges.shift_px), (2, count))
    cosine, sine = tf.cos(angle) / scale, tf.sin(angle) / scale
    x_of_x, x_of_y = cosine * mirror, -sine
    y_of_x, y_of_y = sine * mirror, cosine
    center_y, center_x = (FACE_SHAPE[0] - 1) / 2, (FACE_SHAPE[1] - 1) / 2
    x_offset = center_x - x_of_x * center_x - x_of_y * center_y + shift[0]
    y_offset = center_y - y_of_x * center_x - y_of_y * center_y + shift[1]
    zero = tf.zeros_like(cosine)
    rows = [x_of_x, x_of_y, x_offset, y_of_x, y_of_y, y_offset, zero, zero]
    return tf.stack(rows, axis=1)


def _uniform(count: tf.Tensor, seed: tf.Tensor, stream: str, limit: float) -> tf.Tensor:
    """float32 [count] in [-limit, limit)."""
    stream_seed = tf.random.experimental.stateless_fold_in(seed, _STREAMS[stream])
    return tf.random.stateless_uniform([count], stream_seed, -1.0, 1.0) * limit
