"""Data sets as tf.data: the only module of this room that needs TensorFlow."""

import numpy as np
import tensorflow as tf

from . import manifest as manifests
from .errors import JobError
from .hashing import stable_hash
from .schema import FACE_SHAPE, FEATURES

_SHUFFLE_BUFFER = 1 << 16  # examples; 160 MB, and all of FER2013: a perfect shuffle up to here
_BLOCK = 1024  # examples parsed at a time: one parse of many is 10x cheaper than many of one

_TF_FEATURES = {
    feature.name: tf.io.FixedLenFeature([], tf.int64 if feature.kind == "int64" else tf.string)
    for feature in FEATURES
}


def count(dataset: str, split: str) -> int:
    """Returns the number of examples in a split, from the manifest."""
    return manifests.load(dataset).count(split)


def face_dataset(
    dataset: str, split: str, *, shuffle_seed: int | None = None, epoch: int = 0, keys: bool = False
) -> tf.data.Dataset:
    """Reads one pass over a split.

    Args:
        dataset: Folder with `dataset.json`.
        split: One of `splits.SPLITS`.
        shuffle_seed: None reads in the order of the shards, always the same. With a seed the order
            is a function of seed and epoch alone, so that a resumed training sees what the
            uninterrupted one would have seen.
        epoch: Number of the pass, from 0.
        keys: Adds the key, for reports that name images.

    Returns:
        Elements (image uint8 [48, 48, 1], label int64 []), with `keys` also (key string []).

    Raises:
        JobError: where the data set is absent, incomplete, of another contract or lacks the split.
    """
    paths = _split_paths(dataset, split)
    if shuffle_seed is not None:
        seed = stable_hash(f"{shuffle_seed} {epoch}", "semblante shuffle 1")
        np.random.default_rng(seed).shuffle(paths)
    records = tf.data.TFRecordDataset(paths)
    if shuffle_seed is not None:
        records = records.shuffle(_SHUFFLE_BUFFER, seed=seed >> 1, reshuffle_each_iteration=False)
    parsed = records.batch(_BLOCK).map(_parse, num_parallel_calls=tf.data.AUTOTUNE)
    elements = parsed.map(lambda image, label, key: (image, label, key) if keys else (image, label))
    return elements.unbatch().apply(tf.data.experimental.assert_cardinality(count(dataset, split)))


def _split_paths(dataset: str, split: str) -> list[str]:
    manifest = manifests.load(dataset)
    if not manifest.count(split):
        raise JobError(
            f"{dataset} has no {split!r} examples; it has {', '.join(manifest.splits()) or 'none'}"
        )
    return manifest.shard_paths(dataset, split)


def _parse(records: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    fields = tf.io.parse_example(records, _TF_FEATURES)
    image = tf.reshape(tf.io.decode_raw(fields["image"], tf.uint8), (-1, *FACE_SHAPE))
    return image, fields["label"], fields["key"]
