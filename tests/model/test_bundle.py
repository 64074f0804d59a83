"""A bundle gives back what was put in, and nothing that is not whole or not ours."""

import json
import shutil
import subprocess
import sys

import keras
import numpy as np
import pytest

from model import bundle, export, networks
from model.predictor import Predictor
from model.recipes import RECIPES
from tfrecords.errors import JobError
from tfrecords.labels import LABELS
from tfrecords.schema import FINGERPRINT, ContractMismatch


@pytest.fixture
def copied(tiny_bundle, tmp_path):
    """A bundle that a test may damage."""
    return shutil.copytree(tiny_bundle, tmp_path / "copy")


def change(path, **fields):
    info = json.loads((path / "bundle.json").read_text())
    (path / "bundle.json").write_text(json.dumps(info | fields))


def save(path, network):
    training = {"examples": {"happy": 3}, "epochs": 1}
    inference = export.to_float16(network)
    config = RECIPES["fast"]
    bundle.save(path, network, inference, config=config, metrics={}, training=training)


def test_keras_network_and_exported_function_agree(tiny_bundle, generator):
    faces = generator.integers(0, 256, (5, 48, 48, 1), dtype=np.uint8)
    loaded = bundle.load(str(tiny_bundle))
    by_keras = keras.ops.convert_to_numpy(loaded.network()(faces))
    exported = Predictor(loaded)(faces)
    assert exported.dtype == np.float32 and exported.shape == (5, 7)
    np.testing.assert_allclose(exported, by_keras, atol=5e-3)
    np.testing.assert_allclose(exported.sum(axis=1), 1, atol=1e-5)


def test_fast_network_survives_saving(tmp_path, generator):
    faces = generator.integers(0, 256, (3, 48, 48, 1), dtype=np.uint8)
    network = networks.build("fast", seed=3)
    before = keras.ops.convert_to_numpy(network(faces))
    save(str(tmp_path), network)
    loaded = bundle.load(str(tmp_path))
    np.testing.assert_allclose(Predictor(loaded)(faces), before, atol=5e-3)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(loaded.network()(faces)), before)


def test_record_says_what_it_is(tiny_bundle):
    info = bundle.load(str(tiny_bundle)).info
    assert info["labels"] == list(LABELS) and info["fingerprint"] == FINGERPRINT
    assert info["network"] == "fast" and info["parameters"] == 48 * 48 * 7 + 7
    assert info["config"]["batch_size"] == 8
    assert set(info["versions"]) == {"python", "semblante", "tensorflow", "keras", "numpy"}
    assert " processors (" in info["machine"]
    assert len(info["commit"] or "0" * 40) == 40


def test_model_id_tells_weights_apart(tiny_bundle, tmp_path):
    first = bundle.load(str(tiny_bundle))
    network = first.network()
    network.set_weights([weights + 1 for weights in network.get_weights()])
    save(str(tmp_path), network)
    second = bundle.load(str(tmp_path))
    assert first.model_id.startswith("fast-") and second.model_id.startswith("fast-")
    assert first.model_id != second.model_id


def test_saving_leaves_other_files_alone(copied):
    (copied / "history.csv").write_text("epoch\n")
    loaded = bundle.load(str(copied))
    save(str(copied), loaded.network())
    assert (copied / "history.csv").read_text() == "epoch\n"
    assert bundle.load(str(copied)).model_id == loaded.model_id


def test_opening_does_without_tensorflow(tiny_bundle):
    code = (
        "import sys; from model import bundle; "
        f"bundle.load({str(tiny_bundle)!r}).model_id; sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_absent_bundle(tmp_path):
    with pytest.raises(JobError, match="is not a finished model: .* `semblante train"):
        bundle.load(str(tmp_path / "absent"))


def test_damaged_record(copied):
    (copied / "bundle.json").write_text("{")
    with pytest.raises(JobError, match="cannot read .*bundle.json"):
        bundle.load(str(copied))


def test_record_of_another_version(copied):
    change(copied, schema_version=99)
    with pytest.raises(JobError, match="is not a bundle of schema version 2"):
        bundle.load(str(copied))


@pytest.mark.parametrize("field", ["labels", "model_id", "fingerprint"])
def test_record_that_lacks_a_field(copied, field):
    info = json.loads((copied / "bundle.json").read_text())
    del info[field]
    (copied / "bundle.json").write_text(json.dumps(info))
    with pytest.raises(JobError, match=f"bundle.json lacks {field}; train anew"):
        bundle.load(str(copied))


@pytest.mark.parametrize("labels", [5, None, "angry", [1, 2]])
def test_labels_that_are_no_names(copied, labels):
    change(copied, labels=labels)
    with pytest.raises(JobError, match="is damaged: labels is no list of names; train anew"):
        bundle.load(str(copied))


def test_other_label_order_is_refused_with_both_shown(copied):
    change(copied, labels=list(reversed(LABELS)))
    with pytest.raises(ContractMismatch, match="labels surprise, sad.* expects angry, disgust"):
        bundle.load(str(copied))


def test_other_fingerprint_is_refused_with_both_shown(copied):
    change(copied, fingerprint="0123")
    with pytest.raises(ContractMismatch, match=f"fingerprint 0123; .*{FINGERPRINT}"):
        bundle.load(str(copied))


@pytest.mark.parametrize("name", ["model.keras", "inference.tflite"])
def test_missing_part_is_named(copied, name):
    (copied / name).rename(copied / "elsewhere")
    with pytest.raises(JobError, match=f"lacks {name}: copy the whole folder"):
        bundle.load(str(copied))


def test_damaged_parts_are_named(copied):
    (copied / "model.keras").write_bytes(b"nothing")
    (copied / "inference.tflite").write_bytes(b"nothing")
    loaded = bundle.load(str(copied))
    with pytest.raises(JobError, match="cannot load .*model.keras: .*the bundle is damaged"):
        loaded.network()
    with pytest.raises(JobError, match="cannot load inference.tflite: .*the bundle is damaged"):
        Predictor(loaded)
