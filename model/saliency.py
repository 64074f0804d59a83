"""Where in a face a network finds what it says: two published methods, one kind of answer.

Both take a face uint8 [48, 48, 1] and the index of a label, and return float32 [48, 48] in 0..1:
0 where nothing speaks for the label, 1 where most does. A map is scaled by its own maximum, so
maps of two faces compare places, not strengths; where nothing speaks for the label it is all 0.
"""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from model import networks
from tfrecords.errors import JobError
from tfrecords.schema import FACE_SHAPE

PATCH = 8  # pixels; the side of what is covered at a time, about that of an eye
STRIDE = 4  # pixels from one patch to the next
_HEIGHT, _WIDTH = FACE_SHAPE[:2]
_CORNERS = [
    (top, left)
    for top in range(0, _HEIGHT - PATCH + 1, STRIDE)
    for left in range(0, _WIDTH - PATCH + 1, STRIDE)
]
_NOISE = 1e-6  # of a probability or logit: the rounding of float32, not to be drawn as full heat
VIEWS = 1 + len(_CORNERS)  # the face itself and one for each patch: what occlusion classifies

# What both methods are: (face uint8 [48, 48, 1], index of a label) -> float32 [48, 48].
Method = Callable[[np.ndarray, int], np.ndarray]


class Occlusion:
    """Occlusion sensitivity (Zeiler and Fergus 2014, arXiv:1311.2901, figure 7).

    A patch slides over the face; what a pixel is worth is how far the probability of the label
    falls, in the mean over the patches that cover it. Any classifier will do. The patch has the
    mean gray of the face: a fixed gray would be a bright blot on a dark face, and would move the
    statistics of a network that standardises its input.
    """

    def __init__(self, classify: Callable[[np.ndarray], np.ndarray]):
        """Takes a function of faces uint8 [n, 48, 48, 1] to probabilities float32 [n, 7]."""
        self._classify = classify

    def __call__(self, face: np.ndarray, label: int) -> np.ndarray:
        """Returns the map, from one call of the classifier on 122 faces."""
        probabilities = self._classify(_occluded(face))[:, label]
        falls = probabilities[0] - probabilities[1:]
        total, covers = np.zeros((2, _HEIGHT, _WIDTH), np.float32)
        for (top, left), fall in zip(_CORNERS, falls, strict=True):
            total[top : top + PATCH, left : left + PATCH] += fall
            covers[top : top + PATCH, left : left + PATCH] += 1
        return _scaled(total / covers)


class GradCam:
    """Grad-CAM (Selvaraju et al. 2017, arXiv:1610.02391, equations 1 and 2).

    The last feature map before the network forgets places, each channel weighted by the mean
    gradient of the label's logit. Its map is as coarse as the feature map is.
    """

    def __init__(self, network: keras.Model):
        """Takes a network that ends in a layer "softmax".

        Raises:
            JobError: where the network has no feature map.
        """
        features = _last_feature_map(network)
        self._body = keras.Model(network.input, features)
        self._head = keras.Model(features, networks.logits_of(network).output)

    def __call__(self, face: np.ndarray, label: int) -> np.ndarray:
        """Returns the map, from one pass forth and half a pass back."""
        features = self._body(face[np.newaxis], training=False)  # [1, h, w, c]
        with tf.GradientTape() as tape:
            tape.watch(features)
            logit = self._head(features, training=False)[:, label]
        gradients = tape.gradient(logit, features)
        weights = tf.reduce_mean(gradients, axis=(1, 2), keepdims=True)
        heat = tf.reduce_sum(weights * features, axis=-1, keepdims=True)  # [1, h, w, 1]
        return _scaled(tf.image.resize(heat, (_HEIGHT, _WIDTH)).numpy()[0, :, :, 0])


def _occluded(face: np.ndarray) -> np.ndarray:
    """Returns uint8 [122, 48, 48, 1]: the face, then the face under each patch."""
    views = np.repeat(face[np.newaxis], VIEWS, axis=0)
    gray = np.rint(face.mean()).astype(np.uint8)
    for view, (top, left) in zip(views[1:], _CORNERS, strict=True):
        view[top : top + PATCH, left : left + PATCH] = gray
    return views


def _last_feature_map(network: keras.Model) -> keras.KerasTensor:
    for layer in reversed(network.layers):
        if not isinstance(layer, keras.layers.InputLayer) and len(layer.output.shape) == 4:
            return layer.output  # [B, h, w, c]
    raise JobError(
        f"network {network.name!r} has no feature map [h, w, c], which gradcam needs; "
        "use --method occlusion"
    )


def _scaled(heat: np.ndarray) -> np.ndarray:
    """Returns what speaks for the label, float32, as a share of the maximum."""
    heat = np.maximum(heat, 0).astype(np.float32)
    highest = heat.max()
    return heat / highest if highest > _NOISE else np.zeros_like(heat)
