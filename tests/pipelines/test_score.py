"""Score from end to end: real bundles, real archives, broken ones, killed runs."""

import io
import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import time
import zipfile

import faces_on_disk as disk
import pandas
import pytest
from PIL import Image

from pipelines import planning, score
from tfrecords.errors import JobError
from tfrecords.labels import LABELS

TABLES = ("emotions", "recordings", "failures")


@pytest.fixture
def run(tmp_path, tiny_bundle, capsys):
    """Scores sources into tmp_path/tables and returns what was printed."""

    def run(*sources, model=tiny_bundle) -> str:
        capsys.readouterr()
        arguments = [*map(str, sources), "--output", str(tmp_path / "tables")]
        assert score.main([*arguments, "--model", str(model)]) == 0
        return capsys.readouterr().out

    return run


@pytest.fixture
def small_units(monkeypatch):
    monkeypatch.setattr(planning, "UNIT", 4)


def read(folder, table: str) -> pandas.DataFrame:
    found = pandas.read_parquet(folder / "tables" / table)
    return found.sort_values(["source", "member"], ignore_index=True)


def failures(folder) -> dict[tuple[str, str | None], tuple[str, str]]:
    """Returns (stage, message) by file name and member."""
    return {
        (os.path.basename(row.source), row.member if isinstance(row.member, str) else None): (
            row.stage,
            row.message,
        )
        for row in read(folder, "failures").itertuples()
    }


def zip_images(path, draw_png, count: int, first: int = 0):
    with zipfile.ZipFile(path, "w") as archive:
        for seed in range(first, first + count):
            archive.writestr(f"faces/{seed}.png", draw_png(seed))
    return path


def corrupt(path, data: bytes) -> None:
    """Flips a byte in the middle of a member whose bytes are `data`."""
    content = bytearray(path.read_bytes())
    content[content.index(data) + len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


# ---- the command line


def test_parse():
    args, beam_flags = score.parse(
        ["a.zip", "b", "--output", "T", "--model", "M", "--runner=FnApiRunner"]
    )
    assert args == score.ScoreArgs(("a.zip", "b"), "T", "M", "whole")
    assert beam_flags == ["--runner=FnApiRunner"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a", "--model", "M"], "required: --output"),
        (["a", "--output", "T", "--model", "M", "--faces", "half"], "invalid choice: 'half'"),
        (["a", "--output", "T", "--model", "M", "--runer=x"], "knows --runer; did you mean"),
    ],
)
def test_wrong_usage(arguments, message, capsys):
    with pytest.raises(SystemExit) as exit:
        score.main(arguments)
    assert exit.value.code == 2
    assert message in capsys.readouterr().err


def test_missing_inputs_are_one_line(tmp_path, tiny_bundle):
    arguments = ["--output", str(tmp_path / "tables")]
    with pytest.raises(JobError, match="nowhere does not exist"):
        score.main([str(tmp_path / "nowhere"), *arguments, "--model", str(tiny_bundle)])
    with pytest.raises(JobError, match="no-model is not a finished model"):
        score.main([str(tmp_path), *arguments, "--model", str(tmp_path / "no-model")])


# ---- rows


def test_images_become_rows(tmp_path, run, draw_png):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.png").write_bytes(draw_png(1))
    (folder / "b.png").write_bytes(draw_png(2, width=100, height=60))
    (folder / "notes.txt").touch()
    printed = run(folder)
    emotions, recordings = read(tmp_path, "emotions"), read(tmp_path, "recordings")
    assert list(emotions["source"]) == [f"{folder}/a.png", f"{folder}/b.png"]
    probabilities = emotions[list(LABELS)]
    assert probabilities.sum(axis=1).tolist() == pytest.approx([1, 1])
    assert list(emotions["emotion"]) == list(probabilities.idxmax(axis=1))
    assert list(emotions["confidence"]) == list(probabilities.max(axis=1))
    empty = ["member", "frame", "time_ms", "track", "box_left", "box_height", "detection"]
    assert emotions[empty].isna().all(axis=None)
    assert list(recordings["media"]) == ["image", "image"]
    assert recordings[["width", "height"]].values.tolist() == [[48, 48], [100, 60]]
    assert list(recordings["dominant"]) == list(emotions["emotion"])
    assert list(recordings["bytes"]) == [os.path.getsize(uri) for uri in emotions["source"]]
    assert (recordings["model"] == emotions["model"]).all()
    assert read(tmp_path, "failures").empty
    assert "images    2 in" in printed and "not an image by its name" in printed


