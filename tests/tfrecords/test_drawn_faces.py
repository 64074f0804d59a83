import hashlib

import numpy as np
import pytest
from PIL import Image

from tfrecords.drawn_faces import EXPRESSIONS, draw_face, write_face_folder
from tfrecords.faces import face_from_bytes
from tfrecords.labels import LABELS


def draw(label: str, count: int) -> np.ndarray:
    return np.stack([draw_face(label, np.random.default_rng((7, n))) for n in range(count)])


def test_every_label_has_an_expression():
    assert tuple(EXPRESSIONS) == LABELS


@pytest.mark.parametrize("label", LABELS)
def test_faces_of_a_label_are_faces_and_differ(label):
    faces = draw(label, 8)
    assert faces.shape == (8, 48, 48, 1) and faces.dtype == np.uint8
    assert faces.std(axis=(1, 2, 3)).min() > 8
    assert len({face.tobytes() for face in faces}) == 8


def test_the_same_seed_draws_the_same_face():
    assert np.array_equal(draw("happy", 3), draw("happy", 3))


def test_the_label_changes_the_face_and_not_the_person():
    happy, sad = draw("happy", 1)[0], draw("sad", 1)[0]
    corners = np.s_[:4, :4]
    assert np.array_equal(happy[corners], sad[corners])
    assert not np.array_equal(happy[24:], sad[24:])


def test_unknown_label_is_refused():
    with pytest.raises(KeyError, match="bored"):
        draw_face("bored", np.random.default_rng(0))


def test_folder_holds_each_class_of_each_split(tmp_path):
    write_face_folder(tmp_path, {"train": 2, "test": 1}, seed=3)
    written = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.png"))
    expected = [f"test/{label}/00000.png" for label in LABELS]
    expected += [f"train/{label}/0000{number}.png" for label in LABELS for number in (0, 1)]
    assert written == sorted(expected)


def test_larger_set_contains_the_smaller(tmp_path):
    write_face_folder(tmp_path / "small", {"test": 1}, seed=3)
    write_face_folder(tmp_path / "large", {"train": 1, "test": 2}, seed=3)
    for path in (tmp_path / "small").rglob("*.png"):
        large = tmp_path / "large" / path.relative_to(tmp_path / "small")
        assert path.read_bytes() == large.read_bytes()


def test_splits_seeds_and_classes_share_no_face(tmp_path):
    write_face_folder(tmp_path / "3", {"train": 2, "test": 2}, seed=3)
    write_face_folder(tmp_path / "4", {"train": 2, "test": 2}, seed=4)
    paths = list(tmp_path.rglob("*.png"))
    assert len({hashlib.md5(path.read_bytes()).digest() for path in paths}) == len(paths)


def test_written_file_reads_back_as_drawn(tmp_path):
    write_face_folder(tmp_path, {"train": 1}, seed=0)
    path = tmp_path / "train" / "fear" / "00000.png"
    face = draw_face("fear", np.random.default_rng((0, 0, LABELS.index("fear"), 0)))
    assert np.array_equal(face_from_bytes(path.read_bytes()), face)
    assert Image.open(path).mode == "L"


def test_a_linear_classifier_beats_chance_and_does_not_solve_it():
    """The drawings must be learnable, and must leave a network something to do."""
    faces = np.concatenate([draw(label, 60) for label in LABELS])
    pixels = faces[:, ::2, ::2].reshape(len(faces), -1).astype(np.float64)
    pixels -= pixels.mean(axis=1, keepdims=True)
    pixels /= pixels.std(axis=1, keepdims=True)
    targets = np.repeat(np.arange(len(LABELS)), 60)
    training = np.arange(len(faces)) % 3 != 0
    kernel = pixels @ pixels[training].T
    ridge = kernel[training] + 300 * np.eye(int(training.sum()))
    weights = np.linalg.solve(ridge, np.eye(len(LABELS))[targets[training]])
    guesses = (kernel[~training] @ weights).argmax(axis=1)
    accuracy = float(np.mean(guesses == targets[~training]))
    assert 0.25 < accuracy < 0.9
