"""What is left to do, and how it is cut."""

import io
import tarfile
import zipfile

import pytest

from pipelines import planning, sources
from pipelines.ledger import Commit, Counts, Ledger
from pipelines.planning import Entry, MediaFile, Span, Unit
from tfrecords.errors import JobError

NOTHING = Ledger({}, {})


def listing_of(*paths) -> planning.Listing:
    return planning.list_media(sources.expand([str(path) for path in paths]))


def zip_of(path, entries: int):
    with zipfile.ZipFile(path, "w") as archive:
        for place in range(entries):
            archive.writestr(f"{place}.png", b"")
    return path


def entry_of(path, *done: Span) -> Entry:
    return Entry((MediaFile(str(path), "1", 2),), archive=True, done=done)


@pytest.fixture
def folder(tmp_path):
    for name in ("a.png", "sub/b.JPG", "sub/notes.txt", ".hidden.png", "sub/c.zip"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "in"


def test_listing_sorts_files_by_kind(folder):
    listing = listing_of(folder)
    assert [file.uri for file in listing.images] == [f"{folder}/a.png", f"{folder}/sub/b.JPG"]
    assert [file.uri for file in listing.archives] == [f"{folder}/sub/c.zip"]
    assert listing.skipped == {"not an image by its name": 1, "system or hidden file": 1}
    status = (folder / "a.png").stat()
    assert listing.images[0] == (f"{folder}/a.png", f"1-{status.st_mtime_ns}", 1)


def test_a_file_met_twice_is_listed_once(folder):
    assert len(listing_of(folder, folder / "a.png", folder / "sub").images) == 2


def test_local_paths_are_absolute(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert listing_of("a.png") == listing_of(folder / "a.png")


def test_names_that_no_table_can_hold_are_skipped(folder):
    (folder / b"\xff.png".decode("utf-8", "surrogateescape")).write_bytes(b"x")
    assert listing_of(folder).skipped["name is not UTF-8"] == 1


def test_tables_are_refused(tmp_path):
    (tmp_path / "fer2013.csv").touch()
    with pytest.raises(JobError, match="fer2013.csv is a table; score reads images and archives"):
        listing_of(tmp_path / "fer2013.csv")


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(JobError, match="the sources hold no files; expected images, or zips"):
        listing_of(tmp_path)


def test_plan_leaves_out_what_is_done(folder):
    listing = listing_of(folder)
    first, second = listing.images
    (archive,) = listing.archives
    assert planning.plan(listing, NOTHING) == [
        Entry((first, second), archive=False),
        Entry((archive,), archive=True),
    ]
    done = Ledger({first.uri: first.etag, second.uri: "older", archive.uri: archive.etag}, {})
    assert planning.plan(listing, done) == [Entry((second,), archive=False)]


def test_plan_goes_on_with_an_unfinished_archive(folder):
    listing = listing_of(folder)
    (archive,) = listing.archives
    commit = Commit(
        *("name", "span", "run", "model", (archive.state,)),
        counts=Counts(listed=5, scored=4, faces=3),
        start=0,
        stop=4_096,
        probability_sums=(1.0, 2.0),
    )
    entries = planning.plan(listing, Ledger({}, {archive.state: [commit]}))
    assert entries[-1] == Entry((archive,), True, (Span(0, 4_096, 4, 3, (1.0, 2.0)),))


def test_plan_cuts_images_into_units(monkeypatch):
    monkeypatch.setattr(planning, "UNIT", 2)
    files = [MediaFile(str(number), "1", 1) for number in range(5)]
    entries = planning.plan(planning.Listing(files, [], {}), NOTHING)
    assert [len(entry.files) for entry in entries] == [2, 2, 1]


def test_plan_survives_its_file(tmp_path):
    entries = [
        Entry((MediaFile("a.png", "1", 2), MediaFile("Ünï\u2028.png", "3", 4)), archive=False),
        entry_of("z.zip", Span(0, 4_096, 4_000, 3_999, (0.5,) * 7)),
    ]
    path = tmp_path / "plan.jsonl"
    path.write_text("".join(line + "\n" for line in planning.to_lines(entries)))
    assert list(planning.read_plan(str(path))) == entries


def test_images_are_one_unit():
    files = (MediaFile("a", "1", 2), MediaFile("b", "1", 2))
    assert list(planning.split(Entry(files, archive=False))) == [Unit(files, archive=False)]


@pytest.mark.parametrize(
    ("entries", "spans"),
    [(0, [(0, 0)]), (3, [(0, 3)]), (4, [(0, 4), (4, 4)]), (9, [(0, 4), (4, 8), (8, 9)])],
)
def test_a_zip_ends_with_a_short_unit(tmp_path, monkeypatch, entries, spans):
    monkeypatch.setattr(planning, "UNIT", 4)
    entry = entry_of(zip_of(tmp_path / "a.zip", entries))
    assert [(unit.start, unit.stop) for unit in planning.split(entry)] == spans


def test_committed_spans_are_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "UNIT", 4)
    done = (Span(0, 4, 4, 4, ()), Span(8, 9, 1, 1, ()))
    entry = entry_of(zip_of(tmp_path / "a.zip", 9), *done)
    assert [unit.start for unit in planning.split(entry)] == [4]


def test_a_broken_zip_is_left_to_its_reader(tmp_path):
    (tmp_path / "a.zip").write_bytes(b"PK no more")
    entry = entry_of(tmp_path / "a.zip")
    assert list(planning.split(entry)) == [Unit(entry.files, archive=True)]


def test_a_tar_is_one_unit(tmp_path):
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("a.png"), io.BytesIO())
    entry = entry_of(tmp_path / "a.tar", Span(0, 4_096, 1, 1, ()))
    assert list(planning.split(entry)) == [Unit(entry.files, archive=True, done=(0,))]
