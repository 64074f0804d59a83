"""Files that appear whole or not at all, on any file system that Beam knows."""

import os
import uuid
from collections.abc import Callable
from typing import IO

from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipelines.spool import is_local

# Readers list a folder and take what does not start with "." or "_".
HIDDEN, _INCOMPLETE = ".", ".incomplete"


def remove_incomplete(folder: str) -> None:
    """Removes what `write_file` left in a folder when it was killed."""
    for name in filter(is_incomplete, list_names(folder)):
        remove(FileSystems.join(folder, name))


def is_incomplete(name: str) -> bool:
    """Tells whether a file is half-written, by its name."""
    return name.startswith(HIDDEN) and name.endswith(_INCOMPLETE)


def write_file(path: str, write: Callable[[IO], object]) -> None:
    """Calls `write` with a file that takes the name `path` when it is whole, and not before."""
    folder, name = os.path.split(path)
    unique = f"{HIDDEN}{name}-{uuid.uuid4().hex}{_INCOMPLETE}"
    temporary = FileSystems.join(folder, unique)
    try:
        with FileSystems.create(temporary, compression_type=CompressionTypes.UNCOMPRESSED) as file:
            write(file)
        FileSystems.rename([temporary], [path])
    except BaseException:
        remove(temporary)
        raise


def list_names(folder: str) -> list[str]:
    """Returns the names of the files in a folder, hidden ones too; none where it is missing."""
    if is_local(folder):
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    found = FileSystems.match([folder.rstrip("/") + "/*"])[0].metadata_list
    return sorted(os.path.basename(entry.path) for entry in found)


def remove(path: str) -> None:
    """Removes a file; one that is gone already is fine."""
    if FileSystems.exists(path):
        FileSystems.delete([path])