@pytest.mark.parametrize("count", [3, 4, 9])
def test_an_archive_is_one_recording(tmp_path, run, draw_png, small_units, count):
    archive = zip_images(tmp_path / "a.zip", draw_png, count)
    run(archive)
    emotions, recordings = read(tmp_path, "emotions"), read(tmp_path, "recordings")
    assert sorted(emotions["member"]) == sorted(f"faces/{seed}.png" for seed in range(count))
    assert recordings[["frames_scored", "faces"]].values.tolist() == [[count, count]]
    means = emotions[list(LABELS)].mean()
    assert recordings[list(LABELS)].iloc[0].tolist() == pytest.approx(means.tolist(), abs=1e-6)
    assert recordings["dominant"][0] == means.idxmax()


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_tar_is_cut_into_batches(tmp_path, run, draw_png, small_units, mode):
    path = tmp_path / ("a.tar" if mode == "w" else "a.tar.gz")
    with tarfile.open(path, mode) as archive:
        for seed in range(8):
            info = tarfile.TarInfo(f"{seed}.png")
            info.size = len(draw_png(seed))
            archive.addfile(info, io.BytesIO(draw_png(seed)))
    run(path)
    assert sorted(read(tmp_path, "emotions")["member"]) == [f"{seed}.png" for seed in range(8)]
    assert read(tmp_path, "recordings")["faces"].tolist() == [8]


def test_the_record_of_a_run(tmp_path, run, draw_png):
    (tmp_path / "a.png").write_bytes(draw_png(1))
    run(tmp_path / "a.png")
    (path,) = (tmp_path / "tables/_runs").glob("*.json")
    record = json.loads(path.read_text())
    assert record["settings"]["faces"] == "whole"
    assert record["model"] == read(tmp_path, "emotions")["model"][0]
    assert record["files"] == {"scored": 1, "scored_before": 0}
    counts = record["counts"]
    assert (counts["listed"], counts["scored"], counts["faces"]) == (1, 1, 1)
    assert set(record["versions"]) >= {"python", "tensorflow", "apache-beam", "pyarrow"}


# ---- bad input


def test_bad_images_are_rows_and_nothing_else_is_lost(tmp_path, run, draw_png):
    folder = tmp_path / "in"
    folder.mkdir()
    jpeg = io.BytesIO()
    Image.new("L", (64, 64), 99).save(jpeg, "JPEG")
    bomb = io.BytesIO()
    Image.new("1", (10_000, 10_000)).save(bomb, "PNG")
    for name, data in {
        "good.png": draw_png(1),
        "zero.png": b"",
        "text.jpg": b"This is a letter to my aunt.",
        "cut.jpg": jpeg.getvalue()[:-200],
        "dot.png": draw_png(1, 1, 1),
        "bomb.png": bomb.getvalue(),
    }.items():
        (folder / name).write_bytes(data)
    run(folder)
    found = failures(tmp_path)
    assert found == {
        ("zero.png", None): ("decode", "file is empty"),
        ("text.jpg", None): ("decode", "not an image of a known format"),
        ("cut.jpg", None): ("decode", found["cut.jpg", None][1]),
        ("dot.png", None): ("decode", "image is 1x1 pixels; a face needs 8 on each side"),
        ("bomb.png", None): ("decode", found["bomb.png", None][1]),
    }
    assert found["cut.jpg", None][1].startswith("image is damaged: ")
    assert found["bomb.png", None][1].startswith("image is too large: 10000x10000 pixels")
    assert list(read(tmp_path, "emotions")["source"]) == [f"{folder}/good.png"]
    recordings = read(tmp_path, "recordings").set_index("source")
    assert recordings["frames_scored"].sum() == 1
    assert recordings.loc[f"{folder}/zero.png", ["dominant", "angry", "width"]].isna().all()


