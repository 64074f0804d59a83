"""Batches for training and for measuring, as tf.data."""

import dataclasses

import tensorflow as tf

from model.augment import augment, mixup
from model.config import Augmentation, TrainConfig
from tfrecords import reading
from tfrecords.labels import LABELS

EVALUATION_BATCH = 256  # examples; the last batch is what is left


def steps_per_epoch(examples: int, batch_size: int) -> int:
    """Steps that see every example once; the last may have fewer examples."""
    return -(-examples // batch_size)


def train_batches(
    dataset: str, config: TrainConfig, *, first_step: int, steps: int, progress: float
) -> tf.data.Dataset:
    """The rest of an epoch from global step `first_step` on, in per-replica slices.

    What a step sees is a function of the seed and the number of the step alone, so that a run
    can be taken up anywhere.

    Args:
        first_step: Step of the whole run, from 0; tells the epoch and the batches to skip.
        steps: Steps in an epoch.
        progress: Share of the run behind this epoch's start.

    Returns:
        (image uint8 [b, 48, 48, 1], target float32 [b, 7]: the probabilities of the labels,
        1 for one where images are not mixed); `config.replicas` elements in a row are
        the slices of one global batch of `config.batch_size` or, at the end, fewer.
    """
    epoch, skipped = divmod(first_step, steps)
    faces = reading.face_dataset(dataset, "train", shuffle_seed=config.seed, epoch=epoch)
    batches = faces.batch(config.batch_size).skip(skipped).map(_with_targets)
    if config.augmentation is not None:
        ranges = config.augmentation
        if progress >= ranges.mixup_until:
            ranges = dataclasses.replace(ranges, mixup=0.0)
        batches = _augmented(batches, ranges, config.seed, first_step)
    if config.replicas > 1:
        batches = batches.flat_map(lambda *batch: slices(batch, config.replicas))
    return batches.prefetch(4 * config.replicas)


def _with_targets(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return images, tf.one_hot(labels, len(LABELS))


def _augmented(
    batches: tf.data.Dataset, ranges: Augmentation, seed_of_run: int, first_step: int
) -> tf.data.Dataset:
    """Augments whole global batches, so that the result does not depend on the replicas."""

    def change(step: tf.Tensor, batch: tuple[tf.Tensor, tf.Tensor]) -> tuple[tf.Tensor, tf.Tensor]:
        images, targets = batch
        seed = tf.cast(tf.stack([tf.cast(seed_of_run, tf.int64), step]), tf.int32)
        images = augment(images, seed, ranges)
        return mixup(images, targets, seed, ranges.mixup) if ranges.mixup else (images, targets)

    return batches.enumerate(first_step).map(change, num_parallel_calls=tf.data.AUTOTUNE)


def slices(batch: tuple[tf.Tensor, ...], count: int) -> tf.data.Dataset:
    """Cuts a batch into `count` slices whose lengths differ by at most 1 and may be 0."""
    size = tf.cast(tf.shape(batch[0])[0], tf.int64)

    def slice_at(index: tf.Tensor) -> tuple[tf.Tensor, ...]:
        start, stop = index * size // count, (index + 1) * size // count
        return tuple(tensor[start:stop] for tensor in batch)

    return tf.data.Dataset.range(count).map(slice_at)


def evaluation_batches(dataset: str, split: str) -> tf.data.Dataset:
    """A split in its own order: (image uint8 [b, 48, 48, 1], label int64 [b])."""
    return reading.face_dataset(dataset, split).batch(EVALUATION_BATCH).prefetch(2)
