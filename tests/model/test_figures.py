"""The pictures are written whole, and hold what they were given."""

import matplotlib
import numpy as np
import pytest
from PIL import Image

from model import figures, metrics


@pytest.fixture
def measured(generator):
    """Probabilities float [300, 7] and labels int [300] of a network that is often right."""
    labels = generator.integers(0, 7, 300)
    scores = generator.normal(size=(300, 7)) + 3 * np.eye(7)[labels]
    return np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True), labels


def dark_share(path) -> float:
    with Image.open(path) as picture:
        picture.load()
        assert picture.format == "PNG" and min(picture.size) > 500
        return float((np.asarray(picture.convert("L")) < 128).mean())


def test_confusion_shades_what_is_frequent(tmp_path):
    right, wrong = tmp_path / "right.png", tmp_path / "spread.png"
    figures.draw_confusion(np.diag([9] * 7).tolist(), "right", str(right))
    figures.draw_confusion(np.ones((7, 7), int).tolist(), "spread", str(wrong))
    assert dark_share(right) > dark_share(wrong) + 0.03


def test_confusion_with_a_class_without_examples(tmp_path):
    counts = np.diag([3, 0, 3, 3, 3, 3, 3])
    figures.draw_confusion(counts.tolist(), "no disgust", str(tmp_path / "confusion.png"))
    assert dark_share(tmp_path / "confusion.png") > 0


def test_reliability(measured, tmp_path):
    figures.draw_reliability(*measured, "often right", str(tmp_path / "reliability.png"))
    assert dark_share(tmp_path / "reliability.png") > 0.03


def test_reliability_of_one_face_leaves_bins_empty(tmp_path):
    path = tmp_path / "reliability.png"
    figures.draw_reliability(np.eye(7)[:1], np.array([0]), "one face", str(path))
    assert dark_share(path) > 0
    assert metrics.reliability(np.eye(7)[:1], np.array([0]))[2].sum() == 1


def hottest_column(path) -> float:
    """Where, in 0..1 of the width, the middle of a picture is most yellow."""
    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)
    yellow = pixels[:, :, 0] + pixels[:, :, 1] - 2 * pixels[:, :, 2]
    middle = slice(pixels.shape[1] // 3, pixels.shape[1] * 5 // 8)  # without the bars
    return (middle.start + yellow[:, middle].sum(axis=0).argmax()) / pixels.shape[1]


def test_explanation_shows_the_heat_where_it_is(face, tmp_path):
    columns = []
    for left in (4, 36):
        heat = np.zeros((48, 48), np.float32)
        heat[20:28, left : left + 8] = 1
        path = tmp_path / f"{left}.png"
        figures.draw_explanation(face // 4, heat, np.eye(7)[3], 3, str(path))
        columns.append(hottest_column(path))
    assert columns[0] + 0.1 < columns[1]


def test_drawing_leaves_the_state_of_matplotlib_alone(measured, tmp_path):
    before = dict(matplotlib.rcParams)
    figures.draw_reliability(*measured, "title", str(tmp_path / "reliability.png"))
    assert dict(matplotlib.rcParams) == before


def test_folder_that_is_absent(measured, tmp_path):
    with pytest.raises(FileNotFoundError):
        figures.draw_reliability(*measured, "title", str(tmp_path / "absent" / "r.png"))
