"""One network in training: the step over all replicas, and the measuring."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from model import input_pipeline, layers, networks, optimizers, schedules
from model.config import TrainConfig
from model.loss_scale import LossScale
from model.precision import KERAS_POLICIES
from model.predictions import predict
from tfrecords.labels import LABELS


class Scores(NamedTuple):
    """Mean loss (cross-entropy without penalties or smoothing) and accuracy over examples."""

    loss: float
    accuracy: float


class Trainer:
    """Holds network, optimiser and the running sums of an epoch, mirrored over the replicas."""

    def __init__(
        self, config: TrainConfig, strategy: tf.distribute.Strategy, dataset: str, steps: int
    ):
        """`steps` is the number of steps in an epoch."""
        self.config, self.dataset, self.steps = config, dataset, steps
        self._strategy = strategy
        with strategy.scope():
            self.network = networks.build(
                config.network,
                precision=KERAS_POLICIES[config.precision],
                seed=config.seed,
                l2=config.l2,
                dropout=config.dropout,
            )
            self._logits = networks.logits_of(self.network)
            self._optimizer = optimizers.OPTIMIZERS[config.optimizer](
                self._trainable(), weight_decay=config.weight_decay
            )
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._sums = tf.Variable(tf.zeros([3], tf.float64), trainable=False)
        self._loss_scale = LossScale(dynamic=config.precision == "float16")

    def state(self) -> dict[str, Any]:
        """All that changes in training, for tf.train.Checkpoint."""
        return {
            "variables": [variable.value for variable in self.network.variables],
            "optimizer": self._optimizer,
            "step": self.step,
            "sums": self._sums,
            "loss_scale": self._loss_scale,
        }

    def rest_of_epoch(self) -> Iterator[Any]:
        """An iterator over the batches from the current step to the end of its epoch."""
        batches = input_pipeline.train_batches(
            self.dataset, self.config, first_step=int(self.step), steps=self.steps
        )
        # Ready-made slices: tf.distribute itself would cut the last batch wrong.
        return iter(self._strategy.distribute_datasets_from_function(lambda _: batches))

    def learning_rate(self) -> float:
        """The rate of the next step."""
        return float(self._rate())

    def epoch_scores(self) -> Scores:
        """What the network reached on the epoch's training batches so far, as it learnt."""
        loss, correct, count = self._sums.numpy() + (0, 0, 1e-12)
        return Scores(loss / count, correct / count)

    def start_epoch(self) -> None:
        """Sets the running sums to zero."""
        self._sums.assign(tf.zeros([3], tf.float64))

    @tf.function
    def train_step(self, iterator: Iterator[Any]) -> None:
        """Takes the next global batch and updates the network by it."""
        images, targets = next(iterator)
        arguments = (images, targets, self._rate(), tf.identity(self.step))
        sums, finite = self._strategy.run(self._replica_step, arguments)
        self._sums.assign_add(self._strategy.reduce("SUM", sums, axis=None))
        self._loss_scale.update(self._strategy.experimental_local_results(finite)[0])
        self.step.assign_add(1)

    def _rate(self) -> tf.Tensor:
        return schedules.learning_rate(self.config, self.step, self.steps * self.config.epochs)

    def _trainable(self) -> list[tf.Variable]:
        return [variable.value for variable in self.network.trainable_variables]

    def _replica_step(
        self, images: tf.Tensor, targets: tf.Tensor, rate: tf.Tensor, step: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Forward, backward and update on one replica's slice of the batch.

        Returns (sums of loss, correct and count, float64 [3]; whether the gradients were finite).
        """
        replica = tf.distribute.get_replica_context().replica_id_in_sync_group
        seed = tf.stack([self.config.seed, tf.cast(step, tf.int32)])
        seed = tf.random.experimental.stateless_fold_in(seed, replica)
        images, targets, present = self._filled(images, targets)
        variables = self._trainable()
        with tf.GradientTape() as tape, layers.step_scope(layers.Step(seed, present)):
            logits = self._logits(images, training=True)
            loss = self._loss(logits, targets, present)
            scaled = self._loss_scale.scale(loss)
        gradients = self._loss_scale.unscale(self._sum_up(tape.gradient(scaled, variables)))
        finite = self._loss_scale.all_finite(gradients)
        self._loss_scale.when(finite, lambda: self._optimizer.apply(gradients, rate, step))
        return _batch_sums(logits, targets) * tf.cast(present, tf.float64), finite

    def _filled(
        self, images: tf.Tensor, targets: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor | float]:
        """Makes up a black image for a replica that got none, and says (0.0) that it did.

        TensorFlow's convolution with oneDNN gives an empty batch a wrong shape.
        """
        if self.config.replicas == 1:
            return images, targets, 1.0
        missing = 1 - tf.minimum(tf.size(targets), 1)
        images = tf.pad(images, [[0, missing], [0, 0], [0, 0], [0, 0]])
        return images, tf.pad(targets, [[0, missing]]), 1.0 - tf.cast(missing, tf.float32)

    def _loss(self, logits: tf.Tensor, targets: tf.Tensor, present: tf.Tensor | float) -> tf.Tensor:
        """This replica's part of the loss: the parts of all add up to that of the whole batch."""
        smoothing = self.config.label_smoothing
        expected = tf.one_hot(targets, len(LABELS)) * (1 - smoothing) + smoothing / len(LABELS)
        losses = tf.nn.softmax_cross_entropy_with_logits(expected, logits)
        count = self._sum_up(present * tf.cast(tf.size(targets), tf.float32))
        loss = present * tf.reduce_sum(losses) / count
        penalties = self.network.losses
        if penalties:
            loss += tf.add_n(penalties) / self.config.replicas
        return loss

    def _sum_up(self, values: Any) -> Any:
        """Sums over the replicas; every replica gets the same."""
        if self.config.replicas == 1:
            return values
        return tf.distribute.get_replica_context().all_reduce("SUM", values)

    def evaluate(self, split: str) -> Scores:
        """Measures the network as it is on a whole split."""
        probabilities, targets = predict(self._classify, self.dataset, split)
        chosen = probabilities[np.arange(len(targets)), targets]
        losses = -np.log(np.maximum(chosen, np.finfo(np.float32).tiny))
        hits = probabilities.argmax(axis=1) == targets
        return Scores(float(losses.mean()), float(hits.mean()))

    @tf.function(reduce_retracing=True)
    def _classify(self, images: tf.Tensor) -> tf.Tensor:
        return self.network(images, training=False)

    def float32_network(self) -> keras.Model:
        """A copy of the network that computes in float32, outside any strategy."""
        copy = networks.build(self.config.network, dropout=self.config.dropout)
        copy.set_weights(self.network.get_weights())
        return copy


def _batch_sums(logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
    hits = tf.equal(tf.argmax(logits, axis=1), targets)
    sums = [tf.reduce_sum(losses), tf.reduce_sum(tf.cast(hits, tf.float32))]
    return tf.cast(tf.stack([*sums, tf.cast(tf.size(targets), tf.float32)]), tf.float64)
