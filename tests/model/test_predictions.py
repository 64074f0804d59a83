"""What a network says of a whole split."""

import numpy as np
import tensorflow as tf

from model import input_pipeline
from model.predictions import predict


def _classify(images: tf.Tensor) -> tf.Tensor:
    """The place of the brightest of seven stripes, as a made-up probability."""
    means = tf.reduce_mean(tf.cast(images[:, :42, :, 0], tf.float32), axis=2)
    return tf.nn.softmax(tf.reduce_mean(tf.reshape(means, (-1, 7, 6)), axis=2))


def test_every_example_in_order(make_dataset):
    dataset = make_dataset(test=300)  # More than a batch.
    probabilities, labels = predict(_classify, dataset, "test")
    batches = list(input_pipeline.evaluation_batches(dataset, "test"))
    assert probabilities.dtype == np.float32 and probabilities.shape == (300, 7)
    np.testing.assert_array_equal(labels, np.concatenate([label for _, label in batches]))
    for image, row in zip(batches[1][0], probabilities[256:], strict=True):
        np.testing.assert_allclose(_classify(image[None])[0], row, rtol=1e-5)
