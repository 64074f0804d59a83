"""Classifies batches of faces: the one place where pipelines meet the model.

Beam has no handler for LiteRT. The batches arrive as they are to be committed.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

from apache_beam.ml.inference.base import ModelHandler, PredictionResult

from model import bundle
from model.predictor import Predictor
from pipelines.reading_faces import FaceBatch, bytes_of


def _is_no_false_alarm(record: logging.LogRecord) -> bool:
    return "Resource module is not available" not in record.getMessage()


# Beam 2.77 says so of every Linux without PyTorch, twice a run, and only leaves out a metric.
logging.getLogger().addFilter(_is_no_false_alarm)


def model_id(path: str) -> str:
    """Returns the identity of a bundle, without loading TensorFlow.

    Raises:
        JobError: where there is no bundle, or one made under another contract.
    """
    return bundle.load(path).model_id


class FaceModelHandler(ModelHandler[FaceBatch, PredictionResult, Predictor]):
    """Runs a bundle on whole `FaceBatch`es, one at a time; a result holds float32 [n, 7]."""

    def __init__(self, path: str, model: str):
        """
        Args:
            path: Bundle, reachable from the workers.
            model: Its identity, by which the tables name it.
        """
        super().__init__()
        self._path = path
        self._model = model

    def load_model(self) -> Predictor:
        return Predictor(bundle.load(self._path))

    def run_inference(
        self,
        batch: Sequence[FaceBatch],
        model: Predictor,
        inference_args: dict[str, Any] | None = None,
    ) -> Iterator[PredictionResult]:
        for faces in batch:
            yield PredictionResult(faces, model(faces.faces), self._model)

    def get_num_bytes(self, batch: Sequence[FaceBatch]) -> int:
        return bytes_of(batch)  # Beam's default pickles the batch to measure it

    def get_metrics_namespace(self) -> str:
        return "semblante"

    def batch_elements_kwargs(self) -> dict[str, int]:
        return {"min_batch_size": 1, "max_batch_size": 1}  # elements are batches already
