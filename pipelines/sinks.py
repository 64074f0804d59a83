"""Writes the parts of the tables: under a hidden name first, so that no reader sees half a file."""

import os
import uuid
from collections.abc import Callable, Collection
from typing import IO

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipelines import rows
from pipelines.spool import is_local

SUFFIX = ".parquet"
# Readers list a folder and take what does not start with "." or "_".
_HIDDEN, _INCOMPLETE = ".", ".incomplete"
_SCHEMA_PART = "00-schema"


def write_part(tables: str, table: str, name: str, content: pa.Table) -> None:
    """Writes one part of a table, one row group, replacing a part of the same name.

    Raises:
        OSError: where the disk is full or the folder not writable.
    """
    write_file(
        part_path(tables, table, name),
        lambda file: pq.write_table(
            content, file, compression="zstd", row_group_size=max(content.num_rows, 1)
        ),
    )


def write_schemas(tables: str) -> None:
    """Gives each table a part without rows, so that also an empty table can be read."""
    for table in rows.COLUMNS:
        if _SCHEMA_PART not in part_names(tables, table):
            write_part(tables, table, _SCHEMA_PART, rows.schema(table).empty_table())


def remove_sources(tables: str, table: str, name: str, sources: Collection[str]) -> None:
    """Takes the rows of `sources` out of a part; a part without rows, or none, is removed."""
    path = part_path(tables, table, name)
    if not FileSystems.exists(path):
        return
    with FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED) as file:
        content = pq.read_table(file, schema=rows.schema(table))
    gone = pyarrow.compute.is_in(content["source"], pa.array(sources, pa.string()))
    kept = content.filter(pyarrow.compute.invert(gone))
    if kept.num_rows:
        write_part(tables, table, name, kept)
    else:
        remove(path)


def part_names(tables: str, table: str) -> list[str]:
    """Returns the names of the parts of a table, that of the schema included."""
    names = list_names(FileSystems.join(tables, table))
    return [
        name.removesuffix(SUFFIX)
        for name in names
        if name.endswith(SUFFIX) and not name.startswith(_HIDDEN)
    ]


def remove_leftovers(tables: str, table: str, keep: Collection[str]) -> None:
    """Removes half-written files of a table, and the parts that are not in `keep`."""
    remove_incomplete(FileSystems.join(tables, table))
    for name in part_names(tables, table):
        if name not in keep and name != _SCHEMA_PART:
            remove(part_path(tables, table, name))


def remove_incomplete(folder: str) -> None:
    """Removes what `write_file` left in a folder when it was killed."""
    for name in filter(is_incomplete, list_names(folder)):
        remove(FileSystems.join(folder, name))


def is_incomplete(name: str) -> bool:
    """Tells whether a file is half-written, by its name."""
    return name.startswith(_HIDDEN) and name.endswith(_INCOMPLETE)


def part_path(tables: str, table: str, name: str) -> str:
    """Returns where a part of a table stands."""
    return FileSystems.join(tables, table, name + SUFFIX)


def write_file(path: str, write: Callable[[IO], object]) -> None:
    """Calls `write` with a file that takes the name `path` when it is whole, and not before."""
    folder, name = os.path.split(path)
    unique = f"{_HIDDEN}{name}-{uuid.uuid4().hex}{_INCOMPLETE}"
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
