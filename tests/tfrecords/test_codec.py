import numpy as np
import pytest

from tfrecords.codec import CodecError, decode, encode
from tfrecords.schema import FaceExample


def test_round_trip(examples):
    for example in examples:
        decoded = decode(encode(example))
        np.testing.assert_array_equal(decoded.image, example.image)
        assert decoded[1:] == example[1:]


def test_bytes_are_tensorflows_own(examples):
    tf = pytest.importorskip("tensorflow")
    for example in examples[:3]:
        feature = {
            "image": tf.train.Feature(bytes_list={"value": [example.image.tobytes()]}),
            "label": tf.train.Feature(int64_list={"value": [example.label]}),
            "key": tf.train.Feature(bytes_list={"value": [example.key.encode()]}),
        }
        theirs = tf.train.Example(features=tf.train.Features(feature=feature))
        assert encode(example) == theirs.SerializeToString(deterministic=True)


def test_key_that_is_not_utf8_survives(face):
    key = b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    assert decode(encode(FaceExample(face, 0, key))).key == key


@pytest.mark.parametrize("image", [np.zeros((48, 48), np.uint8), np.zeros((48, 48, 1), np.float32)])
def test_other_image_is_refused_with_its_key(image):
    with pytest.raises(
        ValueError, match=r"a.png: face is \w+ \(48, 48.*expected uint8 \(48, 48, 1"
    ):
        encode(FaceExample(image, 0, "a.png"))


def test_foreign_bytes_are_refused():
    with pytest.raises(CodecError, match="not a tf.train.Example"):
        decode(b"\xff\xff\xff")


def test_missing_feature_is_named():
    with pytest.raises(CodecError, match="feature 'image' has 0 bytes values, expected 1"):
        decode(b"")


def test_image_of_another_size_is_refused(face):
    payload = encode(FaceExample(face, 0, "k")).replace(face.tobytes(), b"")
    with pytest.raises(CodecError):
        decode(payload)
