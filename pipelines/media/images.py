"""Image files: which names promise one, and their bytes."""

import os

from apache_beam.io.filesystems import FileSystems

from pipelines.spool import is_local

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"),
    *(".pgm", ".ppm", ".pbm", ".pnm", ".avif", ".jp2"),
)
_JUNK_FOLDERS = {"__MACOSX", "@eaDir"}
_JUNK_FILES = {"Thumbs.db", "desktop.ini"}


def is_image(path: str) -> bool:
    """Tells whether a file name promises an image; what it holds shows when it is decoded."""
    return path.lower().endswith(SUFFIXES)


def skip_reason(path: str) -> str | None:
    """Returns why a listed file is not even tried, or None where it is an image by its name."""
    *folders, name = path.split("/")
    if not name:
        return "folder cannot be read"
    if _JUNK_FOLDERS & set(folders) or name in _JUNK_FILES or name.startswith("."):
        return "system or hidden file"
    return None if is_image(name) else "not an image by its name"


def read_file(uri: str) -> bytes:
    """Returns a file's bytes; raises OSError where it cannot be read."""
    if is_local(uri):
        with open(uri, "rb", buffering=0) as file:
            return file.read(os.fstat(file.fileno()).st_size)
    with FileSystems.open(uri) as file:
        return file.read()
