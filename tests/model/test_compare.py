"""The job, from the command line to its table."""

import dataclasses
import importlib.util
import json
import os
import shutil

import keras
import numpy as np
import pytest

from model import bundle, compare, comparison, evaluation, export
from model.predictor import BATCH
from model.recipes import RECIPES
from tfrecords import manifest
from tfrecords.errors import JobError


@pytest.fixture
def dataset(make_dataset):
    return make_dataset(test=30)


@pytest.fixture(scope="session")
def other_bundle(tmp_path_factory):
    """A bundle that says neutral of every face, with 0.4."""
    logits = np.log([0.1, 0.1, 0.1, 0.1, 0.4, 0.1, 0.1])
    image = keras.Input((48, 48, 1), dtype="uint8")
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 255)(image))
    x = keras.layers.Dense(7, kernel_initializer="zeros")(x)
    network = keras.Model(image, keras.layers.Activation("softmax", name="softmax")(x))
    network.layers[-2].set_weights([np.zeros((1, 7)), logits])
    path = str(tmp_path_factory.mktemp("bundles") / "neutral")
    config = dataclasses.replace(RECIPES["fast"], epochs=1)
    training = {"examples": {"happy": 1}, "epochs": 1}
    inference = export.to_float16(network)
    bundle.save(path, network, inference, config=config, metrics={}, training=training)
    return path


def test_table_and_file(tiny_bundle, other_bundle, dataset, tmp_path, capsys):
    output = tmp_path / "new" / "comparison.json"
    arguments = [str(tiny_bundle), other_bundle, "--dataset", dataset, "--output", str(output)]
    assert compare.main(arguments) == 0
    content = json.loads(output.read_text())
    first, second = content["models"]
    assert content["split"] == "test" and content["dataset"] == dataset and content["machine"]
    assert (first["path"], second["path"]) == (str(tiny_bundle), other_bundle)
    assert second["accuracy"] == pytest.approx(4 / 30)  # of 30 labels in turn, 4 are neutral
    assert second["log_loss"] == pytest.approx(-(4 * np.log(0.4) + 26 * np.log(0.1)) / 30, rel=1e-3)
    assert second["parameters"] == 14 and second["examples"] == 30
    assert second["faces_per_cpu_second"] > 0
    title, _, header, *rows = capsys.readouterr().out.splitlines()
    assert title == f"30 examples of test in {dataset}"
    assert header.split()[:2] == ["model", "accuracy"]
    assert [row.split()[0] for row in rows] == [first["model"], second["model"]]
    assert "13.33%" in rows[1]
    assert {len(line) for line in rows} == {len(header)}


def test_figures_are_those_of_an_evaluation(tiny_bundle, dataset):
    content, model = manifest.load(dataset), bundle.load(str(tiny_bundle))
    row = comparison.measure(comparison.contender(model), dataset, "test", content)
    figures = evaluation.measure(model, dataset, "test", content).figures
    assert figures.items() <= row.items()


def test_size_is_that_of_the_whole_folder(tiny_bundle, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(tiny_bundle, copy)
    before = comparison.contender(bundle.load(str(copy))).size_bytes
    (copy / "evaluation" / "more").mkdir(parents=True)
    (copy / "evaluation" / "more" / "file").write_bytes(bytes(1000))
    assert comparison.contender(bundle.load(str(copy))).size_bytes == before + 1000
    assert before > os.path.getsize(copy / "model.keras")


def test_speed_is_of_whole_batches_after_a_warm_up(face):
    asked = []

    def classify(faces):
        asked.append(len(faces))
        return np.sort(np.repeat(faces, 20, axis=0).ravel())  # so long that a clock sees it

    assert comparison.faces_per_cpu_second(classify, np.stack([face] * 20)) > 0
    assert asked == [20] * 4
    assert comparison.TIMED_FACES <= 2_000 and comparison.TIMED_FACES % BATCH == 0


@pytest.mark.skipif(
    importlib.util.find_spec("fer") is not None, reason="needs an environment without fer"
)
def test_fer_that_is_not_installed(tiny_bundle, dataset):
    with pytest.raises(JobError, match="the package fer is not installed; add it by: pip install"):
        compare.main([str(tiny_bundle), "--dataset", dataset, "--with-fer"])


def test_fer_is_a_row(tiny_bundle, dataset, capsys):
    pytest.importorskip("fer.fer", reason="needs the package fer", exc_type=ImportError)
    assert compare.main([str(tiny_bundle), "--dataset", dataset, "--with-fer"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("fer ")


def test_absent_split_is_named(tiny_bundle, dataset):
    with pytest.raises(JobError, match="has no validation examples; it has test"):
        compare.main([str(tiny_bundle), "--dataset", dataset, "--split", "validation"])


def test_every_model_is_looked_at_before_any_is_measured(tiny_bundle, dataset, tmp_path, capsys):
    with pytest.raises(JobError, match="absent is not a finished model"):
        compare.main([str(tiny_bundle), str(tmp_path / "absent"), "--dataset", dataset])
    assert capsys.readouterr().out == ""


def test_output_that_cannot_be_written(tiny_bundle, dataset, tmp_path):
    (tmp_path / "file").write_text("")
    for output in (tmp_path / "file" / "x.json", tmp_path):
        with pytest.raises(JobError, match=f"^cannot write {output}: "):
            compare.main([str(tiny_bundle), "--dataset", dataset, "--output", str(output)])


def test_data_set_has_to_be_named(capsys):
    with pytest.raises(SystemExit, match="2"):
        compare.main(["M"])
    assert "--dataset" in capsys.readouterr().err
