"""Trained models from whose probabilities another one learns."""

import keras
import tensorflow as tf

from model import bundle, networks
from model.config import Distillation
from model.precision import KERAS_POLICIES


class Teachers:
    """The mean of the probabilities of several models, in the precision of the training."""

    def __init__(self, distillation: Distillation, precision: str):
        """Raises JobError where a bundle cannot be loaded."""
        self._share = distillation.share
        self._networks = [_network(bundle.load(each), precision) for each in distillation.teachers]

    def targets(self, images: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        """Mixes the teachers' probabilities (float32 [b, 7]) for the images into the targets."""
        taught = tf.add_n([network(images, training=False) for network in self._networks])
        return (1 - self._share) * targets + self._share / len(self._networks) * taught


def _network(trained: bundle.Bundle, precision: str) -> keras.Model:
    network = networks.build(trained.info["network"], precision=KERAS_POLICIES[precision])
    network.set_weights(trained.network().get_weights())
    network.trainable = False
    return network
