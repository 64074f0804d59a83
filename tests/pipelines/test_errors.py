"""What a runner raises becomes one line, unless it is a bug."""

import errno
import os

import pytest

from pipelines.errors import job_error
from tfrecords.errors import JobError

STEP = " [while running 'ConvertImages/WriteShards-ptransform-42']"


def as_text(error: Exception) -> RuntimeError:
    """The error as runners with worker processes hand it on."""
    name = f"{type(error).__module__}.{type(error).__name__}".removeprefix("builtins.")
    return RuntimeError(f'Traceback (most recent call last):\n  File "x.py"\n{name}: {error}{STEP}')


def test_our_own_error_keeps_its_words():
    assert str(job_error(JobError("no faces; name others" + STEP))) == "no faces; name others"
    assert str(job_error(as_text(JobError("no faces; name others")))) == "no faces; name others"


@pytest.mark.parametrize("wrap", [lambda error: error, as_text])
def test_full_disk_says_where_and_what_to_do(wrap):
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/mnt/D/a.tfrecord")
    line = str(job_error(wrap(full)))
    assert "No space left on device: '/mnt/D/a.tfrecord'" in line
    assert line.endswith("; free some space or write to another disk")


def test_step_that_failed_is_named():
    line = str(job_error(as_text(PermissionError(13, "Permission denied", "/D"))))
    assert " in step ConvertImages/WriteShards; check the permissions of that path" in line


def test_missing_credentials_say_how_to_get_them():
    error = RuntimeError("DefaultCredentialsError: Your default credentials were not found.")
    assert "gcloud auth application-default login" in str(job_error(error))


@pytest.mark.parametrize("bug", [ZeroDivisionError("division by zero"), TypeError("int + str")])
def test_bug_keeps_its_traceback(bug):
    assert job_error(bug) is None
    assert job_error(as_text(bug)) is None