def test_unreadable_files_are_rows(tmp_path, tiny_bundle, draw_png):
    (tmp_path / "a.png").write_bytes(draw_png(1))
    (tmp_path / "a.png").chmod(0)
    job = [sys.executable, "-m", "semblante", "score", str(tmp_path / "a.png")]
    flags = ["--model", str(tiny_bundle), "--output", str(tmp_path / "tables")]
    subprocess.run([*disk.without_privileges(), *job, *flags], check=True, capture_output=True)
    assert failures(tmp_path) == {("a.png", None): ("read", "Permission denied")}


def test_broken_archives_are_rows(tmp_path, run, draw_png):
    folder = tmp_path / "in"
    folder.mkdir()
    crc = zip_images(folder / "crc.zip", draw_png, 3)
    corrupt(crc, draw_png(1))
    whole = zip_images(folder / "good.zip", draw_png, 2).read_bytes()
    (folder / "cut.zip").write_bytes(whole[: len(whole) // 2])
    (folder / "text.zip").write_text("not a zip")
    encrypted = bytearray(whole)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := encrypted.find(signature, at + 1)) >= 0:
            encrypted[at + offset] |= 1
    (folder / "encrypted.zip").write_bytes(encrypted)
    zip_images(folder / "empty.zip", draw_png, 0)
    run(folder)
    found = failures(tmp_path)
    assert found["crc.zip", "faces/1.png"][0] == "read"
    assert found["crc.zip", "faces/1.png"][1].startswith("member is damaged: Bad CRC-32")
    for name in ("cut.zip", "text.zip"):
        assert found[name, None][0] == "open"
        assert found[name, None][1].startswith("zip is damaged or cut short: ")
    assert found["encrypted.zip", "faces/0.png"][1].startswith("member is encrypted; unpack")
    assert len(found) == 5
    recordings = read(tmp_path, "recordings")
    faces = {os.path.basename(row.source): row.faces for row in recordings.itertuples()}
    assert faces == {
        "crc.zip": 2, "good.zip": 2, "cut.zip": 0, "text.zip": 0, "encrypted.zip": 0, "empty.zip": 0
    }  # fmt: skip


def test_a_cut_tar_keeps_what_stands_before(tmp_path, run, draw_png):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for seed in range(4):
            info = tarfile.TarInfo(f"{seed}.png")
            info.size = len(draw_png(seed))
            archive.addfile(info, io.BytesIO(draw_png(seed)))
    content = path.read_bytes()
    path.write_bytes(content[: content.index(draw_png(2)) + 100])
    run(path)
    assert list(read(tmp_path, "emotions")["member"]) == ["0.png", "1.png"]
    assert len(failures(tmp_path)) >= 1


# ---- the second run


def test_a_second_run_scores_nothing(tmp_path, run, draw_png):
    folder = tmp_path / "in"
    folder.mkdir()
    zip_images(folder / "a.zip", draw_png, 3)
    (folder / "b.png").write_bytes(draw_png(9))
    (folder / "broken.png").touch()
    (folder / "broken.zip").touch()
    run(folder)
    before = {table: read(tmp_path, table) for table in TABLES}
    assert "files     0, 4 scored before" in run(folder)
    for table in TABLES:
        pandas.testing.assert_frame_equal(read(tmp_path, table), before[table])


def test_a_new_file_is_added(tmp_path, run, draw_png):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.png").write_bytes(draw_png(1))
    run(folder)
    (folder / "b.png").write_bytes(draw_png(2))
    assert "files     1, 1 scored before" in run(folder)
    assert list(read(tmp_path, "emotions")["source"]) == [f"{folder}/a.png", f"{folder}/b.png"]


def test_changed_files_are_scored_once_more(tmp_path, run, draw_png, small_units):
    folder = tmp_path / "in"
    folder.mkdir()
    for seed in range(3):
        (folder / f"{seed}.png").write_bytes(draw_png(seed))
    (folder / "broken.png").touch()
    archive = zip_images(folder / "a.zip", draw_png, 9)
    run(folder)
    before = read(tmp_path, "emotions").set_index("source")
    (folder / "1.png").write_bytes(draw_png(7, 60, 60))
    (folder / "broken.png").write_bytes(draw_png(8))
    zip_images(archive, draw_png, 2, first=20)
    assert "files     3, 2 scored before" in run(folder)
    after = read(tmp_path, "emotions").set_index("source")
    assert after.index.value_counts().to_dict() == {
        str(archive): 2,
        **{f"{folder}/{name}.png": 1 for name in (0, 1, 2, "broken")},
    }
    same, changed = f"{folder}/0.png", f"{folder}/1.png"
    assert after.loc[same, "angry"] == before.loc[same, "angry"]
    assert after.loc[changed, "angry"] != before.loc[changed, "angry"]
    assert read(tmp_path, "failures").empty
    assert read(tmp_path, "recordings")["source"].is_unique


def test_another_model_adds_rows(tmp_path, run, draw_png, tiny_bundle):
    (tmp_path / "a.png").write_bytes(draw_png(1))
    other = tmp_path / "other"
    other.mkdir()
    for path in tiny_bundle.iterdir():
        (other / path.name).symlink_to(path)
    text = (other / "bundle.json").read_text()
    (other / "bundle.json").unlink()
    (other / "bundle.json").write_text(text.replace('"model_id": "fast-', '"model_id": "other-'))
    run(tmp_path / "a.png")
    run(tmp_path / "a.png", model=other)
    assert "files     0, 1 scored before" in run(tmp_path / "a.png", model=other)
    models = read(tmp_path, "emotions")["model"].str.partition("-")[0]
    assert sorted(models) == ["fast", "other"]


def test_an_interrupted_archive_goes_on_where_it_was(tmp_path, run, draw_png, small_units):
    archive = zip_images(tmp_path / "a.zip", draw_png, 10)
    run(archive)
    before = {table: read(tmp_path, table) for table in TABLES}
    commits = {
        path: json.loads(path.read_text()) for path in (tmp_path / "tables/_commits").iterdir()
    }
    for path, commit in commits.items():
        if commit["kind"] == "archive" or commit["start"] == 4:
            path.unlink()  # as if killed before them
    printed = run(archive)
    assert "images    4 in" in printed
    for table in TABLES:
        drop = ["scored_at"] if table == "recordings" else []
        after = read(tmp_path, table)
        pandas.testing.assert_frame_equal(
            after.drop(columns=drop), before[table].drop(columns=drop)
        )


def test_an_archive_that_lacks_only_its_end_is_finished(tmp_path, run, draw_png, small_units):
    archive = zip_images(tmp_path / "a.zip", draw_png, 5)
    run(archive)
    for path in (tmp_path / "tables/_commits").iterdir():
        if json.loads(path.read_text())["kind"] == "archive":
            path.unlink()
    run(archive)
    assert read(tmp_path, "recordings")["faces"].tolist() == [5]
    assert len(read(tmp_path, "emotions")) == 5


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_kill_at_any_moment_then_run_again(tmp_path, run, draw_png, tiny_bundle):
    """kill -9 at random moments leaves readable tables; the next run completes them."""
    folder = tmp_path / "in"
    folder.mkdir()
    zip_images(folder / "a.zip", draw_png, 10_000)
    for seed in range(50):
        (folder / f"{seed}.png").write_bytes(draw_png(seed))
    (folder / "broken.png").touch()
    run(folder)
    expected = {table: read(tmp_path, table) for table in TABLES}
    os.rename(tmp_path / "tables", tmp_path / "uninterrupted")
    command = [sys.executable, "-m", "semblante", "score", str(folder), "--model"]
    command += [str(tiny_bundle), "--output", str(tmp_path / "tables")]
    dice = random.Random(2013)
    for _ in range(10):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        _wait_for_commit(tmp_path / "tables/_commits", process)
        time.sleep(dice.random() / 4)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if (tmp_path / "tables/emotions").exists():
            pandas.read_parquet(tmp_path / "tables/emotions")  # whole files only
    run(folder)
    for table in TABLES:
        drop = ["scored_at"] if table == "recordings" else []
        pandas.testing.assert_frame_equal(
            read(tmp_path, table).drop(columns=drop), expected[table].drop(columns=drop)
        )


def _wait_for_commit(commits, process) -> None:
    """Waits until the run has begun to commit, so that the kill meets it at work."""
    before = set(commits.glob("*.json"))
    while process.poll() is None and set(commits.glob("*.json")) == before:
        time.sleep(0.01)
