"""What a network says of a whole split."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from model import input_pipeline


def predict(
    classify: Callable[[tf.Tensor], tf.Tensor], dataset: str, split: str
) -> tuple[np.ndarray, np.ndarray]:
    """Classifies the examples of a split, in its order.

    Args:
        classify: Takes uint8 [b, 48, 48, 1] to probabilities float32 [b, 7]; a tf.function to
            be fast.

    Returns:
        Probabilities float32 [n, 7] and labels int64 [n].
    """
    batches = input_pipeline.evaluation_batches(dataset, split)
    pairs = [(classify(images), labels) for images, labels in batches]
    probabilities, targets = zip(*pairs, strict=True)
    return np.concatenate(probabilities), np.concatenate(targets)
