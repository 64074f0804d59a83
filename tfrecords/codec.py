"""Faces to the wire bytes of tf.train.Example and back, without TensorFlow.

Importing TensorFlow costs seconds and some 300 MB in every worker, for four small messages. They
are declared here to the protobuf runtime instead, in a pool of their own so that they never clash
with TensorFlow's (source: tensorflow/core/example/example.proto and feature.proto).
"""

from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory, text_format

from .schema import FACE_SHAPE, FEATURES, FaceExample

_EXAMPLE_PROTO = """
name: "example.proto" package: "tensorflow" syntax: "proto3"
message_type { name: "BytesList"
  field { name: "value" number: 1 label: LABEL_REPEATED type: TYPE_BYTES } }
message_type { name: "Int64List"
  field { name: "value" number: 1 label: LABEL_REPEATED type: TYPE_INT64 } }
message_type { name: "Feature"
  field { name: "bytes" number: 1 type: TYPE_MESSAGE type_name: ".tensorflow.BytesList" }
  field { name: "int64" number: 3 type: TYPE_MESSAGE type_name: ".tensorflow.Int64List" } }
message_type { name: "Features"
  field { name: "feature" number: 1 label: LABEL_REPEATED
          type: TYPE_MESSAGE type_name: ".tensorflow.Features.FeatureEntry" }
  nested_type { name: "FeatureEntry" options { map_entry: true }
    field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_STRING }
    field { name: "value" number: 2 label: LABEL_OPTIONAL
            type: TYPE_MESSAGE type_name: ".tensorflow.Feature" } } }
message_type { name: "Example"
  field { name: "features" number: 1 type: TYPE_MESSAGE type_name: ".tensorflow.Features" } }
"""


class CodecError(ValueError):
    """Bytes that are not one of our examples."""


def _example_class() -> type[message.Message]:
    pool = descriptor_pool.DescriptorPool()
    pool.Add(text_format.Parse(_EXAMPLE_PROTO, descriptor_pb2.FileDescriptorProto()))
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("tensorflow.Example"))


_Example: Any = _example_class()  # its fields exist at run time only


def encode(example: FaceExample) -> bytes:
    """Returns the example as serialized tf.train.Example: the same bytes for the same example.

    Raises:
        ValueError: where the image is not uint8 [48, 48, 1].
    """
    image = example.image
    if image.dtype != np.uint8 or image.shape != FACE_SHAPE:
        got = f"{image.dtype} {image.shape}"
        raise ValueError(f"{example.key}: face is {got}, expected uint8 {FACE_SHAPE}")
    raw = {
        "image": image.tobytes(),
        "label": int(example.label),
        "key": example.key.encode("utf-8", "surrogateescape"),
    }
    proto = _Example()
    for name, kind in FEATURES:
        getattr(proto.features.feature[name], kind).value.append(raw[name])
    return proto.SerializeToString(deterministic=True)  # map entries sorted


def decode(payload: bytes) -> FaceExample:
    """Returns the example that `encode` wrote.

    Raises:
        CodecError: where `payload` is something else, saying which field is wrong.
    """
    try:
        features = _Example.FromString(payload).features.feature
    except message.DecodeError as error:
        raise CodecError("record is not a tf.train.Example") from error
    raw = {name: _single_value(features, name, kind) for name, kind in FEATURES}
    if len(raw["image"]) != np.prod(FACE_SHAPE):
        raise CodecError(f"image has {len(raw['image'])} bytes, expected {np.prod(FACE_SHAPE)}")
    image = np.frombuffer(raw["image"], np.uint8).reshape(FACE_SHAPE)
    return FaceExample(image, raw["label"], raw["key"].decode("utf-8", "surrogateescape"))


def _single_value(features: Any, name: str, kind: str) -> Any:
    values = getattr(features[name], kind).value
    if len(values) != 1:
        raise CodecError(f"feature {name!r} has {len(values)} {kind} values, expected 1")
    return values[0]
