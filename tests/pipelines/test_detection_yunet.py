"""YuNet, by OpenCV, on weights that the user brings."""

import pickle

import numpy as np
import pytest
import red_squares

from pipelines.detection.detectors import detect_batch, make_detector
from tfrecords.errors import JobError

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture(scope="module")
def onnx(tmp_path_factory) -> str:
    return red_squares.write(tmp_path_factory.mktemp("yunet") / "red.onnx")


def picture(width: int, height: int, *squares: tuple[int, int, int, tuple]) -> np.ndarray:
    """Black, uint8 [height, width, 3], with squares of left, top, side and colour."""
    image = np.zeros((height, width, 3), np.uint8)
    for left, top, side, colour in squares:
        image[top : top + side, left : left + side] = colour
    return image


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_finds_red_and_not_blue_in_pixels_of_the_image(onnx, factor):
    side = 32 * factor  # a cell of the image as YuNet sees it, 640 pixels wide
    squares = (3 * side, 2 * side, side, RED), (10 * side, 4 * side, side, BLUE)
    image = picture(640 * factor, 320 * factor, *squares)
    (face,) = make_detector("yunet", weights=onnx)(image)
    # OpenCV puts the box's middle at the cell's corner
    expected = 2.5 * side, 1.5 * side, side, side, 1
    np.testing.assert_allclose(face[:5], expected, atol=0.01)
    np.testing.assert_allclose(face.keypoints, np.full((5, 2), (3 * side, 2 * side)), atol=0.01)
    assert face.network == "yunet"


def test_each_of_several_is_found(onnx):
    image = picture(640, 360, (64, 64, 32, RED), (320, 64, 32, RED), (128, 256, 32, RED))
    faces = make_detector("yunet", weights=onnx)(image)
    assert sorted(face.left for face in faces) == [48, 112, 304]


def test_none_is_an_empty_list(onnx):
    assert make_detector("yunet", weights=onnx)(picture(100, 100)) == []


def test_sizes_may_change_from_image_to_image_and_thread_to_thread(onnx):
    images = [picture(320 + 32 * i, 320, (64, 64, 32, RED)) for i in range(8)]
    detector = pickle.loads(pickle.dumps(make_detector("yunet", weights=onnx)))
    assert [len(faces) for faces in detect_batch(detector, images)] == [1] * 8


def test_no_path_is_an_error_that_says_what_is_needed():
    with pytest.raises(JobError, match=r"yunet needs the path of its weights, an ONNX file; see h"):
        make_detector("yunet")


def test_a_path_of_nothing_is_named():
    with pytest.raises(JobError, match=r"weights nowhere/yunet\.onnx are not a file; get them"):
        make_detector("yunet", weights="nowhere/yunet.onnx")


def test_a_file_that_is_no_network_is_named(tmp_path):
    path = tmp_path / "yunet.onnx"
    path.write_bytes(b"<!DOCTYPE html>")
    detector = make_detector("yunet", weights=str(path))
    with pytest.raises(JobError, match=r"OpenCV cannot read .*yunet\.onnx as YuNet's weights"):
        detector(picture(100, 100))
