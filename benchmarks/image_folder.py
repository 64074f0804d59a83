"""Writes a folder of many small labelled images, for benchmarks.

python -m benchmarks.image_folder FOLDER COUNT
"""

import io
import pathlib
import sys

import numpy as np
from PIL import Image

from tfrecords.labels import LABELS

_CELLS = 12  # random cells a side: noise that compresses about as faces do


def main(folder: pathlib.Path, count: int) -> None:
    """Writes `train/class/NUMBER.jpg`, labels in turn, no two images alike."""
    generator = np.random.default_rng(0)
    for label in LABELS:
        (folder / "train" / label).mkdir(parents=True, exist_ok=True)
    for number in range(count):
        cells = generator.integers(0, 256, (_CELLS, _CELLS), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(cells).resize((48, 48), Image.Resampling.BICUBIC).save(file, "JPEG")
        label = LABELS[number % len(LABELS)]
        (folder / "train" / label / f"{number:07}.jpg").write_bytes(file.getvalue())


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
