"""Runs the whole story on faces it draws itself: convert, inspect, train, evaluate, score.

semblante demo --output demo

Each step is a command of its own, shown before it runs: the demonstration does nothing that a user
could not type.
"""

import argparse
import dataclasses
import io
import json
import pathlib
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image

from tfrecords.drawn_faces import draw_face, write_face_folder
from tfrecords.errors import JobError
from tfrecords.labels import LABELS

_MARKER = ".semblante-demo"  # its presence says: an earlier demonstration wrote this folder
_MADE = ("faces", "dataset", "samples.png", "model", "recordings.zip", "tables")
_CHANCE = 1 / len(LABELS)
_SHOWN_COLUMNS = ("member", "emotion", "confidence", *LABELS)


@dataclasses.dataclass(frozen=True)
class DemoArgs:
    """The command line."""

    output: str


@dataclasses.dataclass(frozen=True)
class Size:
    """How much the demonstration draws and trains."""

    # Nine test faces in ten named right, after about a minute's training on two cores.
    per_class: tuple[tuple[str, int], ...] = (("train", 300), ("validation", 30), ("test", 60))
    epochs: int = 10
    recordings: int = 280


def parse(argv: list[str] | None = None) -> DemoArgs:
    """Reads the command line; exits with 2 where it makes no sense."""
    parser = argparse.ArgumentParser(
        "semblante demo",
        description="Draws labelled faces and runs convert, inspect, train, evaluate and score on "
        "them, in a couple of minutes on two cores.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "--output",
        default="demo",
        metavar="FOLDER",
        help="Folder to work in; what an earlier demonstration left there is replaced "
        "(default: %(default)s).",
    )
    return DemoArgs(**vars(parser.parse_args(argv)))


def main(argv: list[str] | None = None) -> int:
    """Runs the job."""
    run(pathlib.Path(parse(argv).output), Size())
    return 0


def run(folder: pathlib.Path, size: Size) -> None:
    """Runs the demonstration in a folder.

    Raises:
        JobError: where the folder is somebody else's, a step failed, or nothing was learnt.
    """
    prepare(folder)
    faces = sum(count for _, count in size.per_class) * len(LABELS)
    _say(f"drawing {faces:,} labelled faces into {folder / 'faces'}")
    write_face_folder(folder / "faces", dict(size.per_class), seed=0)
    for command in training_commands(folder, size):
        run_command(command)
    accuracy = read_accuracy(folder / "model")
    _say(f"putting {size.recordings} unlabelled faces and 3 broken files into recordings.zip")
    write_recordings(folder / "recordings.zip", size.recordings, seed=1)
    run_command(score_command(folder))
    print_tables(folder / "tables")
    print_places(folder, accuracy)


