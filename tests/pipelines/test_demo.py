import io
import json
import subprocess
import sys
import zipfile

import pytest
from PIL import Image

from pipelines import demo
from tfrecords.errors import JobError
from tfrecords.faces import FaceError, face_from_bytes


def test_folder_is_made_and_marked(tmp_path):
    demo.prepare(tmp_path / "deep" / "demo")
    demo.prepare(tmp_path / "deep" / "demo")  # a second time: it is ours
    assert [path.name for path in (tmp_path / "deep" / "demo").iterdir()] == [".semblante-demo"]


def test_earlier_demo_is_replaced_and_the_users_files_are_not(tmp_path):
    demo.prepare(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "bundle.json").touch()
    (tmp_path / "recordings.zip").touch()
    (tmp_path / "notes.txt").touch()
    demo.prepare(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".semblante-demo", "notes.txt"]


def test_folder_of_somebody_else_is_refused(tmp_path):
    (tmp_path / "faces").mkdir()
    with pytest.raises(JobError, match="holds files that no earlier demo wrote.*--output"):
        demo.prepare(tmp_path)
    assert (tmp_path / "faces").exists()


def test_output_that_is_a_file_is_an_error(tmp_path):
    (tmp_path / "demo").touch()
    with pytest.raises(JobError, match="cannot write to .*demo: File exists"):
        demo.prepare(tmp_path / "demo")


def test_failed_step_is_named(capfd):
    with pytest.raises(JobError, match="the step `semblante convert` ended with exit code 2"):
        demo.run_command(["convert"])
    printed = capfd.readouterr()
    assert "$ semblante convert" in printed.out
    assert "usage: semblante convert" in printed.err


def test_zip_holds_faces_in_no_order_and_three_broken_files(tmp_path):
    demo.write_recordings(tmp_path / "recordings.zip", 5, seed=1)
    with zipfile.ZipFile(tmp_path / "recordings.zip") as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    good = {name for name in contents if name.startswith("faces/")}
    assert len(good) == 5
    for name, content in contents.items():
        if name in good:
            assert face_from_bytes(content).shape == (48, 48, 1)
        else:
            with pytest.raises(FaceError):
                face_from_bytes(content)
    assert contents.keys() - good == {"broken/empty.png", "broken/letter.jpg", "broken/half.jpg"}
    assert Image.open(io.BytesIO(contents["broken/half.jpg"])).format == "JPEG"


def test_zip_has_the_same_bytes_each_time(tmp_path):
    for name in ("a.zip", "b.zip"):
        demo.write_recordings(tmp_path / name, 2, seed=1)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


@pytest.mark.parametrize("accuracy", [0.29, 0.9])
def test_accuracy_above_chance_is_returned(tmp_path, accuracy):
    write_metrics(tmp_path, accuracy)
    assert demo.read_accuracy(tmp_path) == accuracy


def test_network_that_learnt_nothing_fails_the_demo(tmp_path):
    write_metrics(tmp_path, 0.15)
    with pytest.raises(JobError, match="names 15% of the test faces right, hardly more.*14%"):
        demo.read_accuracy(tmp_path)


def write_metrics(model, accuracy: float) -> None:
    folder = model / "evaluation" / "test"
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text(json.dumps({"accuracy": accuracy}))


def test_help_loads_neither_engine_nor_parquet():
    code = (
        "import sys; from pipelines import demo\n"
        "try: demo.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print({'tensorflow', 'apache_beam', 'pyarrow', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")
    assert "--output" in done.stdout


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_whole_demo_runs_and_says_what_failed(tmp_path, capfd):
    counts = (("train", 150), ("validation", 5), ("test", 10))
    demo.run(tmp_path / "demo", demo.Size(counts, epochs=12, recordings=20))
    printed = capfd.readouterr().out
    for job in ("convert", "inspect", "train", "evaluate", "score"):
        assert f"$ semblante {job} " in printed
    assert "the first of 20 rows" in printed
    for broken in ("broken/empty.png", "broken/half.jpg", "broken/letter.jpg"):
        assert broken in printed
