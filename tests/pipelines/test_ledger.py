"""What is done, what a killed run left, and what changed since."""

import dataclasses

import pandas
import pytest

from pipelines import ledger, rows
from pipelines.ledger import Commit, Counts, SourceState
from tfrecords.errors import JobError

SETTINGS = {"faces": "whole"}


def failures(*sources: str):
    return rows.from_rows(
        "failures",
        [{"source": source, "stage": "read", "error": "E", "message": "m"} for source in sources],
    )


def commit_of(name: str, *sources: tuple[str, str], kind: str = ledger.IMAGES, **fields) -> Commit:
    states = tuple(SourceState(*source) for source in sources)
    return Commit(name, kind, "run", "model", states, Counts(), **fields)


@pytest.fixture
def tables(tmp_path) -> str:
    folder = str(tmp_path / "tables")
    ledger.prepare(folder, SETTINGS)
    return folder


def sources_in(tables: str) -> list[str]:
    return sorted(pandas.read_parquet(f"{tables}/failures")["source"])


def test_commit_survives_json():
    commit = commit_of(
        "n", ("a", "1"), kind=ledger.SPAN, start=4, stop=7, probability_sums=(0.5, 1.5)
    )
    commit = dataclasses.replace(commit, counts=Counts(3, 1, 1, {"why": 1}, {"no": 1}, {"sad": 1}))
    assert ledger.from_json(commit.to_json()) == commit


@pytest.mark.parametrize(
    ("counts", "missing"),
    [(Counts(3, 1, 1, {"a": 1}, {"b": 1}), 0), (Counts(3, 1), 2), (Counts(1, 1, 5, {"a": 1}), -1)],
)
def test_counts_add_up(counts, missing):
    assert counts.missing() == missing


def test_unit_names_are_stable_and_differ():
    assert ledger.unit_name("model", [SourceState("a", "1")]) == "a1e0bce1e43db60ff0d8b2ca"
    assert ledger.unit_name("model", [SourceState("a", "2")]) != ledger.unit_name(
        "model", [SourceState("a", "1")]
    )


def test_what_is_committed_is_done(tables):
    ledger.commit(tables, commit_of("x", ("a", "1"), ("b", "2")), {"failures": failures("a")})
    known = ledger.read(tables, "model", {"a": "1", "b": "2", "c": "3"})
    assert known == ledger.Ledger({"a": "1", "b": "2"}, {})
    assert ledger.read(tables, "another", {"a": "1"}).sources == {}


def test_spans_of_an_unfinished_archive(tables):
    span = commit_of("s", ("z.zip", "1"), kind=ledger.SPAN, stop=4_096)
    ledger.commit(tables, span, {})
    known = ledger.read(tables, "model", {"z.zip": "1"})
    assert known == ledger.Ledger({}, {SourceState("z.zip", "1"): [span]})
    ledger.commit(tables, commit_of("f", ("z.zip", "1"), kind=ledger.ARCHIVE), {})
    assert ledger.read(tables, "model", {"z.zip": "1"}) == ledger.Ledger({"z.zip": "1"}, {})


def test_prepare_removes_what_has_no_commit(tables, tmp_path):
    ledger.commit(tables, commit_of("x", ("a", "1")), {"failures": failures("a")})
    ledger.commit(tables, commit_of("y", ("b", "1")), {"failures": failures("b")})
    (tmp_path / "tables/_commits/y.json").unlink()
    (tmp_path / "tables/_commits/.z.json-1.incomplete").touch()
    ledger.prepare(tables, SETTINGS)
    assert sources_in(tables) == ["a"]
    assert [path.name for path in (tmp_path / "tables/_commits").iterdir()] == ["x.json"]


def test_rows_of_changed_files_go_and_others_stay(tables):
    ledger.commit(tables, commit_of("x", ("a", "1"), ("b", "1")), {"failures": failures("a", "b")})
    known = ledger.read(tables, "model", {"a": "2", "b": "1"})
    assert known.sources == {"b": "1"}
    assert sources_in(tables) == ["b"]
    assert ledger.read(tables, "model", {"a": "2", "b": "1"}).sources == {"b": "1"}


def test_a_changed_archive_loses_all_its_commits(tables):
    ledger.commit(
        tables, commit_of("s", ("z.zip", "1"), kind=ledger.SPAN), {"failures": failures("z.zip")}
    )
    ledger.commit(tables, commit_of("f", ("z.zip", "1"), kind=ledger.ARCHIVE), {})
    assert ledger.read(tables, "model", {"z.zip": "2"}) == ledger.Ledger({}, {})
    assert sources_in(tables) == []
    assert ledger.commit_names(tables) == []


def test_files_that_are_gone_keep_their_rows(tables):
    ledger.commit(tables, commit_of("x", ("a", "1")), {"failures": failures("a")})
    ledger.read(tables, "model", {})
    assert sources_in(tables) == ["a"]


def test_dying_while_rows_are_removed_is_made_good(tables, monkeypatch):
    ledger.commit(tables, commit_of("x", ("a", "1"), ("b", "1")), {"failures": failures("a", "b")})
    with monkeypatch.context() as patch:
        patch.setattr(ledger, "_write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            ledger.read(tables, "model", {"a": "2", "b": "1"})
    ledger.prepare(tables, SETTINGS)
    assert ledger.read(tables, "model", {"a": "2", "b": "1"}).sources == {"b": "1"}
    assert sources_in(tables) == ["b"]


def test_other_settings_are_refused_with_both_shown(tables):
    with pytest.raises(
        JobError, match="was scored with --faces whole, now asked for is --faces detect"
    ):
        ledger.prepare(tables, {"faces": "detect"})


def test_a_foreign_folder_is_refused_and_left_alone(tmp_path):
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(JobError, match="holds 'thesis.doc', which is no part of tables"):
        with ledger.locked(str(tmp_path)):
            pass
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(JobError, match="file is a file; name a folder"):
        with ledger.locked(str(tmp_path / "file")):
            pass


def test_a_second_run_is_kept_out(tables):
    with ledger.locked(tables):
        with pytest.raises(JobError, match="another run is writing .*: wait until it has ended"):
            with ledger.locked(tables):
                pass
    with ledger.locked(tables):
        pass
