import collections

import numpy as np
import pytest

from tfrecords.hashing import content_digest, order_of, shard_of, stable_hash, unit_interval


@pytest.mark.parametrize(
    ("key", "salt", "value"),
    [
        ("", "salt", 12180874692373775359),
        ("train/happy/1.jpg", "salt", 10275403031897148006),
        ("train/happy/1.jpg", "other salt", 15358121038511063954),
    ],
)
def test_hash_never_drifts(key, salt, value):
    # Other values here mean other bytes for every data set ever made.
    assert stable_hash(key, salt) == value


def test_placement_never_drifts():
    keys = [f"train/happy/{i}.jpg" for i in range(6)]
    assert [shard_of(key, 16) for key in keys] == [14, 0, 7, 15, 11, 14]
    assert sorted(keys, key=order_of) == [keys[i] for i in [1, 2, 4, 3, 5, 0]]


def test_every_key_lands_in_one_of_evenly_filled_shards():
    filled = collections.Counter(shard_of(f"image {i}", 8) for i in range(8_000))
    assert set(filled) == set(range(8))
    assert all(850 < count < 1_150 for count in filled.values())  # five standard deviations


def test_unit_interval_is_even_and_half_open():
    values = np.array([unit_interval(str(i), "salt") for i in range(10_000)])
    assert values.min() >= 0 and values.max() < 1
    assert np.histogram(values, bins=10, range=(0, 1))[0].min() > 850


def test_names_that_are_not_utf8_are_hashed_too():
    name = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    assert stable_hash(name, "salt") != stable_hash("caf.jpg", "salt")


def test_digest_tells_faces_apart_by_their_pixels(face):
    other = face.copy()
    other[3, 4] ^= 1
    assert len(content_digest(face)) == 16
    assert content_digest(face) == content_digest(face.copy())
    assert content_digest(face) != content_digest(other)
