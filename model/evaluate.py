"""Measures a model on a split of a data set.

semblante evaluate MODEL DATASET --split test
"""

import argparse
import dataclasses
import json
import os
from typing import TYPE_CHECKING

from model import bundle, evaluation_table
from model.views import KINDS
from tfrecords import manifest, quiet, storage
from tfrecords.errors import JobError
from tfrecords.splits import SPLITS

if TYPE_CHECKING:
    from PIL import Image

    from model import evaluation


@dataclasses.dataclass(frozen=True)
class EvaluateArgs:
    """The command line."""

    model: str
    dataset: str
    split: str
    output: str | None
    batch_size: int
    views: str
    robustness: bool
    card: bool


def parse(argv: list[str] | None = None) -> EvaluateArgs:
    """Reads the command line; exits with 2 where it makes no sense."""
    parser = argparse.ArgumentParser(
        "semblante evaluate",
        description="Measures a model on a split of a data set: accuracy, confusion, calibration.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="Bundle written by semblante train, or the name of one that ships with the package.",
    )
    parser.add_argument("dataset", metavar="DATASET", help="Folder written by semblante convert.")
    parser.add_argument(
        "--split", choices=SPLITS, default="test", help="Split to measure (default: %(default)s)."
    )
    parser.add_argument(
        "--output",
        metavar="DIR",
        help="Folder for metrics.json, confusion.png, reliability.png and mistakes.png "
        "(default: MODEL/evaluation/SPLIT, or evaluation/NAME/SPLIT for a shipped model).",
    )
    parser.add_argument(
        "--batch-size",
        type=_positive,
        default=256,
        metavar="N",
        help="Faces classified at a time; changes speed and memory only (default: %(default)s).",
    )
    parser.add_argument(
        "--views",
        choices=KINDS,
        default="plain",
        help="Beside the plain figures print those of the mean over a face and its mirror image, "
        "or over ten shifted and mirrored views (default: %(default)s).",
    )
    parser.add_argument(
        "--robustness",
        action="store_true",
        help="Measure on shifted, scaled, turned, blurred, compressed, darkened and noisy faces, "
        "too: sixteen times the work (default: no).",
    )
    parser.add_argument(
        "--card",
        action="store_true",
        help="Record the figures in the model's bundle.json and MODEL_CARD.md (default: no).",
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
        model,
        args.dataset,
        args.split,
        content,
        batch_size=args.batch_size,
        kind_of_views=args.views,
        robustness_too=args.robustness,
    )
    folder = args.output or _default_folder(args.model, model, args.split)
    _write(measured, f"{model.model_id} on {args.split}", folder, args.dataset)
    if args.card:
        bundle.record_evaluation(model, args.split, measured.figures)
    print("\n".join(evaluation_table.describe(measured.figures)))
    print(f"\nwritten to {folder}: metrics.json, confusion.png, reliability.png, mistakes.png")
    return 0


def _default_folder(name: str, model: bundle.Bundle, split: str) -> str:
    """Beside the model; for one that ships with the package, in the current folder."""
    if model.path == name:
        return storage.join(name, "evaluation", split)
    return storage.join("evaluation", name, split)


def _write(measured: "evaluation.Measured", title: str, folder: str, dataset: str) -> None:
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
        _draw_mistakes(measured, dataset).save(storage.join(folder, "mistakes.png"))
    except OSError as error:
        raise JobError(f"cannot write to {folder}: {error.strerror or error}") from error


def _draw_mistakes(measured: "evaluation.Measured", dataset: str) -> "Image.Image":
    from model import evaluation, mistakes

    values, probabilities, labels = measured
    confused = mistakes.most_confused(values["confusion"])
    places = [mistakes.most_confident(probabilities, labels, pair) for pair in confused]
    everywhere = [int(place) for chosen in places for place in chosen]
    faces = dict(
        zip(everywhere, evaluation.faces_at(dataset, values["split"], everywhere), strict=True)
    )
    return mistakes.draw_mistakes(
        confused,
        [[faces[place] for place in chosen] for chosen in places],
        [probabilities[chosen].max(axis=1) for chosen in places],
    )


if __name__ == "__main__":
    raise SystemExit(main())
