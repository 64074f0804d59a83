"""Whatever is wrong with an input costs a row, never the run; wrong use costs one clear line."""

import os
import shutil
import subprocess
import sys
import zipfile

import faces_on_disk as disk
import numpy as np
import pytest
from PIL import Image

from pipelines import convert
from tfrecords import manifest
from tfrecords.errors import JobError


def run(*arguments, prefix=()):
    """Runs the job as a user would, in a process of its own."""
    command = [*prefix, sys.executable, "-m", "semblante", "convert", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def converted(tmp_path, *sources) -> manifest.Manifest:
    arguments = [*map(str, sources), "--output", str(tmp_path / "D"), "--shards", "2"]
    assert convert.main(arguments) == 0
    return manifest.load(str(tmp_path / "D"))


def reasons(content: manifest.Manifest) -> dict[str, str]:
    return {entry["source"]: entry["reason"] for entry in content.failed}


def bomb(path) -> None:
    """A small file that claims 81 million pixels."""
    Image.new("1", (9_000, 9_000)).save(path)


def test_each_bad_image_is_a_row_and_the_rest_is_written(tmp_path):
    folder = disk.write_folder(tmp_path / "faces", disk.files())
    bad = folder / "train" / "happy"
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (64, 64), dtype=np.uint8))
    noise.save(bad / "cut.jpg")
    (bad / "cut.jpg").write_bytes((bad / "cut.jpg").read_bytes()[:-900])
    (bad / "empty.jpg").write_bytes(b"")
    (bad / "text.jpg").write_text("this is no picture")
    Image.new("L", (1, 1)).save(bad / "dot.png")
    bomb(bad / "bomb.png")
    (bad / "gone.png").symlink_to(tmp_path / "nowhere.png")
    content = converted(tmp_path, folder)
    assert content.count("train") == 21 and content.count("test") == 7
    got = reasons(content)
    assert "truncated" in got.pop("train/happy/cut.jpg")
    assert got == {
        "train/happy/bomb.png": "image is too large: 9000x9000 pixels, at most 67108864 accepted",
        "train/happy/dot.png": "image is 1x1 pixels; a face needs 8 on each side",
        "train/happy/empty.jpg": "file is empty",
        "train/happy/gone.png": "cannot be read: No such file or directory",
        "train/happy/text.jpg": "not an image of a known format",
    }


def test_member_with_a_wrong_checksum(tmp_path):
    path = disk.write_zip(tmp_path / "faces.zip", disk.files())
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo("train/sad/005.png")
    data[info.header_offset + 30 + len(info.filename) + info.compress_size // 2] ^= 1
    path.write_bytes(data)
    content = converted(tmp_path, path)
    assert content.count("train") == 20
    assert reasons(content)["train/sad/005.png"].startswith("member is damaged: ")


def test_encrypted_members(tmp_path):
    path = disk.write_zip(tmp_path / "faces.zip", disk.files())
    data = path.read_bytes()
    # Bit 0 of the flags says encrypted, in each local header and in the directory.
    data = data.replace(b"PK\x03\x04\x14\x00\x00", b"PK\x03\x04\x14\x00\x01")
    data = data.replace(b"PK\x01\x02\x14\x03\x14\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01")
    path.write_bytes(data)
    with pytest.raises(JobError, match="none of 28 files became an example; .*is encrypted"):
        converted(tmp_path, path)


def test_truncated_zip_beside_a_whole_folder(tmp_path):
    folder = disk.write_folder(tmp_path / "faces", disk.files())
    cut = disk.write_zip(tmp_path / "cut.zip", disk.files())
    cut.write_bytes(cut.read_bytes()[:-200])
    content = converted(tmp_path, folder, cut)
    assert content.count("train") == 21
    [reason] = reasons(content).values()
    assert reason.startswith("zip is damaged or cut short: ")


def test_truncated_tar_gives_what_comes_before_the_cut(tmp_path):
    path = disk.write_tar(tmp_path / "faces.tar.gz", disk.files())
    path.write_bytes(path.read_bytes()[:-20_000])
    content = converted(tmp_path, path)
    assert 10 < content.count("train") + content.count("test") < 28
    assert "tar is damaged or cut short" in " ".join(reasons(content).values())


def test_zip_of_10_000_entries_of_which_three_are_broken(tmp_path):
    good = list(disk.files(train=7, test=0).items())
    content = {path.replace("0", str(i), 1): data for i in range(1_428) for path, data in good} | {
        f"train/happy/broken{i}.png": b"broken" for i in range(3)
    }
    assert len(content) == 9_999
    result = converted(tmp_path, disk.write_zip(tmp_path / "faces.zip", content))
    assert result.count("train") == 9_996 and len(result.failed) == 3


def test_misspelt_class_folders_are_all_named_and_nothing_is_written(tmp_path):
    content = {f"train/{name}/1.png": b"" for name in ("happy", "hapy", "contempt")}
    folder = disk.write_folder(tmp_path / "faces", content)
    result = run(folder, "--output", tmp_path / "D")
    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert line.startswith(
        "semblante convert: error: unknown class folders: 'contempt' (1 images), 'hapy' "
        "(1 images); accepted are angry, disgust, fear, happy, neutral, sad, surprise, or anger"
    )
    assert list((tmp_path / "D").iterdir()) == []


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("emotion,Usage", "csv has no column pixels; it has emotion, Usage, expected emotion,pix"),
        ("emotion,pixels,Usage", "csv row at byte 21 has 1 fields, expected 3"),
    ],
)
def test_table_of_another_kind(tmp_path, header, message):
    (tmp_path / "a.csv").write_text(f"{header}\n1\n")
    with pytest.raises(JobError, match=message):
        converted(tmp_path, tmp_path / "a.csv")


