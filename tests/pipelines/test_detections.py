"""Boxes of one face become one, by their overlap."""

import numpy as np
import pytest

from pipelines.detection.detections import (
    Detection,
    group_overlapping,
    intersection_over_union,
    surest_of_each_face,
)


def test_overlap_of_known_boxes():
    others = np.array([(0, 0, 10, 10), (5, 0, 10, 10), (10, 0, 10, 10), (2, 2, 5, 5)])
    got = intersection_over_union(others[0], others)
    np.testing.assert_allclose(got, [1, 1 / 3, 0, 1 / 4])


def test_boxes_of_no_area_overlap_nothing():
    others = np.zeros((2, 4))
    np.testing.assert_array_equal(intersection_over_union(others[0], others), [0, 0])


def test_groups_are_of_one_face_each_the_surest_first():
    boxes = np.array([(0, 0, 10, 10), (50, 0, 10, 10), (1, 0, 10, 10), (49, 1, 10, 10)])
    groups = group_overlapping(boxes, np.array([0.6, 0.9, 0.8, 0.7]))
    assert [group.tolist() for group in groups] == [[1, 3], [2, 0]]


def test_every_box_is_in_one_group(generator):
    corners = generator.uniform(0, 100, (200, 2))
    boxes = np.hstack((corners, generator.uniform(0, 40, (200, 2))))
    groups = group_overlapping(boxes, generator.uniform(0, 1, 200))
    assert sorted(np.concatenate(groups).tolist()) == list(range(200))


def test_no_boxes_are_no_groups():
    assert group_overlapping(np.zeros((0, 4)), np.zeros(0)) == []
    assert surest_of_each_face([]) == []


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_the_surest_of_each_face_remains(order):
    points = np.zeros((6, 2), np.float32)
    faces = [
        Detection(0, 0, 10, 10, 0.9, points, "full_range"),
        Detection(1, 1, 10, 10, 0.8, points, "full_range"),
        Detection(30, 0, 10, 10, 0.7, points, "full_range"),
    ]
    remaining = surest_of_each_face([faces[i] for i in order])
    assert [face.score for face in remaining] == [0.9, 0.7]


def test_moving_takes_the_keypoints_along():
    face = Detection(1.0, 2.0, 3.0, 4.0, 0.5, np.ones((6, 2), np.float32), "full_range")
    moved = face.moved(10, 20)
    assert moved[:5] == (11.0, 22.0, 3.0, 4.0, 0.5)
    np.testing.assert_array_equal(moved.keypoints, np.full((6, 2), (11, 21)))
    np.testing.assert_array_equal(face.keypoints, np.ones((6, 2)))
