"""Models side by side: each measured on the same faces, in the same process, in the same way."""

import itertools
import os
import statistics
import time
from typing import Any, NamedTuple

import numpy as np

from model import evaluation
from model.bundle import Bundle
from model.predictor import BATCH, Predictor
from tfrecords.manifest import Manifest

# At most 2,000, in whole batches: a padded batch would count fewer faces for the same work.
TIMED_FACES = 2_000 // BATCH * BATCH
_PASSES = 3


class Contender(NamedTuple):
    """What takes part in a comparison."""

    name: str
    path: str | None  # of a bundle; None for another package's model
    classify: evaluation.Classifier
    parameters: int
    size_bytes: int  # on disk


def contender(model: Bundle) -> Contender:
    """Enters a bundle, by its exported function; its size is that of the whole folder."""
    parameters, size = model.info["parameters"], _folder_size(model.path)
    return Contender(model.model_id, model.path, Predictor(model), parameters, size)


def measure(entry: Contender, dataset: str, split: str, content: Manifest) -> dict[str, Any]:
    """Returns the figures of an evaluation, and with them size and speed.

    Raises:
        JobError: where the data set cannot be read or the model gives no numbers.
    """
    name = entry.path or entry.name
    figures = evaluation.measure_classifier(entry.classify, name, dataset, split, content).figures
    return {
        "model": entry.name,
        "path": entry.path,
        **figures,
        "parameters": entry.parameters,
        "size_mb": entry.size_bytes / 1e6,
        "faces_per_cpu_second": faces_per_cpu_second(entry.classify, _first(dataset, split)),
    }


def faces_per_cpu_second(classify: evaluation.Classifier, faces: np.ndarray) -> float:
    """Returns the median of three passes, after one that warms up.

    The time is the processor's, of all threads of the process together: other processes and the
    number of cores change it less than they change the time on the wall.
    """
    classify(faces)
    return len(faces) / statistics.median(_cpu_seconds(classify, faces) for _ in range(_PASSES))


def _cpu_seconds(classify: evaluation.Classifier, faces: np.ndarray) -> float:
    start = time.process_time()
    classify(faces)
    return time.process_time() - start


def _first(dataset: str, split: str) -> np.ndarray:
    """The first faces of a split, uint8 [n, 48, 48, 1], n at most TIMED_FACES."""
    batches = evaluation.read_batches(dataset, split, BATCH)
    chosen = itertools.islice(batches, TIMED_FACES // BATCH)
    return np.concatenate([faces for faces, _, _ in chosen])


def _folder_size(path: str) -> int:
    return sum(
        os.path.getsize(os.path.join(folder, name))
        for folder, _, names in os.walk(path)
        for name in names
    )
