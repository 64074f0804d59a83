"""The job, from the command line to its files."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image

from model import bundle, evaluate, evaluation, robustness
from tfrecords import codec, manifest
from tfrecords.errors import JobError
from tfrecords.manifest import Manifest
from tfrecords.naming import shard_name
from tfrecords.records import write_records


@pytest.fixture
def dataset(tmp_path, examples):
    """Twenty test examples, of which the first five are listed as leaked."""
    folder = tmp_path / "dataset"
    folder.mkdir()
    with open(folder / shard_name("test", 0, 1), "wb") as file:
        write_records(file, map(codec.encode, examples))
    leaked = [example.key for example in examples[:5]]
    content = Manifest(
        examples={},
        shards={"test": [20]},
        duplicates={"leaked_from_test_into_train": leaked, "redundant": []},
    )
    (folder / manifest.FILE_NAME).write_text(content.to_json())
    return str(folder)


def test_writes_metrics_and_pictures(tiny_bundle, dataset, tmp_path, capsys):
    output = tmp_path / "evaluation"
    assert evaluate.main([str(tiny_bundle), dataset, "--output", str(output)]) == 0
    figures = json.loads((output / "metrics.json").read_text())
    assert figures["split"] == "test" and figures["examples"] == 20
    assert {"accuracy", "balanced_accuracy", "macro_f1", "log_loss", "calibration_error"} <= set(
        figures
    )
    assert np.sum(figures["confusion"]) == 20
    for name in ("confusion.png", "reliability.png"):
        with Image.open(output / name) as picture:
            assert min(picture.size) > 500
    printed = capsys.readouterr().out
    assert f"accuracy            {figures['accuracy']:.2%}" in printed
    assert "(5 examples also stand in train)" in printed


def test_leaked_examples_are_left_out(tiny_bundle, dataset, examples):
    content = manifest.load(dataset)
    measured = evaluation.measure(bundle.load(str(tiny_bundle)), dataset, "test", content)
    hits = measured.probabilities.argmax(axis=1) == measured.labels
    assert measured.labels.tolist() == [example.label for example in examples]
    assert measured.figures["accuracy"] == pytest.approx(hits.mean())
    assert measured.figures["accuracy_without_leaks"] == pytest.approx(hits[5:].mean())
    assert measured.figures["leaked"] == 5


def test_leaks_that_were_not_searched_are_unknown(tiny_bundle, dataset):
    content = Manifest(examples={}, shards={"test": [20]})
    figures = evaluation.measure(bundle.load(str(tiny_bundle)), dataset, "test", content).figures
    assert figures["leaked"] is None and figures["accuracy_without_leaks"] is None


def test_results_stand_beside_the_model_by_default(tiny_bundle, dataset):
    assert evaluate.main([str(tiny_bundle), dataset]) == 0
    assert (tiny_bundle / "evaluation" / "test" / "metrics.json").exists()


def test_absent_split_is_named(tiny_bundle, dataset):
    with pytest.raises(JobError, match="has no validation examples; it has test"):
        evaluate.main([str(tiny_bundle), dataset, "--split", "validation"])


def test_unknown_split_is_a_usage_error(capsys):
    with pytest.raises(SystemExit, match="2"):
        evaluate.main(["M", "D", "--split", "dev"])
    assert "invalid choice: 'dev'" in capsys.readouterr().err


def test_missing_bundle(dataset, tmp_path):
    with pytest.raises(JobError, match="is not a finished model"):
        evaluate.main([str(tmp_path / "absent"), dataset])


def test_missing_data_set(tiny_bundle, tmp_path):
    with pytest.raises(JobError, match="is not a complete data set"):
        evaluate.main([str(tiny_bundle), str(tmp_path)])


def test_output_that_cannot_be_written(tiny_bundle, dataset, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match="cannot write to .*file.*: "):
        evaluate.main([str(tiny_bundle), dataset, "--output", str(tmp_path / "file" / "x")])


def flip_a_byte(shard):
    content = bytearray(shard.read_bytes())
    content[5000] ^= 1
    shard.write_bytes(content)


def write_payloads(shard, payloads):
    with open(shard, "wb") as file:
        write_records(file, payloads)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (flip_a_byte, "corrupted record at 4776"),
        (lambda shard: shard.unlink(), "test-00000-of-00001.tfrecord; No such file or directory"),
        (
            lambda shard: write_payloads(shard, []),
            "expected to contain 20 elements but contained only 0 elements",
        ),
        (lambda shard: write_payloads(shard, [b"no"] * 20), "a record of test is no labelled face"),
    ],
    ids=["flipped", "missing", "empty", "foreign"],
)
def test_damaged_shard(tiny_bundle, dataset, tmp_path, damage, message):
    damage(tmp_path / "dataset" / shard_name("test", 0, 1))
    with pytest.raises(JobError, match=f"^cannot read .*{message}; convert it anew$"):
        evaluate.main([str(tiny_bundle), dataset])


def test_label_out_of_range(tiny_bundle, dataset, tmp_path, examples):
    wrong = [codec.encode(example._replace(label=9)) for example in examples]
    write_payloads(tmp_path / "dataset" / shard_name("test", 0, 1), wrong)
    with pytest.raises(JobError, match="train/0.png has the label 9, expected 0 to 6"):
        evaluate.main([str(tiny_bundle), dataset])


def test_batch_size_does_not_change_the_figures(tiny_bundle, dataset):
    content, model = manifest.load(dataset), bundle.load(str(tiny_bundle))
    small = evaluation.measure(model, dataset, "test", content, batch_size=3)
    large = evaluation.measure(model, dataset, "test", content)
    assert small.figures["confusion"] == large.figures["confusion"]
    assert small.figures["log_loss"] == pytest.approx(large.figures["log_loss"], rel=1e-5)


@pytest.mark.parametrize("value", ["0", "-1", "x"])
def test_batch_size_that_is_no_number(value, capsys):
    with pytest.raises(SystemExit, match="2"):
        evaluate.main(["M", "D", f"--batch-size={value}"])
    assert f"'{value}' is no whole number above 0" in capsys.readouterr().err


def test_views_and_robustness_stand_beside_the_rest(tiny_bundle, dataset, tmp_path, capsys):
    model = shutil.copytree(tiny_bundle, tmp_path / "model")
    flags = ["--views", "ten", "--robustness", "--card"]
    assert evaluate.main([str(model), dataset, "--output", str(tmp_path / "out"), *flags]) == 0
    figures = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert figures["views"]["how"] == "ten" and 0 <= figures["views"]["accuracy"] <= 1
    assert len(figures["robustness"]) == len(robustness.CHANGES)
    for row in figures["robustness"]:
        assert row["accuracy"] - figures["accuracy"] == pytest.approx(row["difference"])
    printed = capsys.readouterr().out
    assert "mean over the views of ten" in printed and "most confused: " in printed
    assert "JPEG quality" in printed
    recorded = bundle.load(str(model)).info["evaluations"]["test"]
    assert recorded["robustness"] == figures["robustness"]
    assert "| JPEG quality | 20 of 100 |" in (model / "MODEL_CARD.md").read_text()


def test_faces_are_found_again_by_their_place(dataset):
    batches = evaluation.read_batches(dataset, "test", 1_000)
    (faces,) = [faces for faces, *_ in batches]
    places = [5, 0, 3]
    got = evaluation.faces_at(dataset, "test", places, batch_size=2)
    np.testing.assert_array_equal(got, faces[places])
