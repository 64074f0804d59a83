"""The whole job: what it writes, and that it writes the same whatever it reads from."""

import hashlib
import json
import os
import pathlib
import subprocess
import sys

import faces_on_disk as disk
import numpy as np
import pytest

from pipelines import convert
from tfrecords import inspection, manifest
from tfrecords.errors import JobError
from tfrecords.labels import LABELS

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "convert.json"


def convert_to(output, *arguments) -> manifest.Manifest:
    assert convert.main([*map(str, arguments), "--output", str(output)]) == 0
    return manifest.load(str(output))


def read(output):
    """Returns {key: (split-less) example} of a data set."""
    content = manifest.load(str(output))
    return {example.key: example for example in inspection.read_examples(str(output), content)}


def digests(folder: pathlib.Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
    }


@pytest.fixture
def folder(tmp_path):
    return disk.write_folder(tmp_path / "faces", disk.files())


def test_every_face_arrives_with_its_label(folder, tmp_path):
    content = convert_to(tmp_path / "D", folder, "--shards", "3")
    examples = read(tmp_path / "D")
    assert set(examples) == set(disk.faces())
    for path, pixels in disk.faces().items():
        np.testing.assert_array_equal(examples[path].image[..., 0], pixels)
        assert LABELS[examples[path].label] == path.split("/")[1]
    assert content.examples == {
        "train": dict.fromkeys(LABELS, 3),
        "test": dict.fromkeys(LABELS, 1),
    }
    assert [len(content.shards[split]) for split in ("train", "test")] == [3, 3]


def test_bytes_never_drift(folder, tmp_path):
    # Regenerate with tests/regenerate_golden.py, and only if the format was meant to change.
    convert_to(tmp_path / "D", folder, "--shards", "3")
    assert digests(tmp_path / "D") == json.loads(GOLDEN.read_text())


@pytest.mark.parametrize("name", ["faces.zip", "faces.tar", "faces.tar.gz", "faces.tar.xz"])
def test_archive_gives_the_bytes_of_the_folder_it_holds(tmp_path, name):
    write = disk.write_zip if name.endswith("zip") else disk.write_tar
    write(tmp_path / name, disk.files())
    convert_to(tmp_path / "D", tmp_path / name, "--shards", "3")
    assert digests(tmp_path / "D") == json.loads(GOLDEN.read_text())


@pytest.mark.engine
def test_two_processes_give_the_same_bytes(folder, tmp_path):
    flags = ["--runner=FnApiRunner", "--direct_num_workers=2"]
    mode = "--direct_running_mode=multi_processing"
    convert_to(tmp_path / "D", folder, "--shards", "3", *flags, mode)
    assert digests(tmp_path / "D") == json.loads(GOLDEN.read_text())


def test_csv_holds_the_same_faces(tmp_path):
    path = disk.write_csv(tmp_path / "fer2013.csv", disk.faces())
    convert_to(tmp_path / "D", path, "--shards", "2")
    got = {(LABELS[e.label], e.image.tobytes()) for e in read(tmp_path / "D").values()}
    expected = {(path.split("/")[1], face.tobytes()) for path, face in disk.faces().items()}
    assert got == expected


def test_several_sources_are_told_apart_by_name(folder, tmp_path):
    other = disk.write_zip(tmp_path / "more.zip", {"happy/000.png": disk.png(np.eye(48) * 255 > 0)})
    convert_to(tmp_path / "D", folder, other, "--shards", "2")
    assert "more:happy/000.png" in read(tmp_path / "D")
    assert "faces:train/angry/000.png" in read(tmp_path / "D")


def test_images_named_by_a_glob(folder, tmp_path):
    content = convert_to(tmp_path / "D", f"{folder}/train/*/*.png", "--shards", "2")
    assert content.count("train") == 21 and content.splits() == ["train"]
    assert "train/angry/000.png" in read(tmp_path / "D")


def test_usage_follows_kaggles_names(tmp_path):
    names = ["train/sad/Training_1.png", "test/sad/PublicTest_2.png", "test/sad/PrivateTest_3.png"]
    content = dict(zip(names, list(disk.files().values())[:3], strict=True))
    folder = disk.write_folder(tmp_path / "faces", content)
    usage = convert_to(tmp_path / "D", folder, "--usage", "--shards", "1")
    assert {split: usage.count(split) for split in usage.splits()} == {
        "train": 1,
        "validation": 1,
        "test": 1,
    }
    plain = convert_to(tmp_path / "E", folder, "--shards", "1")
    assert plain.count("test") == 2


def test_validation_is_carved_out_of_train_by_hash(tmp_path):
    folder = disk.write_folder(tmp_path / "faces", disk.files(train=70, test=7))
    content = convert_to(tmp_path / "D", folder, "--validation", "0.3", "--shards", "1")
    assert 10 < content.count("validation") < 32
    assert content.count("train") + content.count("validation") == 70
    assert content.count("test") == 7


def test_validation_that_is_there_is_not_carved_again(tmp_path):
    content = {"val/sad/1.png": disk.png(disk.faces()["train/sad/005.png"])}
    folder = disk.write_folder(tmp_path / "faces", content)
    with pytest.raises(JobError, match="name 1 validation images already; leave --validation out"):
        convert_to(tmp_path / "D", folder, "--validation", "0.3")


