"""The adapter of the package fer; what needs fer itself is skipped where it is not installed."""

import importlib.util
import re

import numpy as np
import pytest

from model import peer_fer
from tfrecords.errors import JobError
from tfrecords.labels import LABELS

# As fer 25.10.3 numbers them.
NAMES = dict(enumerate(("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")))


@pytest.fixture
def fer():
    pytest.importorskip(
        "fer.fer",
        reason=f"needs the peer to compare with: {peer_fer.INSTALL}",
        exc_type=ImportError,
    )
    return peer_fer.Fer()


def test_columns_follow_our_order():
    columns = peer_fer.columns_of(NAMES)
    assert columns == [0, 1, 2, 3, 6, 4, 5]
    assert [NAMES[column] for column in columns] == list(LABELS)


def test_columns_already_in_order():
    assert peer_fer.columns_of(dict(enumerate(LABELS))) == list(range(7))


@pytest.mark.parametrize("names", [{0: "angry"}, NAMES | {7: "contempt"}])
def test_other_labels_are_refused(names):
    with pytest.raises(JobError, match="fer tells angry.*; expected angry, disgust, .* any order"):
        peer_fer.columns_of(names)


@pytest.mark.skipif(
    importlib.util.find_spec("fer") is not None, reason="needs an environment without fer"
)
def test_absent_package_is_named_with_the_cure():
    message = f"the package fer is not installed; add it by: {peer_fer.INSTALL}"
    with pytest.raises(JobError, match=f"^{re.escape(message)}$"):
        peer_fer.Fer()


def test_same_answer_as_of_the_package(fer, generator):
    from fer.fer import FER

    faces = generator.integers(0, 256, (5, 48, 48, 1), dtype=np.uint8)
    probabilities = fer(faces)
    assert probabilities.shape == (5, 7) and probabilities.dtype == np.float32
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-3)
    detector = FER(offsets=(0, 0))
    for face, row in zip(faces, probabilities, strict=True):
        (told,) = detector.detect_emotions(np.repeat(face, 3, axis=2), [(0, 0, 48, 48)])
        rounded = [told["emotions"][label] for label in LABELS]
        np.testing.assert_allclose(row, rounded, atol=0.00501)


def test_facts_of_the_package(fer):
    assert fer.parameters > 50_000 and fer.size_bytes > 50_000
    assert re.fullmatch(r"[\d.]+", fer.version)
