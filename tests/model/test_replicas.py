"""The devices that train together."""

import dataclasses
import subprocess
import sys

import pytest

from model import replicas
from tfrecords.errors import JobError


def test_one_processor_by_default():
    assert replicas.make_strategy(None).num_replicas_in_sync == 1


def test_processor_is_split(two_replicas):
    devices = two_replicas.extended.worker_devices
    assert [device[-5:] for device in devices] == ["CPU:0", "CPU:1"]


def test_too_late_to_split():
    with pytest.raises(JobError, match="into 5 replicas: TensorFlow has already started with 2"):
        replicas.make_strategy(5)


def test_more_replicas_than_gpus(monkeypatch):
    monkeypatch.setattr(replicas.tf.config, "list_physical_devices", lambda kind: ["a", "b"])
    monkeypatch.setattr(replicas.tf.config, "list_logical_devices", lambda kind: ["a", "b"])
    with pytest.raises(JobError, match=r"--replicas 3 asks for more GPUs .* has \(2\)"):
        replicas.make_strategy(3)


def test_batch_smaller_than_replicas(two_replicas, tiny_config):
    config = dataclasses.replace(tiny_config, batch_size=1)
    with pytest.raises(JobError, match="--batch-size 1 is smaller than the number of replicas, 2"):
        replicas.fit_to_machine(config, two_replicas, "auto")


def test_machine_fills_in_the_config(two_replicas, tiny_config):
    config = replicas.fit_to_machine(tiny_config, two_replicas, "float16")
    assert (config.replicas, config.precision) == (2, "float16")


def test_deterministic_operations():
    code = (
        "import dataclasses, tensorflow as tf\n"
        "from tensorflow.python.framework.config import is_op_determinism_enabled\n"
        "from model import recipes, replicas\n"
        "recipe = dataclasses.replace(recipes.RECIPES['fast'], deterministic=True)\n"
        "replicas.fit_to_machine(recipe, replicas.make_strategy(1), 'auto')\n"
        "assert is_op_determinism_enabled()\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
