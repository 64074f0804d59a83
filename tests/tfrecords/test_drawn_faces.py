"""Drawn faces are the same for the same seed, all different otherwise, and show their emotion."""

import numpy as np
import pytest
from PIL import Image

from tfrecords import drawn_faces
from tfrecords.drawn_faces import draw_face, write_face_folder
from tfrecords.labels import LABELS


def draw_many(label: str, count: int, seed: int = 0) -> np.ndarray:
    """uint8 [count, 48, 48]."""
    generator = np.random.default_rng(seed)
    return np.stack([draw_face(label, generator)[..., 0] for _ in range(count)])


def read_folder(folder) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize("label", LABELS)
def test_every_emotion_can_be_drawn(label, generator):
    face = draw_face(label, generator)
    assert (face.shape, face.dtype) == ((48, 48, 1), np.uint8)
    assert face.std() > 8


def test_what_is_no_emotion_is_not_drawn(generator):
    with pytest.raises(KeyError, match="contempt"):
        draw_face("contempt", generator)


def test_face_depends_on_the_generator_alone():
    np.testing.assert_array_equal(draw_many("fear", 3), draw_many("fear", 3))
    assert (draw_many("fear", 3) != draw_many("fear", 3, seed=1)).any(axis=(1, 2)).all()


def test_no_two_faces_of_a_class_are_alike():
    faces = draw_many("neutral", 50).reshape(50, -1).astype(float)
    distances = np.abs(faces[:, None] - faces[None]).mean(axis=2)
    assert distances[~np.eye(50, dtype=bool)].min() > 5  # gray levels


def test_the_mouth_tells_surprise_from_neutral(monkeypatch):
    # An open mouth is dark; with everything else at rest the means of many faces show it.
    monkeypatch.setattr(drawn_faces, "_STRENGTH", (1.0, 1.0))
    means = {label: draw_many(label, 60).mean(axis=0) for label in ("surprise", "neutral")}
    mouth = (slice(33, 40), slice(21, 27))
    assert means["surprise"][mouth].mean() < means["neutral"][mouth].mean() - 10


def test_expressions_are_those_of_the_contract():
    assert tuple(drawn_faces.EXPRESSIONS) == LABELS
    assert len(set(drawn_faces.EXPRESSIONS.values())) == len(LABELS)


def test_folder_has_so_many_files_a_class_and_split(tmp_path):
    write_face_folder(tmp_path, {"train": 2, "test": 1}, seed=0)
    expected = {f"train/{label}/0000{i}.png" for label in LABELS for i in range(2)}
    expected |= {f"test/{label}/00000.png" for label in LABELS}
    assert set(read_folder(tmp_path)) == expected


def test_number_alone_is_of_split_train(tmp_path):
    write_face_folder(tmp_path, 1, seed=0, suffix=".jpg")
    assert set(read_folder(tmp_path)) == {f"train/{label}/00000.jpg" for label in LABELS}
    with Image.open(tmp_path / "train" / "sad" / "00000.jpg") as image:
        assert (image.format, image.size, image.mode) == ("JPEG", (48, 48), "L")


def test_larger_folder_holds_the_smaller_and_no_face_twice(tmp_path):
    write_face_folder(tmp_path / "small", {"train": 1, "test": 1}, seed=5)
    write_face_folder(tmp_path / "large", {"train": 3, "test": 1}, seed=5)
    small, large = read_folder(tmp_path / "small"), read_folder(tmp_path / "large")
    assert small.items() <= large.items()
    assert len(set(large.values())) == len(large)


def test_another_seed_draws_other_faces(tmp_path):
    for seed in (0, 1):
        write_face_folder(tmp_path / str(seed), {"train": 1}, seed)
    first, second = read_folder(tmp_path / "0"), read_folder(tmp_path / "1")
    assert set(first.values()).isdisjoint(second.values())
