"""zip and tar: members in order, or one by one; damage is told apart from absence."""

import faces_on_disk as disk
import pytest

from pipelines.media import archives
from pipelines.media.archives import ArchiveError

CONTENT = {"a/1.png": b"one", "b/2.png": b"two" * 99, "3.png": b""}
NAMES = ["x.zip", "x.tar", "x.tar.gz", "x.tar.bz2", "x.tar.xz"]


@pytest.fixture(params=NAMES)
def archive(request, tmp_path):
    write = disk.write_zip if request.param == "x.zip" else disk.write_tar
    return str(write(tmp_path / request.param, CONTENT))


def test_members_in_order(archive):
    members = list(archives.iterate_members(archive))
    assert [(member.name, member.size) for member in members] == [
        (name, len(data)) for name, data in CONTENT.items()
    ]
    assert [member.read() for member in members] == list(CONTENT.values())


def test_any_member_by_its_place(archive):
    for member in reversed(list(archives.iterate_members(archive))):
        data = archives.read_member(archive, member.name, member.offset, member.size)
        assert data == CONTENT[member.name]


def test_ranges_of_a_zip_cover_it_once(tmp_path):
    path = str(disk.write_zip(tmp_path / "x.zip", CONTENT))
    assert archives.count_entries(path) == 3
    parts = [archives.iterate_members(path, start, start + 2) for start in (0, 2)]
    assert [member.name for part in parts for member in part] == list(CONTENT)


@pytest.mark.parametrize("name", ["x.zip", "x.tar"])
def test_text_under_an_archives_name(tmp_path, name):
    (tmp_path / name).write_text("no archive" * 99)
    with pytest.raises(ArchiveError, match="is damaged or cut short"):
        list(archives.iterate_members(str(tmp_path / name)))


@pytest.mark.parametrize("kept", [512, 1024, 1100, 2048])
def test_tar_that_ends_early_is_told_from_a_whole_one(tmp_path, kept):
    path = disk.write_tar(tmp_path / "x.tar", CONTENT)
    path.write_bytes(path.read_bytes()[:kept])  # behind a header, a member, in a header
    members = archives.iterate_members(str(path))
    assert next(members).name == "a/1.png"
    with pytest.raises(ArchiveError, match="tar is damaged or cut short"):
        list(members)


@pytest.mark.parametrize("name", ["x.ZIP", "a/x.tar", "x.TGZ", "x.tar.xz"])
def test_names_of_archives(name):
    assert archives.is_archive(name)


@pytest.mark.parametrize("name", ["x.gz", "zip", "x.png", "x.tar.txt"])
def test_names_of_other_files(name):
    assert not archives.is_archive(name)
