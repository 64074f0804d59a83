"""Files appear whole or not at all."""

import pytest

from pipelines import files


def test_file_takes_its_name_when_it_is_whole(tmp_path):
    path = tmp_path / "x"

    def write(file):
        file.write(b"whole")
        (only,) = tmp_path.iterdir()
        assert files.is_incomplete(only.name) and not path.exists()

    files.write_file(str(path), write)
    assert path.read_bytes() == b"whole"
    assert files.list_names(str(tmp_path)) == ["x"]


def test_a_failed_write_leaves_nothing(tmp_path):
    def write(file):
        file.write(b"half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        files.write_file(str(tmp_path / "x"), write)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_writer_left_is_removed(tmp_path):
    for name in (".x-0123.incomplete", "x", ".hidden"):
        (tmp_path / name).touch()
    files.remove_incomplete(str(tmp_path))
    assert files.list_names(str(tmp_path)) == [".hidden", "x"]


def test_names_in_a_missing_folder(tmp_path):
    assert files.list_names(str(tmp_path / "none")) == []


def test_removing_twice_is_fine(tmp_path):
    (tmp_path / "x").touch()
    files.remove(str(tmp_path / "x"))
    files.remove(str(tmp_path / "x"))
    assert files.list_names(str(tmp_path)) == []
