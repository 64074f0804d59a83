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
_ORIGINALS = 2_000  # different images; the rest are links to them


def main(folder: pathlib.Path, count: int) -> None:
    """Writes `train/class/NUMBER.jpg`, the first ones drawn, the others hard links to them."""
    generator = np.random.default_rng(0)
    paths = [
        folder / "train" / LABELS[number % len(LABELS)] / f"{number:07}.jpg"
        for number in range(count)
    ]
    for label in LABELS:
        (folder / "train" / label).mkdir(parents=True, exist_ok=True)
    for number, path in enumerate(paths):
        if number >= _ORIGINALS:
            path.hardlink_to(paths[number % _ORIGINALS])
            continue
        cells = generator.integers(0, 256, (_CELLS, _CELLS), dtype=np.uint8)
        file = io.BytesIO()
        Image.fromarray(cells).resize((48, 48), Image.Resampling.BICUBIC).save(file, "JPEG")
        path.write_bytes(file.getvalue())


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
