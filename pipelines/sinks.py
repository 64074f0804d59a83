"""Writes, lists and removes the parts of the tables."""

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from pipelines import files, rows

SUFFIX = ".parquet"
_SCHEMA_PART = "00-schema"


def write_part(tables: str, table: str, name: str, content: pa.Table) -> None:
    """Writes one part of a table, one row group, replacing a part of the same name.

    Raises:
        OSError: where the disk is full or the folder not writable.
    """
    files.write_file(
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
        files.remove(path)


def part_names(tables: str, table: str) -> list[str]:
    """Returns the names of the parts of a table, that of the schema included."""
    names = files.list_names(FileSystems.join(tables, table))
    return [
        name.removesuffix(SUFFIX)
        for name in names
        if name.endswith(SUFFIX) and not name.startswith(files.HIDDEN)
    ]


def remove_leftovers(tables: str, table: str, keep: Collection[str]) -> None:
    """Removes half-written files of a table, and the parts that are not in `keep`."""
    files.remove_incomplete(FileSystems.join(tables, table))
    for name in part_names(tables, table):
        if name not in keep and name != _SCHEMA_PART:
            files.remove(part_path(tables, table, name))


def part_path(tables: str, table: str, name: str) -> str:
    """Returns where a part of a table stands."""
    return FileSystems.join(tables, table, name + SUFFIX)
