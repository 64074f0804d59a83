"""Weights with which OpenCV's YuNet finds red squares: a real ONNX file of a few hundred bytes.

YuNet's own are in no package. This network has its inputs and outputs, so that OpenCV runs and
decodes it as it does YuNet, and the places, sizes and colours of what it finds are known: of each
cell of 32x32 pixels it answers how red it is, as score, and one cell as box.

ONNX files are protocol buffers; fields are numbered as in https://github.com/onnx/onnx/blob/main/
onnx/onnx.proto.
"""

import numpy as np

_STRIDES = (8, 16, 32)  # pixels a cell, of the three layers of YuNet
_FLOAT, _INT64 = 1, 7  # TensorProto.DataType
_INTS = 7  # AttributeProto.AttributeType


def write(path) -> str:
    """Writes the weights to `path` and returns it as a string."""
    nodes, weights, outputs = b"", b"", b""
    for stride in _STRIDES:
        red = np.zeros((1, 3, stride, stride), np.float32)
        if stride == 32:  # more red than green or blue; images are BGR, 0 to 255
            red[0, :] = np.array((-1, -1, 1), np.float32)[:, None, None] / (255 * stride**2)
        for name, channels in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            kernel = red if channels == 1 else np.zeros((channels, *red.shape[1:]), np.float32)
            head = f"{name}_{stride}"
            nodes += _head(head, stride)
            weights += _bytes(5, _tensor(f"{head}_w", kernel, _FLOAT))
            weights += _bytes(5, _tensor(f"{head}_s", np.array((1, -1, channels)), _INT64))
            outputs += _bytes(12, _value(head, (1, None, channels)))
    inputs = _bytes(11, _value("input", (1, 3, 640, 640)))
    graph = nodes + _bytes(2, b"red squares") + weights + inputs + outputs
    opset = _bytes(8, _number(2, 13))
    path.write_bytes(_number(1, 8) + _bytes(7, graph) + opset)
    return str(path)


def _head(name: str, stride: int) -> bytes:
    """[1, 3, H, W] to [1, cells, channels]: a convolution cell by cell."""
    steps = _ints("kernel_shape", stride, stride) + _ints("strides", stride, stride)
    return (
        _node("Conv", ["input", f"{name}_w"], f"{name}_c", steps)
        + _node("Transpose", [f"{name}_c"], f"{name}_t", _ints("perm", 0, 2, 3, 1))
        + _node("Reshape", [f"{name}_t", f"{name}_s"], name)
    )


def _node(kind: str, inputs: list[str], output: str, attributes: bytes = b"") -> bytes:
    names = b"".join(_bytes(1, name.encode()) for name in inputs)
    node = names + _bytes(2, output.encode()) + _bytes(3, f"{output}_node".encode())
    return _bytes(1, node + _bytes(4, kind.encode()) + attributes)


def _ints(name: str, *values: int) -> bytes:
    numbers = b"".join(_number(8, value) for value in values)
    return _bytes(5, _bytes(1, name.encode()) + numbers + _number(20, _INTS))


def _tensor(name: str, values: np.ndarray, kind: int) -> bytes:
    shape = b"".join(_number(1, length) for length in values.shape)
    return shape + _number(2, kind) + _bytes(8, name.encode()) + _bytes(9, values.tobytes())


def _value(name: str, shape: tuple[int | None, ...]) -> bytes:
    lengths = (_bytes(2, b"n") if length is None else _number(1, length) for length in shape)
    dimensions = b"".join(_bytes(1, length) for length in lengths)
    tensor = _number(1, _FLOAT) + _bytes(2, dimensions)
    return _bytes(1, name.encode()) + _bytes(2, _bytes(1, tensor))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    low = value & 127
    return bytes([low | 128]) + _varint(value >> 7) if value > 127 else bytes([low])