def test_bad_rows_of_a_table(tmp_path):
    path = disk.write_csv(tmp_path / "a.csv", disk.faces())
    path.write_text(path.read_text() + "3,1 2 3,Training\n3,x y,Training\n9,0,Training\n")
    content = converted(tmp_path, path)
    found = reasons(content)
    assert found.pop("31").startswith("unknown class '9'; accepted are angry, disgust")
    assert found == {
        "29": "row has 3 pixels, expected 2304",
        "30": "pixels are not whole numbers: invalid literal for int() with base 10: 'x'",
    }


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("absent", "absent does not exist, and matches nothing as a pattern"),
        ("*.jpg", r"\*.jpg does not exist, and matches nothing"),
        ("film.mp4", "film.mp4 is not a folder, zip, tar, csv or image by its name"),
        ("empty", "the sources hold no files; expected \\[split/\\]class/image"),
    ],
)
def test_source_that_holds_nothing(tmp_path, monkeypatch, source, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "film.mp4").write_bytes(b"")
    with pytest.raises(JobError, match=message):
        converted(tmp_path, source)


def test_sources_of_one_name_are_refused(tmp_path):
    for name in ("a", "b"):
        disk.write_folder(tmp_path / name / "faces", disk.files())
    with pytest.raises(JobError, match="two sources are called 'faces', and keys must tell them"):
        converted(tmp_path, tmp_path / "a" / "faces", tmp_path / "b" / "faces")


def test_output_that_is_a_file(tmp_path):
    folder = disk.write_folder(tmp_path / "faces", disk.files())
    (tmp_path / "D").write_text("")
    with pytest.raises(JobError, match="D is a file; name a folder"):
        converted(tmp_path, folder)


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--overwrit", "neither this job nor Beam knows --overwrit"),
        ("--direct_num_wrkers=2", "did you mean --direct_num_workers?"),
        ("--direct_running_mode=multi_threading", "loses records in Beam 2.77"),
        ("--shards=0", "argument --shards: 0 is outside 1 to 99999"),
        ("--validation=1.5", "argument --validation: 1.5 is not between 0 and 1"),
    ],
)
def test_wrong_flags_are_refused(tmp_path, capsys, flag, message):
    with pytest.raises(SystemExit, match="2"):
        convert.main(["faces", "--output", str(tmp_path / "D"), flag])
    assert message in capsys.readouterr().err
    assert not (tmp_path / "D").exists()


def test_unreadable_file_and_folder(tmp_path):
    folder = disk.write_folder(tmp_path / "faces", disk.files())
    os.chmod(folder / "train" / "happy" / "003.png", 0)
    os.chmod(folder / "train" / "sad", 0)
    result = run(folder, "--output", tmp_path / "D", prefix=disk.without_privileges())
    os.chmod(folder / "train" / "sad", 0o755)  # for the cleaning up
    assert result.returncode == 0, result.stderr
    assert "train/happy/003.png: cannot be read: Permission denied" in result.stdout
    assert "train/sad/: folder cannot be read" in result.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a small disk")
def test_full_disk_is_one_line(tmp_path):
    folder = disk.write_folder(tmp_path / "faces", disk.files(train=210))
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("may not mount a small disk here")
    try:
        result = run(folder, "--output", small / "D")
        assert result.returncode == 1
        [line] = result.stderr.splitlines()
        assert line.startswith("semblante convert: error: ") and "No space left on device" in line
        assert not (small / "D" / "dataset.json").exists()
    finally:
        subprocess.run(["umount", str(small)], check=True)
