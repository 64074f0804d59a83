"""The script that a user would write to convert a folder: the baseline of benchmarks/convert.py.

python -m benchmarks.plain_convert FOLDER FILE
"""

import os
import sys
from collections.abc import Iterator

import numpy as np
from PIL import Image

from tfrecords import codec, records
from tfrecords.labels import LABELS
from tfrecords.schema import FaceExample


def main(folder: str, output: str) -> None:
    """Writes every image below `folder`, labelled by the folder it is in, into one file."""
    with open(output, "wb") as file:
        records.write_records(file, _encoded(folder))


def _encoded(folder: str) -> Iterator[bytes]:
    for directory, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(directory, name)
            with Image.open(path) as image:
                face = np.asarray(image.convert("L"))[..., None]
            label = LABELS.index(os.path.basename(directory))
            yield codec.encode(FaceExample(face, label, path))


if __name__ == "__main__":
    main(*sys.argv[1:])
