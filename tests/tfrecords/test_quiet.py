import os
import subprocess
import sys

LEVEL = "TF_CPP_MIN_LOG_LEVEL"
CODE = "from tfrecords import quiet; quiet.import_tensorflow(); import tensorflow as tf; {}"


def stderr_of(statement: str, **environment: str) -> str:
    command = [sys.executable, "-c", CODE.format(statement)]
    inherited = {name: value for name, value in os.environ.items() if name != LEVEL}
    environment = inherited | environment
    return subprocess.run(command, capture_output=True, text=True, env=environment).stderr


def test_tensorflow_says_nothing_unasked():
    assert stderr_of("tf.zeros([2]) + 1") == ""


def test_nor_in_a_child_of_a_process_that_hid_it():
    assert stderr_of("tf.zeros([2]) + 1", **{LEVEL: "3"}) == ""


def test_tensorflow_speaks_when_asked():
    assert "oneDNN" in stderr_of("", **{LEVEL: "0"})


def test_errors_are_still_seen():
    assert "ValueError: boom" in stderr_of("raise ValueError('boom')")
