"""One network in training: the step over all replicas, and the measuring."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from model import bundle, input_pipeline, layers, networks, optimizers, schedules
from model.averages import Averages
from model.clock import Clock
from model.config import TrainConfig
from model.early_stopping import EarlyStopping
from model.loss_scale import LossScale
from model.objective import Objective
from model.precision import KERAS_POLICIES
from model.predictions import predict
from model.teachers import Teachers
from tfrecords import manifest
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
        """`steps` is the number of steps in an epoch; raises JobError for a bad init or teacher."""
        self.config, self.dataset, self.steps = config, dataset, steps
        self._strategy = strategy
        with strategy.scope():
            self.network = self._build()
            if config.init:
                self.network.set_weights(bundle.load(config.init).network().get_weights())
            # What is measured and shipped: the network, or the moving average of its weights.
            self.result = self._build() if config.ema else self.network
            self._logits = networks.logits_of(self.network)
            self._optimizer = optimizers.BUILDERS[config.optimizer](
                self._trainable(), weight_decay=config.weight_decay
            )
            teaching = config.distillation
            self._teachers = Teachers(teaching, config.precision) if teaching else None
        self._averages = self._averaging() if config.ema else None
        self._objective = Objective(config, _labels_taking_part(config, dataset))
        self.stopping = EarlyStopping(_values(self.result), config.patience)
        self.clock = Clock(config, steps)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._sums = tf.Variable(tf.zeros([3], tf.float64), trainable=False)
        self._loss_scale = LossScale(dynamic=config.precision == "float16")

    def _build(self) -> keras.Model:
        return networks.build(
            self.config.network,
            precision=KERAS_POLICIES[self.config.precision],
            seed=self.config.seed,
            l2=self.config.l2,
            dropout=self.config.dropout,
        )

    def _averaging(self) -> Averages:
        self.result.set_weights(self.network.get_weights())
        return Averages(_values(self.result), _values(self.network), self.config.ema)

    def state(self) -> dict[str, Any]:
        """All that changes in training, for tf.train.Checkpoint."""
        return {
            "variables": _values(self.network),
            "result": _values(self.result),
            "optimizer": self._optimizer,
            "step": self.step,
            "sums": self._sums,
            "clock": self.clock,
            "stopping": self.stopping,
            "loss_scale": self._loss_scale,
        }

    def rest_of_epoch(self) -> Iterator[Any]:
        """An iterator over the batches from the current step to the end of its epoch."""
        step = int(self.step)
        batches = input_pipeline.train_batches(
            self.dataset,
            self.config,
            first_step=step,
            steps=self.steps,
            progress=self.clock.progress(step - step % self.steps),
        )
        # Ready-made slices: tf.distribute itself would cut the last batch wrong.
        return iter(self._strategy.distribute_datasets_from_function(lambda _: batches))

    def learning_rate(self) -> float:
        """The rate of the next step."""
        return float(self._rate(self._progress()))

    def epoch_scores(self) -> Scores:
        """What the network reached on the epoch's training batches so far, as it learnt."""
        loss, correct, count = self._sums.numpy() + (0, 0, 1e-12)
        return Scores(loss / count, correct / count)

    def start_epoch(self) -> None:
        """Sets the running sums to zero."""
        self._sums.assign(tf.zeros([3], tf.float64))

    def train_step(self, batches: Iterator[Any]) -> None:
        """Takes the next global batch and updates the network by it."""
        self._train_step(batches, self._progress())

    @tf.function
    def _train_step(self, batches: Iterator[Any], progress: tf.Tensor) -> None:
        images, targets = next(batches)
        arguments = (images, targets, self._rate(progress), tf.identity(self.step))
        sums, finite = self._strategy.run(self._replica_step, arguments)
        self._sums.assign_add(self._strategy.reduce("SUM", sums, axis=None))
        self._loss_scale.update(self._strategy.experimental_local_results(finite)[0])
        self.step.assign_add(1)

    def _progress(self) -> tf.Tensor:
        return tf.constant(self.clock.progress(int(self.step)))

    def _rate(self, progress: tf.Tensor) -> tf.Tensor:
        return schedules.learning_rate(self.config, self.step, progress)

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
        scope = layers.Step(seed, present, self.config.freeze_statistics)
        with tf.GradientTape() as tape, layers.step_scope(scope):
            logits = self._logits(images, training=True)
            loss = self._loss(logits, self._taught(images, targets), present)
            scaled = self._loss_scale.scale(loss)
        gradients = self._loss_scale.unscale(self._sum_up(tape.gradient(scaled, variables)))
        finite = self._loss_scale.all_finite(gradients)
        self._loss_scale.when(finite, lambda: self._optimizer.apply(gradients, rate, step))
        if self._averages:
            self._averages.update(step)
        return _batch_sums(logits, targets) * tf.cast(present, tf.float64), finite

    def _filled(
        self, images: tf.Tensor, targets: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor | float]:
        """Makes up a black image for a replica that got none, and says (0.0) that it did.

        TensorFlow's convolution with oneDNN gives an empty batch a wrong shape.
        """
        if self.config.replicas == 1:
            return images, targets, 1.0
        missing = 1 - tf.minimum(tf.shape(targets)[0], 1)
        images = tf.pad(images, [[0, missing], [0, 0], [0, 0], [0, 0]])
        targets = tf.pad(targets, [[0, missing], [0, 0]])
        return images, targets, 1.0 - tf.cast(missing, tf.float32)

    def _taught(self, images: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
        return self._teachers.targets(images, targets) if self._teachers else targets

    def _loss(self, logits: tf.Tensor, targets: tf.Tensor, present: tf.Tensor | float) -> tf.Tensor:
        """This replica's part of the loss: the parts of all add up to that of the whole batch."""
        losses = self._objective.losses(logits, targets)
        count = self._sum_up(present * tf.cast(tf.size(losses), tf.float32))
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
        """Measures the result so far on a whole split."""
        probabilities, targets = predict(self._classify, self.dataset, split)
        chosen = probabilities[np.arange(len(targets)), targets]
        losses = -np.log(np.maximum(chosen, np.finfo(np.float32).tiny))
        hits = probabilities.argmax(axis=1) == targets
        return Scores(float(losses.mean()), float(hits.mean()))

    @tf.function(reduce_retracing=True)
    def _classify(self, images: tf.Tensor) -> tf.Tensor:
        return self.result(images, training=False)

    def float32_network(self) -> keras.Model:
        """A copy of the result that computes in float32, outside any strategy."""
        copy = networks.build(self.config.network, dropout=self.config.dropout)
        copy.set_weights(self.result.get_weights())
        return copy


def _values(network: keras.Model) -> list[tf.Variable]:
    return [variable.value for variable in network.variables]


def _labels_taking_part(config: TrainConfig, dataset: str) -> np.ndarray | None:
    """bool [7]; None for all. What a trained network knows of labels without examples it keeps."""
    if not config.init:
        return None
    counts = manifest.load(dataset).examples["train"]
    return np.array([counts.get(label, 0) > 0 for label in LABELS])


def _batch_sums(logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    losses = tf.nn.softmax_cross_entropy_with_logits(targets, logits)
    hits = tf.equal(tf.argmax(logits, axis=1), tf.argmax(targets, axis=1))
    sums = [tf.reduce_sum(losses), tf.reduce_sum(tf.cast(hits, tf.float32))]
    return tf.cast(tf.stack([*sums, tf.cast(tf.size(losses), tf.float32)]), tf.float64)
