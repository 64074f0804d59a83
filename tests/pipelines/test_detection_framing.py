"""A detected face is cut out as FER2013's faces are, and by the code that makes training faces."""

import io

import numpy as np
import pytest
from PIL import Image
from scenes import photo, scene

from pipelines.detection.blazeface import FULL_RANGE, SHORT_RANGE, BlazeFace
from pipelines.detection.detections import Detection
from pipelines.detection.framing import Square, cut, square_around
from tfrecords.faces import FaceError, face_from_bytes

# Where FER2013 has the eyes and the mouth, in sides of its frame.
FER2013 = {"left eye": (0.31, 0.40), "right eye": (0.68, 0.39)}
MOUTH_HEIGHT = 0.77


def detection(network: str, width: float = 100.0) -> Detection:
    eyes = np.array([(30, 40), (70, 40)], np.float32)
    return Detection(0.0, 0.0, width, width, 1.0, eyes, network)


@pytest.mark.parametrize("network", [FULL_RANGE, SHORT_RANGE], ids=lambda network: network.name)
def test_eyes_and_mouth_are_where_fer2013_has_them(network):
    image = photo()
    (face,) = BlazeFace(network, 0.5)(image)
    square = square_around(face)
    places = (face.keypoints[:4] - square[:2]) / square.side
    np.testing.assert_allclose(places[:2], list(FER2013.values()), atol=0.03)
    assert places[3, 1] == pytest.approx(MOUTH_HEIGHT, abs=0.03)


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        # side 113 about (50, 46)
        ("full_range", Square(-6, -10, 113)),
        # eyes 40 apart: side 106 about (50, 40 + 12.6)
        ("short_range", Square(-3, 0, 106)),
        # side 125 about the middle
        ("yunet", Square(-12, -12, 125)),
    ],
)
def test_square_follows_the_measured_rule(network, expected):
    assert square_around(detection(network)) == expected


def test_a_cut_is_what_the_same_pixels_give_as_a_file(generator):
    image = generator.integers(0, 256, (300, 400, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(image[20:220, 130:330]).save(file, "PNG")
    np.testing.assert_array_equal(
        cut(image, Square(130, 20, 200)), face_from_bytes(file.getvalue())
    )


def test_a_gray_face_of_48_pixels_is_cut_out_unchanged(face):
    image = np.zeros((90, 90, 3), np.uint8)
    image[10:58, 30:78] = face
    np.testing.assert_array_equal(cut(image, Square(30, 10, 48)), face)


@pytest.mark.parametrize(
    ("left", "top"), [(-20, 0), (0, -20), (72, 0), (0, 72), (-30, -30), (80, 80)]
)
def test_the_edge_is_repeated_outside_the_image(generator, left, top):
    image = generator.integers(0, 256, (100, 100, 3), dtype=np.uint8)
    around = np.pad(image, ((100, 100), (100, 100), (0, 0)), mode="edge")
    np.testing.assert_array_equal(
        cut(image, Square(left, top, 48)), cut(around, Square(100 + left, 100 + top, 48))
    )


@pytest.mark.parametrize("square", [Square(-500, 20, 60), Square(20, 900, 60)])
def test_a_square_all_outside_is_the_nearest_edge(square):
    image = np.full((100, 100, 3), 77, np.uint8)
    assert (cut(image, square) == 77).all()


def test_a_face_at_the_image_edge_is_framed_beyond_it():
    image = photo()[:, 70:]  # cuts through the cheek
    (face,) = BlazeFace(FULL_RANGE, 0.5)(image)
    square = square_around(face)
    assert square.left < 0
    assert cut(image, square).shape == (48, 48, 1)


def test_crops_of_a_face_are_alike_at_any_size_and_place():
    detector = BlazeFace(FULL_RANGE, 0.5)
    crops = []
    for image in (photo(), photo(720), scene(600, 400, (300, 100, 240))):
        (face,) = detector(image)
        crops.append(cut(image, square_around(face)).astype(float).ravel())
    assert np.corrcoef(crops).min() > 0.9


def test_too_small_a_square_is_refused():
    with pytest.raises(FaceError, match="7x7 pixels; a face needs 8"):
        cut(photo(), Square(10, 10, 7))


def test_rounding_keeps_the_middle(generator):
    for width in generator.uniform(8, 400, 200):
        square = square_around(detection("yunet", width))
        assert square.side == pytest.approx(1.25 * width, abs=0.5)
        assert square.left + square.side / 2 == pytest.approx(width / 2, abs=0.5)
