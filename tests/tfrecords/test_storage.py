import pytest

from tfrecords import storage


def test_atomic_write_replaces_the_whole_file(tmp_path):
    path = storage.join(str(tmp_path), "a.json")
    storage.write_atomically(path, "a longer first text")
    storage.write_atomically(path, "second")
    with storage.open_file(path) as file:
        assert file.read() == b"second"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_absent_file(tmp_path):
    path = storage.join(str(tmp_path), "absent")
    assert not storage.exists(path)
    with pytest.raises(FileNotFoundError):
        storage.open_file(path)
