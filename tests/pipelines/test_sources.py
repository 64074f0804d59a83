"""Arguments become sources, and sources files in a fixed order."""

import os

import pytest

from pipelines.sources import Source, expand, list_files, stem
from tfrecords.errors import JobError


@pytest.fixture
def tree(tmp_path, monkeypatch):
    for path in ("faces/b/2.png", "faces/b/1.png", "faces/a/3.png", "x.zip", "y.tar.gz", "z.csv"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(path.encode())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("pattern", "sources"),
    [
        ("faces", [Source("faces", "folder")]),
        ("x.zip", [Source("x.zip", "archive")]),
        ("z.csv", [Source("z.csv", "table")]),
        ("*.[zt]*", [Source("x.zip", "archive"), Source("y.tar.gz", "archive")]),
        ("faces/a/*", [Source("faces/a/3.png", "image")]),
        ("faces/**/*.png", [Source(f"faces/{p}.png", "image") for p in ("a/3", "b/1", "b/2")]),
    ],
)
def test_what_arguments_stand_for(tree, pattern, sources):
    assert expand([pattern]) == sources


def test_source_named_twice_is_read_once(tree):
    assert expand(["x.zip", "*.zip"]) == [Source("x.zip", "archive")]


def test_name_that_looks_like_a_pattern(tree):
    (tree / "faces[1]").mkdir()
    assert expand(["faces[1]"]) == [Source("faces[1]", "folder")]


def test_home_folder(tree, monkeypatch):
    monkeypatch.setenv("HOME", str(tree))
    assert expand(["~/faces"]) == [Source(f"{tree}/faces", "folder")]


@pytest.mark.parametrize("pattern", ["absent", "*.jpg"])
def test_nothing_there_is_refused(tree, pattern):
    with pytest.raises(JobError, match="does not exist, and matches nothing as a pattern"):
        expand(["faces", pattern])


def test_files_of_a_folder_are_sorted_and_described(tree):
    files = list(list_files(Source("faces", "folder")))
    assert [file.path for file in files] == ["a/3.png", "b/1.png", "b/2.png"]
    assert [file.size for file in files] == [13, 13, 13]
    assert files[0].uri == "faces/a/3.png"


def test_etag_changes_with_the_file(tree):
    (before,) = list_files(Source("x.zip", "archive"))
    os.utime("x.zip", ns=(1, 1))
    (touched,) = list_files(Source("x.zip", "archive"))
    (tree / "x.zip").write_bytes(b"longer than before")
    (grown,) = list_files(Source("x.zip", "archive"))
    assert len({before.etag, touched.etag, grown.etag}) == 3


def test_link_that_leads_back_is_not_followed(tree):
    (tree / "faces" / "a" / "again").symlink_to(tree / "faces")
    (tree / "faces" / "b" / "more").symlink_to(tree / "faces" / "a")
    paths = [file.path for file in list_files(Source("faces", "folder"))]
    assert paths == ["a/3.png", "b/1.png", "b/2.png", "b/more/3.png"]


def test_link_to_nowhere_is_listed(tree):
    (tree / "faces" / "gone.png").symlink_to("nowhere")
    assert [file.path for file in list_files(Source("faces", "folder"))][-1] == "gone.png"


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("a/fer2013.zip", "fer2013"),
        ("a/b.tar.gz", "b"),
        ("gs://c/d/", "d"),
        ("fer2013.csv", "fer2013"),
    ],
)
def test_stem(uri, name):
    assert stem(uri) == name
