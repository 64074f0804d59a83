"""Keeps native libraries from printing what no user can act on."""

import contextlib
import importlib
import os
from collections.abc import Iterator

_LEVEL, _SILENT = "TF_CPP_MIN_LOG_LEVEL", "3"


def import_tensorflow() -> None:
    """Imports TensorFlow and finds its devices, hiding what its native code prints meanwhile.

    Up to TensorFlow 2.21 a dozen lines come before its log level is read, among them an "E" line
    wherever there is no GPU. Failures still arrive as exceptions. Set TF_CPP_MIN_LOG_LEVEL=0 to
    see everything.
    """
    # The level is set for all that comes after, child processes included.
    if os.environ.setdefault(_LEVEL, _SILENT) != _SILENT:
        importlib.import_module("tensorflow")
        return
    with native_stderr_hidden():
        importlib.import_module("tensorflow").config.list_physical_devices()


@contextlib.contextmanager
def native_stderr_hidden() -> Iterator[None]:
    """Hides what native code prints to stderr; Python's exceptions are not touched."""
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)
