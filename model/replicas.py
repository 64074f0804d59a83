"""The devices that train together: all GPUs, or the processor, whole or in logical parts."""

import dataclasses

import tensorflow as tf

from model import precision
from model.config import TrainConfig
from tfrecords.errors import JobError


def make_strategy(replicas: int | None) -> tf.distribute.MirroredStrategy:
    """Mirrors the network over `replicas` devices; None takes all GPUs, else the processor.

    On a machine without a GPU the processor is split into logical devices, which is of use for
    tests only, and must happen before TensorFlow first computes anything.

    Raises:
        JobError: there are GPUs, but fewer than `replicas`; or TensorFlow has already started.
    """
    gpus = tf.config.list_logical_devices("GPU") if tf.config.list_physical_devices("GPU") else []
    if not gpus:
        return tf.distribute.MirroredStrategy(_processors(replicas or 1))
    if replicas is not None and replicas > len(gpus):
        raise JobError(
            f"--replicas {replicas} asks for more GPUs than this machine has ({len(gpus)}); "
            "ask for fewer, or leave --replicas out to use all"
        )
    return tf.distribute.MirroredStrategy([gpu.name for gpu in gpus[:replicas]])


def _processors(replicas: int) -> list[str]:
    if replicas > 1:
        split_processor(replicas)
    return [device.name for device in tf.config.list_logical_devices("CPU")[:replicas]]


def split_processor(replicas: int) -> None:
    """Makes so many logical devices of the processor, which all use its cores.

    Raises:
        JobError: TensorFlow has already started with fewer.
    """
    processor = tf.config.list_physical_devices("CPU")[0]
    parts = [tf.config.LogicalDeviceConfiguration()] * replicas
    try:
        tf.config.set_logical_device_configuration(processor, parts)
    except RuntimeError as error:  # TensorFlow has started; its devices are what they are.
        available = len(tf.config.list_logical_devices("CPU"))
        if available < replicas:
            raise JobError(
                f"cannot split the processor into {replicas} replicas: TensorFlow has already "
                f"started with {available}; train in a process of its own"
            ) from error


def compute_capabilities(strategy: tf.distribute.Strategy) -> list[tuple[int, int]]:
    """The compute capability of each GPU of the strategy; empty on a processor."""
    if "GPU" not in strategy.extended.worker_devices[0].upper():
        return []
    details = [
        tf.config.experimental.get_device_details(gpu)
        for gpu in tf.config.list_physical_devices("GPU")[: strategy.num_replicas_in_sync]
    ]
    return [detail["compute_capability"] for detail in details]


def fit_to_machine(
    config: TrainConfig, strategy: tf.distribute.Strategy, requested_precision: str
) -> TrainConfig:
    """Fills in what the machine decides, and makes operations deterministic if config says so.

    Raises:
        JobError: the batch is smaller than the number of replicas.
    """
    count = strategy.num_replicas_in_sync
    if config.batch_size < count:
        raise JobError(
            f"--batch-size {config.batch_size} is smaller than the number of replicas, {count}: "
            "each needs at least one example a step"
        )
    if config.deterministic:
        tf.random.set_seed(config.seed)  # The next line wants it; all that is drawn is stateless.
        tf.config.experimental.enable_op_determinism()
    chosen = precision.choose(
        requested_precision, precision.cpu_flags(), compute_capabilities(strategy)
    )
    return dataclasses.replace(config, precision=chosen, replicas=count)
