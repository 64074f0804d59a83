import subprocess
import sys

CODE = "from tfrecords import quiet; quiet.import_tensorflow(); import tensorflow as tf; {}"


def stderr_of(statement: str) -> str:
    command = [sys.executable, "-c", CODE.format(statement)]
    return subprocess.run(command, capture_output=True, text=True).stderr


def test_tensorflow_says_nothing_unasked():
    assert stderr_of("tf.zeros([2]) + 1") == ""


def test_errors_are_still_seen():
    assert "ValueError: boom" in stderr_of("raise ValueError('boom')")
