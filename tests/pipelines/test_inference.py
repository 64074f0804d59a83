"""The handler gives what the bundle gives, for batches as they come."""

import logging

import apache_beam as beam
import numpy as np
import pytest
from apache_beam.ml.inference.base import RunInference
from apache_beam.testing.util import assert_that

from pipelines import inference
from pipelines.inference import FaceModelHandler
from pipelines.reading_faces import FaceBatch
from tfrecords.errors import JobError


def batch_of(faces: np.ndarray) -> FaceBatch:
    return FaceBatch("n", "images", (), 0, 0, faces, [], [], [], len(faces), len(faces), {})


@pytest.fixture
def faces(generator) -> np.ndarray:
    return generator.integers(0, 256, (300, 48, 48, 1), dtype=np.uint8)


def test_model_id_names_network_and_weights(tiny_bundle):
    assert inference.model_id(str(tiny_bundle)).startswith("fast-")


def test_a_missing_bundle_is_one_clear_line(tmp_path):
    with pytest.raises(JobError, match="none is not a finished model: it has no bundle.json"):
        inference.model_id(str(tmp_path / "none"))


def test_bundle_of_other_labels_is_refused_with_both_shown(tiny_bundle, tmp_path):
    text = (tiny_bundle / "bundle.json").read_text()
    (tmp_path / "bundle.json").write_text(text.replace('"angry"', '"bored"', 1))
    with pytest.raises(JobError, match="labels bored, disgust, .*; this version expects angry"):
        inference.model_id(str(tmp_path))


def test_predictions_are_those_of_the_network(tiny_bundle, faces):
    import keras

    handler = FaceModelHandler(str(tiny_bundle), "model")
    (result,) = handler.run_inference([batch_of(faces)], handler.load_model())
    network = keras.models.load_model(tiny_bundle / "model.keras")
    np.testing.assert_allclose(result.inference, network.predict(faces, verbose=0), atol=5e-3)
    assert result.inference.dtype == np.float32
    assert result.model_id == "model"


def test_a_batch_without_faces(tiny_bundle, faces):
    handler = FaceModelHandler(str(tiny_bundle), "model")
    (result,) = handler.run_inference([batch_of(faces[:0])], handler.load_model())
    assert result.inference.shape == (0, 7)


def test_batches_stay_as_they_are_in_a_pipeline(tiny_bundle, faces):
    def check(results):
        assert sorted(len(result.inference) for result in results) == [0, 1, 299]

    with beam.Pipeline("FnApiRunner") as pipeline:
        results = (
            pipeline
            | beam.Create([batch_of(faces[:1]), batch_of(faces[1:]), batch_of(faces[:0])])
            | RunInference(FaceModelHandler(str(tiny_bundle), "model"))
        )
        assert_that(results, check)


def test_size_is_that_of_the_pixels(faces):
    handler = FaceModelHandler("bundle", "model")
    assert handler.get_num_bytes([batch_of(faces), batch_of(faces[:2])]) == 302 * 48 * 48


def test_beams_false_alarm_is_silent(caplog):
    logging.warning("Resource module is not available for current platform, memory …")
    logging.warning("something else")
    assert [record.getMessage() for record in caplog.records] == ["something else"]
