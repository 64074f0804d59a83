"""Parts of tables: whole or invisible, and readable by everyone."""

import duckdb
import pandas
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

from pipelines import rows, sinks


def failures(*sources: str):
    return rows.from_rows(
        "failures",
        [{"source": source, "stage": "read", "error": "E", "message": "m"} for source in sources],
    )


def sources_of(folder) -> list[str]:
    return sorted(pandas.read_parquet(folder)["source"])


def readers_of(folder):
    yield len(pandas.read_parquet(folder))
    yield pyarrow.dataset.dataset(folder, format="parquet").count_rows()
    yield duckdb.sql(f"select count(*) from '{folder}/*.parquet'").fetchall()[0][0]


def test_part_is_one_compressed_row_group(tmp_path):
    sinks.write_part(str(tmp_path), "failures", "x", failures("a", "b"))
    part = pq.ParquetFile(tmp_path / "failures/x.parquet")
    assert part.num_row_groups == 1
    assert part.metadata.row_group(0).column(0).compression == "ZSTD"
    assert part.schema_arrow == rows.schema("failures")


@pytest.mark.parametrize("table", rows.COLUMNS)
def test_empty_tables_can_be_read(tmp_path, table):
    sinks.write_schemas(str(tmp_path))
    assert list(readers_of(tmp_path / table)) == [0, 0, 0]
    assert list(pandas.read_parquet(tmp_path / table).columns) == rows.schema(table).names


def test_schemas_are_written_once(tmp_path):
    sinks.write_schemas(str(tmp_path))
    part = tmp_path / "failures/00-schema.parquet"
    before = part.stat().st_mtime_ns
    sinks.write_schemas(str(tmp_path))
    assert part.stat().st_mtime_ns == before


def test_half_written_parts_are_invisible(tmp_path):
    sinks.write_part(str(tmp_path), "failures", "x", failures("a"))
    (tmp_path / "failures/.y.parquet-0123.incomplete").write_bytes(b"PAR1 and no more")
    assert list(readers_of(tmp_path / "failures")) == [1, 1, 1]


def test_writing_replaces(tmp_path):
    for source in ("a", "b"):
        sinks.write_part(str(tmp_path), "failures", "x", failures(source))
    assert sources_of(tmp_path / "failures") == ["b"]


def test_leftovers_are_removed_and_commits_kept(tmp_path):
    sinks.write_schemas(str(tmp_path))
    for name in ("kept", "orphan"):
        sinks.write_part(str(tmp_path), "failures", name, failures(name))
    (tmp_path / "failures/.z.parquet-01.incomplete").touch()
    sinks.remove_leftovers(str(tmp_path), "failures", {"kept"})
    names = sorted(path.name for path in (tmp_path / "failures").iterdir())
    assert names == ["00-schema.parquet", "kept.parquet"]


def test_rows_of_a_source_are_removed(tmp_path):
    sinks.write_part(str(tmp_path), "failures", "x", failures("a", "b", "a"))
    sinks.remove_sources(str(tmp_path), "failures", "x", {"a", "nobody"})
    assert sources_of(tmp_path / "failures") == ["b"]


def test_a_part_without_rows_is_removed(tmp_path):
    sinks.write_part(str(tmp_path), "failures", "x", failures("a"))
    sinks.remove_sources(str(tmp_path), "failures", "x", {"a"})
    sinks.remove_sources(str(tmp_path), "failures", "x", {"a"})  # and again, as after a kill
    assert list((tmp_path / "failures").iterdir()) == []
