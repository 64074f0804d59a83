"""Gives random access to files that have none: remote ones and compressed tars.

They are copied once a worker process to its temporary folder, and removed when it ends. That costs
disk, never memory, and replaces a request or a decompression per image by one pass.
"""

import atexit
import contextlib
import functools
import os
import shutil
import tempfile

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

CHUNK = 1 << 20  # bytes


def is_local(uri: str) -> bool:
    """Tells whether a path is on this machine's own file system."""
    return "://" not in uri


@functools.lru_cache(maxsize=64)
def local_path(uri: str) -> str:
    """Returns a local path with the content of `uri`: its own where it is local, else a copy."""
    if is_local(uri):
        return uri
    path = temporary_file()
    with FileSystems.open(uri, compression_type=CompressionTypes.UNCOMPRESSED) as source:
        with open(path, "wb") as target:
            shutil.copyfileobj(source, target, CHUNK)
    return path


def temporary_file() -> str:
    """Returns the path of a new empty file that is removed when this process ends."""
    descriptor, path = tempfile.mkstemp(prefix="semblante-")
    os.close(descriptor)
    atexit.register(_remove, path)
    return path


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.remove(path)
