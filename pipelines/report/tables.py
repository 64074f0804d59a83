"""Reads the Parquet tables in bounded batches, from any file system that Arrow knows."""

import contextlib
import os
import urllib.parse
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset
from pyarrow import fs

from tfrecords.errors import JobError

NAMES = ("emotions", "recordings", "moments", "failures")
_SUFFIX = ".parquet"
_PATIENCE_S = 30
_HIDDEN = (".", "_")  # how the names of half-written files begin


class Tables:
    """The tables in a folder; one that is absent has no rows."""

    def __init__(self, folder: str):
        """Looks up the files of the tables.

        Raises:
            JobError: where the folder has none of the tables.
        """
        with explained(folder):
            system, path = _locate(folder)
            found = {name: _parts(system, f"{path}/{name}") for name in NAMES}
            self._datasets = {
                name: pyarrow.dataset.dataset(parts, filesystem=system, format="parquet")
                for name, parts in found.items()
                if parts
            }
        self._folder = folder
        if not self._datasets:
            raise JobError(
                f"{folder} has none of the tables {', '.join(NAMES)}; make them with "
                f"`semblante score SOURCE --output {folder}`"
            )

    def batches(
        self,
        table: str,
        columns: Sequence[str],
        model: str | None = None,
        where: pc.Expression | None = None,
    ) -> Iterator[pa.RecordBatch]:
        """Yields columns of the rows in no particular order.

        Args:
            model: Identity of a bundle; rows of others are left out, in tables that tell.
            where: What the rows must fulfil besides.

        Raises:
            JobError: where a file cannot be read, or a column is missing.
        """
        dataset = self._datasets.get(table)
        if dataset is None:
            return
        if missing := set(columns) - set(dataset.schema.names):
            raise JobError(
                f"{self._folder}/{table} has no column {', '.join(sorted(missing))}: it is not a "
                "table of `semblante score`, or of another version; score into a new folder"
            )
        if model is not None and "model" in dataset.schema.names:
            same = pc.field("model") == model
            where = same if where is None else where & same
        with explained(self._folder):
            # Little is read ahead: a table may be larger than memory.
            yield from dataset.to_batches(
                columns=list(columns), filter=where, batch_readahead=2, fragment_readahead=1
            )

    def rows(self, table: str, columns: Sequence[str], model: str | None = None) -> Iterator[dict]:
        """Yields rows by the names of their columns, as `batches` does."""
        for batch in self.batches(table, columns, model):
            yield from batch.to_pylist()


@contextlib.contextmanager
def explained(folder: str) -> Iterator[None]:
    """Turns what Arrow says of unreadable files into one line for the user."""
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise JobError(
            f"cannot read the tables in {folder}: {reason}; check the path and your permission, "
            "or score into a new folder"
        ) from error


def _locate(folder: str) -> tuple[fs.FileSystem, str]:
    if "://" in folder:
        # Arrow wants a URI by the book; users write object names as they are, spaces and all.
        uri = urllib.parse.quote(folder.rstrip("/"), safe=":/")
        # Left alone, Arrow tries a bucket that it may not or cannot reach for fifteen minutes.
        patience = f"?retry_limit_seconds={_PATIENCE_S}" if uri.startswith("gs://") else ""
        return fs.FileSystem.from_uri(uri + patience)
    return fs.LocalFileSystem(), os.path.abspath(folder)


def _parts(system: fs.FileSystem, folder: str) -> list[str]:
    entries = system.get_file_info(fs.FileSelector(folder, allow_not_found=True))
    return sorted(
        entry.path
        for entry in entries
        if entry.base_name.endswith(_SUFFIX) and not entry.base_name.startswith(_HIDDEN)
    )