def prepare(folder: pathlib.Path) -> None:
    """Makes the folder, or clears away what an earlier demonstration made in it.

    Raises:
        JobError: where it holds anything and no demonstration made it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()) and not (folder / _MARKER).exists():
            raise JobError(
                f"{folder} holds files that no earlier demo wrote; name another folder by --output"
            )
        (folder / _MARKER).touch()
        for name in _MADE:
            _remove(folder / name)
    except OSError as error:
        raise JobError(f"cannot write to {folder}: {error.strerror}") from error


def _remove(path: pathlib.Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def training_commands(folder: pathlib.Path, size: Size) -> list[list[str]]:
    """From drawn faces to a measured model, as arguments to `semblante`."""
    faces, dataset, model = (str(folder / name) for name in ("faces", "dataset", "model"))
    epochs = str(size.epochs)
    return [
        ["convert", faces, "--output", dataset, "--shards", "4"],
        ["inspect", dataset, "--output", str(folder / "samples.png")],
        ["train", dataset, "--output", model, "--network", "fast", "--epochs", epochs],
        ["evaluate", model, dataset],
    ]


def score_command(folder: pathlib.Path) -> list[str]:
    """From the zip of unlabelled faces to tables, as arguments to `semblante`."""
    recordings, tables, model = (
        str(folder / name) for name in ("recordings.zip", "tables", "model")
    )
    return ["score", recordings, "--output", tables, "--model", model, "--faces", "whole"]


def run_command(arguments: list[str]) -> None:
    """Shows a command as a user would type it, and runs it.

    Raises:
        JobError: where it did not exit with 0.
    """
    shown = shlex.join(["semblante", *arguments])
    _say(f"$ {shown}")
    code = subprocess.run([sys.executable, "-m", "semblante", *arguments], check=False).returncode
    if code:
        raise JobError(f"the step `{shown}` ended with exit code {code}; it says why above")


def read_accuracy(model: pathlib.Path) -> float:
    """The share of test faces that the model names right.

    Raises:
        JobError: where it is less than twice what guessing reaches.
    """
    metrics = json.loads((model / "evaluation" / "test" / "metrics.json").read_text())
    accuracy = float(metrics["accuracy"])
    if accuracy < 2 * _CHANCE:
        raise JobError(
            f"the trained network names {accuracy:.0%} of the test faces right, hardly more than "
            f"the {_CHANCE:.0%} of guessing; training does not work on this machine"
        )
    return accuracy


def write_recordings(path: pathlib.Path, count: int, seed: int) -> None:
    """Writes a zip of `count` faces of all emotions, in no order, and three broken files."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in [*_unlabelled_faces(count, seed), *_broken_files()]:
            archive.writestr(zipfile.ZipInfo(name), content)  # without the date: the same bytes


def _unlabelled_faces(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    generator = np.random.default_rng(seed)
    for number in range(count):
        face = draw_face(str(generator.choice(LABELS)), generator)
        yield f"faces/{number:04}.png", _encode(face, "PNG")


def _broken_files() -> Iterator[tuple[str, bytes]]:
    yield "broken/empty.png", b""
    yield "broken/letter.jpg", b"This is a letter, whatever its name says.\n"
    jpeg = _encode(draw_face("neutral", np.random.default_rng(0)), "JPEG")
    yield "broken/half.jpg", jpeg[: len(jpeg) // 2]


def _encode(face: np.ndarray, form: str) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(face[:, :, 0]).save(stream, form)
    return stream.getvalue()


def print_tables(tables: pathlib.Path) -> None:
    """Prints the first rows of what was scored, and everything that failed, with its reason."""
    # Loading Parquet takes a moment that --help does without.
    import pyarrow.parquet as parquet

    emotions = parquet.read_table(tables / "emotions").sort_by("member")
    _say(f"the first of {emotions.num_rows} rows of {tables / 'emotions'}")
    _print_rows(_SHOWN_COLUMNS, emotions.slice(0, 8).to_pylist())
    failures = parquet.read_table(tables / "failures").sort_by("member")
    _say(f"what could not be scored, in {tables / 'failures'}")
    _print_rows(("member", "stage", "message"), failures.to_pylist())


def _print_rows(columns: Iterable[str], rows: list[dict]) -> None:
    names = list(columns)
    cells = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for line in cells:
        padded = (text.ljust(width) for text, width in zip(line, widths, strict=True))
        print("  ".join(padded).rstrip())


def _cell(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def print_places(folder: pathlib.Path, accuracy: float) -> None:
    """Prints what was reached, and which file is where."""
    _say(
        f"done: {accuracy:.0%} of the unseen test faces named right (guessing: {_CHANCE:.0%}).\n"
        "These are drawings: the figure says that the machinery works, nothing about people."
    )
    places = (
        ("faces", "the labelled drawings"),
        ("dataset", "the same as TFRecords, with dataset.json"),
        ("samples.png", "contact sheet of the data set"),
        ("model", "the model bundle, its card and its evaluation"),
        ("recordings.zip", "what was scored"),
        ("tables", "Parquet: emotions, recordings, failures"),
    )
    for name, meaning in places:
        print(f"  {str(folder / name):<28} {meaning}")


def _say(text: str) -> None:
    """Prints a headline, before anything that the next step prints."""
    print(f"\n{text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