def copies() -> dict[str, bytes]:
    """The faces, one of them copied into test, one under another label."""
    content = disk.files()
    content["test/happy/leak.png"] = content["train/happy/003.png"]
    content["train/sad/conflict.png"] = content["train/angry/000.png"]
    return content


def test_duplicates_are_found(tmp_path):
    folder = disk.write_folder(tmp_path / "faces", copies())
    content = convert_to(tmp_path / "D", folder, "--shards", "2")
    assert content.duplicates == {
        "redundant": ["train/sad/conflict.png", "test/happy/leak.png"],
        "conflicting_labels": [{"train/angry/000.png": "angry", "train/sad/conflict.png": "sad"}],
        "leaked_from_test_into_train": ["test/happy/leak.png"],
        "leaked_from_validation_into_train": [],
    }


def test_leaks_are_dropped_from_train_on_request(tmp_path):
    folder = disk.write_folder(tmp_path / "faces", copies())
    content = convert_to(tmp_path / "D", folder, "--drop-leaks", "--shards", "2")
    assert content.skipped == [
        {"source": "train/happy/003.png", "reason": "same pixels as a validation or test image"}
    ]
    assert content.duplicates["leaked_from_test_into_train"] == []
    assert set(read(tmp_path / "D")) == set(copies()) - {"train/happy/003.png"}


def test_search_for_duplicates_may_be_left_out(tmp_path):
    folder = disk.write_folder(tmp_path / "faces", copies())
    assert convert_to(tmp_path / "D", folder, "--no-duplicates").duplicates == {}


def test_leaks_cannot_be_dropped_unsearched(capsys):
    with pytest.raises(SystemExit, match="2"):
        convert.main(["faces", "--output", "D", "--no-duplicates", "--drop-leaks"])
    assert "--drop-leaks needs the search that --no-duplicates turns off" in capsys.readouterr().err


def test_what_is_no_image_by_name_is_skipped_with_a_reason(folder, tmp_path):
    extra = {
        "README.txt": b"",
        "train/.DS_Store": b"",
        "__MACOSX/train/happy/._1.png": b"",
        "train/happy/notes.md": b"",
    }
    disk.write_folder(folder, extra)
    content = convert_to(tmp_path / "D", folder, "--shards", "1")
    assert {entry["source"]: entry["reason"] for entry in content.skipped} == {
        "README.txt": "not an image by its name",
        "train/.DS_Store": "system or hidden file",
        "__MACOSX/train/happy/._1.png": "system or hidden file",
        "train/happy/notes.md": "not an image by its name",
    }


def test_complete_data_set_is_replaced_only_on_request(folder, tmp_path):
    first = convert_to(tmp_path / "D", folder, "--shards", "2")
    with pytest.raises(JobError, match="holds a complete data set; replace it with --overwrite"):
        convert_to(tmp_path / "D", folder, "--shards", "3")
    assert manifest.load(str(tmp_path / "D")) == first
    convert_to(tmp_path / "D", folder, "--shards", "3", "--overwrite")
    assert digests(tmp_path / "D") == json.loads(GOLDEN.read_text())


def test_what_a_killed_run_left_is_replaced(folder, tmp_path):
    leftovers = {
        "train-00000-of-00008.tfrecord": b"of another shard count",
        "test-00001-of-00003.tfrecord": b"half",
        ".train-00001-of-00003.tfrecord-0123.incomplete": b"half",
    }
    disk.write_folder(tmp_path / "D", leftovers)
    convert_to(tmp_path / "D", folder, "--shards", "3")
    assert digests(tmp_path / "D") == json.loads(GOLDEN.read_text())


def test_foreign_files_are_never_removed(folder, tmp_path):
    disk.write_folder(tmp_path / "D", {"thesis.tex": b"years of work"})
    with pytest.raises(JobError, match="holds 'thesis.tex', which is no part of a data set"):
        convert_to(tmp_path / "D", folder, "--overwrite")
    assert (tmp_path / "D" / "thesis.tex").read_bytes() == b"years of work"


def test_name_that_is_not_utf8(folder, tmp_path):
    name = os.fsdecode(b"train/happy/caf\xe9.png")
    disk.write_folder(folder, {name: disk.png(np.eye(48, dtype=np.uint8))})
    convert_to(tmp_path / "D", folder, "--shards", "1")
    assert name in read(tmp_path / "D")


def test_job_does_not_load_tensorflow(folder, tmp_path):
    code = (
        "import sys; from pipelines import convert; "
        f"convert.main([{str(folder)!r}, '--output', {str(tmp_path / 'D')!r}]); "
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


@pytest.mark.slow
def test_real_fer2013(fer2013, tmp_path):
    content = convert_to(tmp_path / "D", fer2013)
    assert content.examples == {
        "train": dict(zip(LABELS, (3995, 436, 4097, 7215, 4965, 4830, 3171), strict=True)),
        "test": dict(zip(LABELS, (467, 56, 496, 895, 607, 653, 415), strict=True)),
    }
    assert not content.failed and not content.skipped
    assert len(content.duplicates["redundant"]) == 1532
    assert len(content.duplicates["conflicting_labels"]) == 47
    assert len(content.duplicates["leaked_from_test_into_train"]) == 280
