"""The job, from image files to pictures."""

import pathlib
import re

import numpy as np
import pytest
from PIL import Image

from model import bundle, explain, export, networks
from model.predictor import Predictor
from model.recipes import RECIPES
from tfrecords.errors import JobError
from tfrecords.labels import LABELS


@pytest.fixture
def images(tmp_path, generator):
    """Two images of one name in two folders, and their faces."""
    noise = generator.integers(0, 256, (2, 48, 48), dtype=np.uint8)
    paths = [tmp_path / folder / "face.png" for folder in ("left", "right")]
    for path, pixels in zip(paths, noise, strict=True):
        path.parent.mkdir()
        Image.fromarray(pixels).save(path)
    return [str(path) for path in paths], noise[..., np.newaxis]


@pytest.fixture
def convolutional(tmp_path):
    """A bundle of an untrained network, which has a feature map."""
    path = str(tmp_path / "fast")
    training = {"examples": {"happy": 8}, "epochs": 1}
    network = networks.build("fast")
    inference = export.to_float16(network)
    bundle.save(path, network, inference, config=RECIPES["fast"], metrics={}, training=training)
    return path


def run(tmp_path, *arguments):
    folder = tmp_path / "explained"
    assert explain.main([*map(str, arguments), "--output", str(folder)]) == 0
    return sorted(folder.iterdir())


def test_a_picture_and_a_line_for_each_image(tiny_bundle, images, tmp_path, capsys):
    paths, faces = images
    pictures = run(tmp_path, tiny_bundle, *paths)
    assert len(pictures) == 2
    for picture in pictures:
        with Image.open(picture) as opened:
            opened.load()
            assert opened.format == "PNG" and opened.width > 1000
    probabilities = Predictor(bundle.load(str(tiny_bundle)))(faces)
    *lines, last = capsys.readouterr().out.splitlines()
    for path, row, line in zip(paths, probabilities, lines, strict=True):
        said = f"{path}: {LABELS[row.argmax()]} {row.max():.1%} -> "
        assert line.startswith(said)
        assert pathlib.Path(line.removeprefix(said)) in pictures
    assert last == f"explained 2 of 2 images in {tmp_path / 'explained'}"


def test_another_label_is_explained(tiny_bundle, images, tmp_path, capsys):
    paths, faces = images
    row = Predictor(bundle.load(str(tiny_bundle)))(faces[:1])[0]
    other = LABELS[row.argmin()]
    (picture,) = run(tmp_path, tiny_bundle, paths[0], "--label", other)
    assert picture.name.startswith(f"face-{other}-")
    assert (
        f": {LABELS[row.argmax()]} {row.max():.1%} (explained: {other} {row.min():.1%}) -> "
        in capsys.readouterr().out
    )


def test_gradcam(convolutional, images, tmp_path):
    assert len(run(tmp_path, convolutional, images[0][0], "--method", "gradcam")) == 1


def test_bad_images_cost_a_line_each(tiny_bundle, images, tmp_path, capsys):
    bad = tmp_path / "bad.png"
    bad.write_text("no image")
    absent = tmp_path / "absent.png"
    assert len(run(tmp_path, tiny_bundle, bad, images[0][0], absent, tmp_path)) == 1
    printed = capsys.readouterr()
    assert printed.err.splitlines() == [
        f"semblante explain: skipped {bad}: not an image of a known format",
        f"semblante explain: skipped {absent}: No such file or directory",
        f"semblante explain: skipped {tmp_path}: Is a directory",
    ]
    assert "explained 1 of 4 images" in printed.out


def test_no_image_that_can_be_read(tiny_bundle, tmp_path):
    with pytest.raises(JobError, match="none of the 1 images could be read"):
        explain.main([str(tiny_bundle), str(tmp_path / "absent.png")])


def test_file_name_that_is_no_utf_8(tiny_bundle, images, tmp_path, capsys):
    odd = pathlib.Path(images[0][0]).rename(tmp_path / "a\udcff.png")
    (picture,) = run(tmp_path, tiny_bundle, odd)
    assert picture.name.startswith("a\udcff-")
    assert r"a\xff.png: " in capsys.readouterr().out


def test_folder_that_cannot_be_made(tiny_bundle, images, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(JobError, match="cannot write to .*file.*: "):
        explain.main([str(tiny_bundle), images[0][0], "--output", str(tmp_path / "file" / "x")])


def test_picture_that_cannot_be_written(tiny_bundle, images, tmp_path):
    (picture,) = run(tmp_path, tiny_bundle, images[0][0])
    picture.unlink()
    picture.mkdir()
    with pytest.raises(JobError, match=f"^cannot write {re.escape(str(picture))}: Is a directory"):
        run(tmp_path, tiny_bundle, images[0][0])


def test_missing_bundle(images, tmp_path):
    with pytest.raises(JobError, match="is not a finished model"):
        explain.main([str(tmp_path), images[0][0]])


def test_picture_names():
    name = explain.picture_name("a/face.png", "happy")
    assert re.fullmatch(r"face-happy-[0-9a-f]{8}\.png", name)
    assert name == explain.picture_name("./a/face.png", "happy")
    others = {explain.picture_name(path, "happy") for path in ("b/face.png", "a/face.jpg")}
    assert len(others | {name, explain.picture_name("a/face.png", "sad")}) == 4
    assert len(explain.picture_name("é" * 200 + ".png", "surprise").encode()) < 255


@pytest.mark.parametrize("arguments", [["--label", "joy"], ["--method", "lime"]])
def test_unknown_choice_is_a_usage_error(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        explain.main(["M", "image.png", *arguments])
    assert f"invalid choice: '{arguments[1]}'" in capsys.readouterr().err


def test_defaults():
    assert explain.parse(["M", "a.png"]) == explain.ExplainArgs(
        "M", ["a.png"], "explained", None, "occlusion"
    )
