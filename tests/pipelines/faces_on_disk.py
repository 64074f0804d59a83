"""A small labelled set of faces in every form that convert takes, for the tests of this room."""

import io
import os
import pathlib
import shutil
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from tfrecords.labels import LABELS

_DIGITS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def png(pixels: np.ndarray) -> bytes:
    """Returns a gray image as PNG bytes."""
    file = io.BytesIO()
    Image.fromarray(pixels.reshape(48, 48)).save(file, "PNG")
    return file.getvalue()


def faces(train: int = 21, test: int = 7) -> dict[str, np.ndarray]:
    """Returns uint8 [48, 48] by path, labels in turn: always the same, on any machine."""
    generator = np.random.default_rng(48)
    numbered = [("train", i) for i in range(train)] + [("test", i) for i in range(test)]
    return {
        f"{split}/{LABELS[i % 7]}/{i:03d}.png": generator.integers(0, 256, (48, 48), dtype=np.uint8)
        for split, i in numbered
    }


def files(**sizes: int) -> dict[str, bytes]:
    """Returns the bytes of `faces` as image files, by path."""
    return {path: png(pixels) for path, pixels in faces(**sizes).items()}


def write_folder(folder: pathlib.Path, content: dict[str, bytes]) -> pathlib.Path:
    """Writes files below `folder`."""
    for path, data in content.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def write_zip(path: pathlib.Path, content: dict[str, bytes]) -> pathlib.Path:
    """Writes an archive that is unpacked to `content`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def write_tar(path: pathlib.Path, content: dict[str, bytes]) -> pathlib.Path:
    """Writes an archive that is unpacked to `content`, compressed as its name says."""
    mode = {".gz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}.get(path.suffix, "w")
    with tarfile.open(path, mode) as archive:
        for name, data in content.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def write_csv(path: pathlib.Path, rows: dict[str, np.ndarray]) -> pathlib.Path:
    """Writes faces as fer2013.csv has them; train becomes Training, test PrivateTest."""
    usages = {"train": "Training", "test": "PrivateTest"}
    with path.open("w", newline="") as file:
        file.write("emotion,pixels,Usage\r\n")
        for name, pixels in rows.items():
            split, label, _ = name.split("/")
            values = " ".join(map(str, pixels.ravel()))
            file.write(f"{_DIGITS.index(label)},{values},{usages[split]}\r\n")
    return path


def without_privileges() -> list[str]:
    """Returns what to put before a command so that permissions hold for root, too."""
    if os.geteuid():
        return []
    if not shutil.which("setpriv"):
        pytest.skip("root may read anything, and setpriv is not installed to forbid it")
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
