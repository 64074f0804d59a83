"""Measures a model on a split of a data set.

semblante evaluate MODEL DATASET --split test
"""

import argparse
import dataclasses
import json
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from model import bundle
from tfrecords import manifest, quiet, storage
from tfrecords.errors import JobError
from tfrecords.labels import LABELS
from tfrecords.splits import SPLITS

if TYPE_CHECKING:
    from model import evaluation


@dataclasses.dataclass(frozen=True)
class EvaluateArgs:
    """The command line."""

    model: str
    dataset: str
    split: str
    output: str | None
    batch_size: int


def parse(argv: list[str] | None = None) -> EvaluateArgs:
    """Reads the command line; exits with 2 where it makes no sense."""
    parser = argparse.ArgumentParser(
        "semblante evaluate",
        description="Measures a model on a split of a data set: accuracy, confusion, calibration.",
        allow_abbrev=False,
    )
    parser.add_argument("model", metavar="MODEL", help="Bundle written by semblante train.")
    parser.add_argument("dataset", metavar="DATASET", help="Folder written by semblante convert.")
    parser.add_argument(
        "--split", choices=SPLITS, default="test", help="Split to measure (default: %(default)s)."
    )
    parser.add_argument(
        "--output",
        metavar="DIR",
        help="Folder for metrics.json, confusion.png and reliability.png "
        "(default: MODEL/evaluation/SPLIT).",
    )
    parser.add_argument(
        "--batch-size",
        type=_positive,
        default=256,
        metavar="N",
        help="Faces classified at a time; changes speed and memory only (default: %(default)s).",
    )
    return EvaluateArgs(**vars(parser.parse_args(argv)))


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def main(argv: list[str] | None = None) -> int:
    """Runs the job."""
    args = parse(argv)
    content = manifest.load(args.dataset)
    if not content.count(args.split):
        raise JobError(
            f"{args.dataset} has no {args.split} examples; it has {', '.join(content.splits())}"
        )
    model = bundle.load(args.model)
    # TensorFlow takes seconds to import; --help and wrong arguments do without.
    quiet.import_tensorflow()
    from model import evaluation

    measured = evaluation.measure(
        model, args.dataset, args.split, content, batch_size=args.batch_size
    )
    folder = args.output or storage.join(args.model, "evaluation", args.split)
    _write(measured, f"{model.model_id} on {args.split}", folder)
    print("\n".join(describe(measured.figures)))
    print(f"\nwritten to {folder}: metrics.json, confusion.png, reliability.png")
    return 0


def _write(measured: "evaluation.Measured", title: str, folder: str) -> None:
    from model import figures  # matplotlib takes a second to import

    values, probabilities, labels = measured
    try:
        os.makedirs(folder, exist_ok=True)
        metrics_path = storage.join(folder, "metrics.json")
        storage.write_atomically(metrics_path, json.dumps(values, indent=1) + "\n")
        confusion_path = storage.join(folder, "confusion.png")
        figures.draw_confusion(values["confusion"], title, confusion_path)
        reliability_path = storage.join(folder, "reliability.png")
        figures.draw_reliability(probabilities, labels, title, reliability_path)
    except OSError as error:
        raise JobError(f"cannot write to {folder}: {error.strerror or error}") from error


def describe(figures: Mapping[str, Any]) -> Iterator[str]:
    """Yields the lines of the printed table."""
    low, high = figures["accuracy_interval"]
    yield f"{figures['model']} on {figures['examples']:,} examples of {figures['split']}"
    yield ""
    yield f"accuracy            {figures['accuracy']:.2%}  (95 %: {low:.2%} to {high:.2%})"
    if figures["accuracy_without_leaks"] is not None:
        yield (
            f"  without leaks     {figures['accuracy_without_leaks']:.2%}  "
            f"({figures['leaked']:,} examples also stand in train)"
        )
    yield f"balanced accuracy   {figures['balanced_accuracy']:.2%}"
    yield f"macro F1            {figures['macro_f1']:.3f}"
    yield f"log loss            {figures['log_loss']:.3f}"
    yield f"calibration error   {figures['calibration_error']:.3f}"
    yield ""
    yield from _per_class(figures["per_class"])
    yield ""
    yield from _confusion(figures["confusion"])


def _per_class(per_class: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield f"{'label':<10}{'precision':>10}{'recall':>10}{'F1':>10}{'examples':>10}"
    for label, row in per_class.items():
        rates = ("-" if row[name] is None else f"{row[name]:.3f}" for name in _RATES)
        yield f"{label:<10}" + "".join(f"{rate:>10}" for rate in rates) + f"{row['support']:>10,}"


_RATES = ("precision", "recall", "f1")


def _confusion(confusion: list[list[int]]) -> Iterator[str]:
    yield f"{'labelled':<10}predicted " + "".join(f"{label:>9}" for label in LABELS)
    for label, row in zip(LABELS, confusion, strict=True):
        yield f"{label:<20}" + "".join(f"{count:>9,}" for count in row)
