"""Both methods find the place that a network was made to look at."""

import keras
import numpy as np
import pytest

from model import networks
from model.saliency import VIEWS, GradCam, Occlusion
from tfrecords.errors import JobError

HAPPY = 3
PLACES = [(0, 0), (20, 28), (40, 40)]  # top, left of 8x8 pixels


def looks_at(top, left):
    """A classifier to whom happiness is the brightness of 8x8 pixels."""

    def classify(faces):
        bright = faces[:, top : top + 8, left : left + 8, 0].mean(axis=(1, 2)) / 255
        probabilities = np.repeat((1 - bright[:, None]) / 6, 7, axis=1)
        probabilities[:, HAPPY] = bright
        return probabilities.astype(np.float32)

    return classify


def looks_by_convolution(top, left):
    """A network whose feature map [12, 12, 2] is brightness and darkness, of which the dense
    layer takes the brightness at one place for happiness, and any darkness against it."""
    image = keras.Input((48, 48, 1), dtype="uint8")
    x = keras.layers.Rescaling(1 / 255)(image)
    x = keras.layers.Conv2D(2, 4, strides=4, name="convolution")(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(7, name="dense")(x)
    network = keras.Model(image, keras.layers.Activation("softmax", name="softmax")(x))
    kernel = np.ones((4, 4, 1, 2), np.float32) / 16 * [1, -1]
    network.get_layer("convolution").set_weights([kernel, np.array([0, 1])])
    weights = np.zeros((12, 12, 2, 7), np.float32)
    weights[top // 4 : top // 4 + 2, left // 4 : left // 4 + 2, 0, HAPPY] = 1
    weights[:, :, 1, HAPPY] = -0.01
    network.get_layer("dense").set_weights([weights.reshape(-1, 7), np.zeros(7)])
    return network


@pytest.fixture
def spotted():
    """Makes a dark face with a bright spot of 8x8 pixels."""

    def make(top, left):
        face = np.full((48, 48, 1), 20, np.uint8)
        face[top : top + 8, left : left + 8] = 250
        return face

    return make


@pytest.mark.parametrize(("top", "left"), PLACES)
@pytest.mark.parametrize("name", ["occlusion", "gradcam"])
def test_heat_is_where_the_network_looks(spotted, name, top, left):
    methods = {
        "occlusion": lambda: Occlusion(looks_at(top, left)),
        "gradcam": lambda: GradCam(looks_by_convolution(top, left)),
    }
    heat = methods[name]()(spotted(top, left), HAPPY)
    assert heat.shape == (48, 48) and heat.dtype == np.float32
    assert heat.min() == 0 and heat.max() == 1
    inside = heat[top : top + 8, left : left + 8]
    assert inside.mean() > 0.5 and inside.max() == 1
    far = np.ones_like(heat, bool)
    far[max(top - 8, 0) : top + 16, max(left - 8, 0) : left + 16] = False
    assert heat[far].max() < 0.1


@pytest.mark.parametrize("label", [label for label in range(7) if label != HAPPY])
def test_what_speaks_against_a_label_is_no_heat(spotted, label):
    """The spot is all that speaks, and it speaks against every other label."""
    heat = Occlusion(looks_at(20, 28))(spotted(20, 28), label)
    np.testing.assert_array_equal(heat, np.zeros((48, 48)))


def test_occlusion_asks_the_classifier_once_and_leaves_the_face_alone(face):
    asked = []

    def classify(faces):
        asked.append(faces)
        return np.full((len(faces), 7), 1 / 7, np.float32)

    before = face.copy()
    heat = Occlusion(classify)(face, 0)
    assert [(faces.shape, faces.dtype) for faces in asked] == [((VIEWS, 48, 48, 1), np.uint8)]
    np.testing.assert_array_equal(asked[0][0], before)
    np.testing.assert_array_equal(face, before)
    assert heat.max() == 0  # a classifier that ignores the face has looked nowhere


def test_patches_cover_every_pixel_with_the_mean_gray(generator):
    face = generator.integers(0, 100, (48, 48, 1), dtype=np.uint8)
    seen = []
    Occlusion(lambda faces: seen.append(faces) or np.zeros((len(faces), 7)))(face, 0)
    (views,) = seen
    changed = views[1:] != face
    assert set(views[1:][changed]) == {round(float(face.mean()))}
    assert changed.any(axis=0).sum() >= (face != round(float(face.mean()))).sum()
    assert (changed.sum(axis=(1, 2, 3)) <= 64).all() and (changed.sum(axis=(1, 2, 3)) > 48).all()


@pytest.mark.parametrize(("name", "side"), [("reference", 11), ("fast", 3)])
def test_gradcam_takes_the_last_feature_map(name, side, face):
    method = GradCam(networks.build(name))
    assert method._body.output.shape[1:3] == (side, side)
    heat = method(face, 0)
    assert heat.shape == (48, 48) and 0 <= heat.min() <= heat.max() <= 1


def test_gradcam_needs_a_feature_map():
    image = keras.Input((48, 48, 1), dtype="uint8")
    x = keras.layers.Dense(7)(keras.layers.Flatten()(image))
    flat = keras.Model(image, keras.layers.Activation("softmax", name="softmax")(x), name="flat")
    with pytest.raises(JobError, match=r"'flat' has no feature map .* use --method occlusion"):
        GradCam(flat)
