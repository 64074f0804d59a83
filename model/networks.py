"""The networks by name: uint8 faces [B, 48, 48, 1] in, float32 probabilities [B, 7] out.

Layer names are given, not counted, so that a network looks the same whatever was built before it.
Each ends in a layer `softmax`; what stands before it are the float32 logits that training uses.
"""

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import keras

from model import layers
from tfrecords import labels, schema


def build(
    name: str, *, precision: str = "float32", seed: int = 0, l2: float = 0.0, dropout: float = 1.0
) -> keras.Model:
    """Makes a network with fresh weights; the same seed gives the same weights.

    Args:
        precision: Keras dtype policy of all layers but the last, such as "mixed_bfloat16".
        l2: factor of the L2 penalty on the kernels that the recipe regularises.
        dropout: factor on all dropout rates; 0 turns dropout off.
    """
    if name not in _BUILDERS:
        raise ValueError(f"no network is called {name!r}; there are {', '.join(_BUILDERS)}")
    return _BUILDERS[name](_Parts(precision, seed, l2, dropout))


def logits_of(network: keras.Model) -> keras.Model:
    """The same network, sharing its weights, without the closing softmax."""
    return keras.Model(network.inputs, network.get_layer("softmax").input)


class _Parts:
    """Makes the layers of one network, with names in Keras's style and a seed for each kernel."""

    def __init__(self, precision: str, seed: int, l2: float, dropout: float):
        self._precision = precision
        self._seeds: Iterator[int] = itertools.count(seed * 1_000)
        self._counters: dict[str, Iterator[int]] = {}
        self._l2 = l2
        self._dropout = dropout

    def name(self, kind: str) -> str:
        """The next of conv2d, conv2d_1, conv2d_2 …"""
        index = next(self._counters.setdefault(kind, itertools.count()))
        return f"{kind}_{index}" if index else kind

    def input(self) -> keras.KerasTensor:
        return keras.Input(schema.FACE_SHAPE, dtype="uint8", name="image")

    def convolution(
        self, filters: int, size: int = 3, *, penalized: bool = False, **options: Any
    ) -> keras.layers.Layer:
        initializer = keras.initializers.get(options.pop("kernel_initializer", "glorot_uniform"))
        return keras.layers.Conv2D(
            filters,
            size,
            kernel_initializer=self._seeded(initializer),
            kernel_regularizer=keras.regularizers.L2(self._l2) if penalized and self._l2 else None,
            name=self.name("conv2d"),
            dtype=self._precision,
            **options,
        )

    def bare_convolution(self, filters: int, size: int = 3, strides: int = 1) -> keras.layers.Layer:
        """Without bias and activation: what follows is a normalisation."""
        return self.convolution(
            filters,
            size,
            strides=strides,
            padding="same",
            use_bias=False,
            kernel_initializer="he_normal",
        )

    def add(self) -> keras.layers.Layer:
        return keras.layers.Add(name=self.name("add"), dtype=self._precision)

    def normalization(self, momentum: float = 0.99) -> keras.layers.Layer:
        return layers.BatchNormalization(
            momentum, name=self.name("batch_normalization"), dtype=self._precision
        )

    def relu(self) -> keras.layers.Layer:
        return keras.layers.Activation("relu", name=self.name("activation"), dtype=self._precision)

    def pool(self) -> keras.layers.Layer:
        return keras.layers.MaxPooling2D(2, name=self.name("max_pooling2d"), dtype=self._precision)

    def dropout(self, rate: float) -> keras.layers.Layer:
        name = self.name("dropout")
        stream = next(self._seeds)
        return layers.SeededDropout(rate * self._dropout, stream, name=name, dtype=self._precision)

    def dense(self, units: int, dtype: str | None = None, **options: Any) -> keras.layers.Layer:
        return keras.layers.Dense(
            units,
            kernel_initializer=self._seeded(keras.initializers.GlorotUniform()),
            name=self.name("dense"),
            dtype=dtype or self._precision,
            **options,
        )

    def classify(self, features: keras.KerasTensor) -> keras.KerasTensor:
        """Logits and probabilities in float32 whatever the precision of the layers before."""
        logits = self.dense(len(labels.LABELS), dtype="float32")(features)
        return keras.layers.Activation("softmax", name="softmax", dtype="float32")(logits)

    def _seeded(self, initializer: keras.Initializer) -> keras.Initializer:
        return type(initializer).from_config(
            {**initializer.get_config(), "seed": next(self._seeds)}
        )


