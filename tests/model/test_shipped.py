"""The models that ship with the package."""

import os

import pytest

from model import bundle, catalog, evaluate, metrics, shipped
from model.predictor import Predictor
from pipelines import score
from tfrecords import reading

MEGABYTES = {"fast": 3, "accurate": 20}


def test_score_takes_the_default():
    assert score.parse(["x.zip", "--output", "T"])[0].model == shipped.DEFAULT


@pytest.mark.parametrize("name", shipped.NAMES)
def test_opens_by_name_and_is_small(name):
    model = bundle.load(name)
    size = sum(entry.stat().st_size for entry in os.scandir(model.path))
    assert model.info["network"] == name
    assert size < MEGABYTES[name] * 1e6


def test_a_folder_of_that_name_goes_first(tiny_bundle, tmp_path, monkeypatch):
    os.symlink(tiny_bundle, tmp_path / "fast")
    monkeypatch.chdir(tmp_path)
    assert bundle.load("fast").model_id == bundle.load(str(tiny_bundle)).model_id


@pytest.mark.parametrize("name", shipped.NAMES)
def test_card_and_record_tell_of_the_same_evaluation(name):
    model = bundle.load(name)
    figures = model.info["evaluations"]["test"]
    with open(f"{model.path}/MODEL_CARD.md") as card:
        text = card.read()
    assert f"{figures['accuracy']:.2%}" in text
    assert figures["views"]["how"] == "ten" and f"{figures['views']['accuracy']:.2%}" in text
    assert figures["robustness"] and figures["accuracy_without_leaks"]
    assert figures["calibration_error"] <= 0.03


@pytest.mark.parametrize("name", shipped.NAMES)
def test_inference_form_is_as_accurate_as_the_network(name, fer2013_test_faces):
    model = bundle.load(name)
    images, labels = fer2013_test_faces
    exact = model.network().predict(images, batch_size=256, verbose=0)
    accuracy = [
        metrics.summarize(each, labels)["accuracy"] for each in (exact, Predictor(model)(images))
    ]
    assert accuracy[1] >= accuracy[0] - 0.002
    assert accuracy[1] == pytest.approx(model.info["evaluations"]["test"]["accuracy"], abs=0.002)


@pytest.fixture(scope="module")
def fer2013_test_faces(fer2013, tmp_path_factory):
    """The 3,589 faces of PublicTest and their labels."""
    from pipelines import convert

    dataset = str(tmp_path_factory.mktemp("fer2013") / "dataset")
    assert convert.main([str(fer2013), "--output", dataset, "--no-duplicates"]) == 0
    return next(reading.face_dataset(dataset, "test").batch(10_000).as_numpy_iterator())


def test_catalog_lists_them(capsys):
    assert catalog.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == list(shipped.NAMES)
    assert "(default of score)" in lines[1]
    assert all(os.path.exists(line.partition("card: ")[2]) for line in lines[-2:])


def test_evaluation_of_a_shipped_model_stays_out_of_the_package(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = bundle.load("fast")
    assert evaluate._default_folder("fast", model, "test") == "evaluation/fast/test"
    assert evaluate._default_folder(model.path, model, "test").startswith(model.path)
