"""The output folder of convert: what may be there before, and what completes it."""

import os

from apache_beam.io.filesystems import FileSystems

from pipelines.files import is_incomplete, list_names, remove, write_file
from pipelines.spool import is_local
from tfrecords import manifest
from tfrecords.errors import JobError
from tfrecords.naming import parse_shard_name


def prepare(folder: str, overwrite: bool) -> None:
    """Makes room for a data set: removes what an unfinished or, with `overwrite`, a finished one
    left, and nothing else.

    Raises:
        JobError: where a finished data set or a foreign file stands in the way.
    """
    if is_local(folder) and not os.path.isdir(folder):
        if os.path.exists(folder):
            raise JobError(f"{folder} is a file; name a folder")
        FileSystems.mkdirs(folder)
    names = list_names(folder)
    if foreign := sorted(name for name in names if not _is_ours(name)):
        raise JobError(
            f"{folder} holds {foreign[0]!r}, which is no part of a data set: name a new folder"
        )
    if manifest.FILE_NAME in names and not overwrite:
        raise JobError(f"{folder} holds a complete data set; replace it with --overwrite")
    # The manifest first: without it the rest counts as unfinished, should we die in between.
    names.sort(key=lambda name: name != manifest.FILE_NAME)
    for name in names:
        remove(FileSystems.join(folder, name))


def finished_shards(folder: str) -> int:
    """Counts the shards that stand under their final names."""
    return sum(parse_shard_name(name) is not None for name in list_names(folder))


def read(folder: str) -> manifest.Manifest:
    """Returns the manifest of a complete data set, local or remote."""
    path = FileSystems.join(folder, manifest.FILE_NAME)
    with FileSystems.open(path) as file:
        return manifest.from_json(file.read(), path)


def complete(folder: str, content: manifest.Manifest) -> None:
    """Writes the manifest, whose presence says that all the rest is there."""
    path = FileSystems.join(folder, manifest.FILE_NAME)
    write_file(path, lambda file: file.write(content.to_json().encode()))


def _is_ours(name: str) -> bool:
    return name == manifest.FILE_NAME or parse_shard_name(name) is not None or is_incomplete(name)