def _reference(parts: _Parts) -> keras.Model:
    """The published network of 32,116,743 parameters, layer by layer."""
    image = parts.input()
    # float32, or bfloat16 would round the 256 gray levels after the division.
    x = keras.layers.Rescaling(1 / 255, name="rescaling", dtype="float32")(image)
    x = parts.convolution(32, padding="same", activation="relu")(x)
    x = parts.convolution(64, padding="same", activation="relu")(x)
    x = parts.normalization()(x)
    x = parts.pool()(x)
    x = parts.dropout(0.25)(x)  # [B, 24, 24, 64]
    x = parts.convolution(128, padding="same", activation="relu", penalized=True)(x)
    x = parts.convolution(256, activation="relu", penalized=True)(x)
    x = parts.normalization()(x)
    x = parts.pool()(x)
    x = parts.dropout(0.25)(x)  # [B, 11, 11, 256]
    x = keras.layers.Flatten(name="flatten")(x)
    x = parts.dense(1024, activation="relu")(x)
    x = parts.dropout(0.5)(x)
    return keras.Model(image, parts.classify(x), name="reference")


def _fast(parts: _Parts) -> keras.Model:
    """Residual network of 0.98 M parameters: thin early layers and fat late ones, no pooling.

    That shape keeps a processor's bfloat16 units busiest; a strided convolution costs less than
    a convolution and a max pool.
    """
    image = parts.input()
    x = layers.Standardize(name="standardize")(image)
    x = _convolve(parts, x, 16)
    x = _convolve(parts, x, 32, strides=2)
    x = _residual(parts, x, 32)
    for filters in (64, 128, 208):
        x = _residual(parts, x, filters, strides=2)
    x = keras.layers.GlobalAveragePooling2D(name="global_average_pooling2d", dtype="float32")(x)
    x = parts.dropout(0.1)(x)
    return keras.Model(image, parts.classify(x), name="fast")


def _accurate(parts: _Parts) -> keras.Model:
    """Residual network of 4.9 M parameters, twice and more as wide as `fast`."""
    image = parts.input()
    x = layers.Standardize(name="standardize")(image)
    x = _convolve(parts, x, 32)
    x = _convolve(parts, x, 64, strides=2)
    x = _residual(parts, x, 64)
    for filters in (128, 256, 512):
        x = _residual(parts, x, filters, strides=2)
    x = keras.layers.GlobalAveragePooling2D(name="global_average_pooling2d", dtype="float32")(x)
    x = parts.dropout(0.3)(x)
    return keras.Model(image, parts.classify(x), name="accurate")


# Keras's 0.99 takes several hundred steps to forget its start; a small training has fewer.
_FAST_MOMENTUM = 0.9


def _convolve(
    parts: _Parts, x: keras.KerasTensor, filters: int, strides: int = 1
) -> keras.KerasTensor:
    x = parts.bare_convolution(filters, 3, strides)(x)
    return parts.relu()(parts.normalization(_FAST_MOMENTUM)(x))


def _residual(
    parts: _Parts, x: keras.KerasTensor, filters: int, strides: int = 1
) -> keras.KerasTensor:
    """Two 3x3 convolutions around which a shortcut leads, 1x1 where the shape changes."""
    inner = _convolve(parts, x, filters, strides)
    inner = parts.normalization(_FAST_MOMENTUM)(parts.bare_convolution(filters)(inner))
    if strides != 1:
        x = parts.normalization(_FAST_MOMENTUM)(parts.bare_convolution(filters, 1, strides)(x))
    return parts.relu()(parts.add()([x, inner]))


_BUILDERS: dict[str, Callable[[_Parts], keras.Model]] = {
    "reference": _reference,
    "fast": _fast,
    "accurate": _accurate,
}
