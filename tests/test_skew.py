"""The same bytes give the same pixels, whether they are converted for training or scored."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from pipelines import convert, planning, reading_faces, sources
from pipelines.ledger import Ledger
from pipelines.reading_faces import ReadingRules
from tfrecords import codec, manifest, records


def encode(image: Image.Image, kind: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


@pytest.fixture
def images(generator) -> dict[str, bytes]:
    """Images of every sort that preprocessing treats in its own way."""
    color = Image.fromarray(generator.integers(0, 256, (90, 70, 3), dtype=np.uint8))
    alpha = Image.fromarray(generator.integers(0, 256, (64, 64, 4), dtype=np.uint8))
    deep = Image.fromarray(generator.integers(0, 65_536, (50, 60), dtype=np.uint16))
    gray = color.convert("L")
    return {
        "exact.png": encode(gray.resize((48, 48)), "PNG"),
        "small.png": encode(gray.resize((20, 30)), "PNG"),
        "turned.jpg": encode(color, "JPEG", exif=orientation(6)),
        "cmyk.jpg": encode(color.convert("CMYK"), "JPEG"),
        "palette.gif": encode(color.quantize(16), "GIF"),
        "alpha.png": encode(alpha, "PNG"),
        "deep.png": encode(deep, "PNG"),
        "wide.webp": encode(color.resize((300, 100)), "WEBP", lossless=True),
    }


def converted(source, dataset) -> dict[str, bytes]:
    arguments = [str(source), "--output", str(dataset), "--shards", "1"]
    assert convert.main(arguments) == 0
    (path,) = manifest.load(str(dataset)).shard_paths(str(dataset), "train")
    with open(path, "rb") as file:
        examples = [codec.decode(payload) for payload in records.read_records(file)]
    return {example.key.rpartition("/")[2]: example.image.tobytes() for example in examples}


def scored(source) -> dict[str, bytes]:
    listing = planning.list_media(sources.expand([str(source)]))
    batches = [
        batch
        for entry in planning.plan(listing, Ledger({}, {}))
        for unit in planning.split(entry)
        for batch in reading_faces.read_faces(unit, ReadingRules("model", "whole"))
    ]
    return {
        (head.member or head.source).rpartition("/")[2]: face.tobytes()
        for batch in batches
        for head, face in zip(batch.heads, batch.faces, strict=True)
    }


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_converted_and_scored_pixels_are_identical(tmp_path, images, kind):
    folder = tmp_path / "faces/train/happy"
    folder.mkdir(parents=True)
    for name, data in images.items():
        (folder / name).write_bytes(data)
    source = tmp_path / "faces"
    if kind == "zip":
        source = tmp_path / "faces.zip"
        with zipfile.ZipFile(source, "w") as archive:
            for name in images:
                archive.write(folder / name, f"train/happy/{name}")
    training, scoring = converted(source, tmp_path / "dataset"), scored(source)
    assert training.keys() == images.keys()
    assert scoring == training
