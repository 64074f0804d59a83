"""Paths outside Beam: the one place that knows how bytes are reached."""

import os
from typing import IO


def join(folder: str, *names: str) -> str:
    """Returns the path of something below `folder`."""
    return os.path.join(folder, *names)


def exists(path: str) -> bool:
    """Tells whether a file or folder is at `path`."""
    return os.path.exists(path)


def open_file(path: str, mode: str = "rb") -> IO:
    """Opens `path`; raises OSError as `open` does."""
    return open(path, mode)


def write_atomically(path: str, content: str | bytes) -> None:
    """Writes a file (text in UTF-8) so that a reader sees all or none, whenever the writer dies."""
    temporary = f"{path}.incomplete-{os.getpid()}"
    with open(temporary, "wb") as file:
        file.write(content.encode() if isinstance(content, str) else content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
