"""Shows what a network looked at when it named the emotion of a face.

semblante explain MODEL face.png other.png --output explained

Occlusion is the default because it is the more faithful. Measured by deletion (Petsiuk et al.
2018, arXiv:1806.07421) with the network "reference" on 40 test faces of FER2013: 2, 5, 10, 20,
30, 40 and 50 % of the pixels, hottest first, gave way to a blurred face, and the mean probability
of the predicted label was then 0.22 by occlusion and 0.69 by Grad-CAM (0.56 from the centre
outwards, 0.65 in random order; lower is better). Grad-CAM averages each channel's gradient over
all places, which is right before a global pool ("fast", but a map of 3x3 cells) and loses the
place before a dense layer ("reference", 11x11 cells). It costs a tenth of the time: 0.06 CPU
seconds a face instead of 0.7.
"""

import argparse
import dataclasses
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from model import bundle
from tfrecords import faces, hashing, quiet, storage
from tfrecords.errors import JobError
from tfrecords.labels import LABELS

if TYPE_CHECKING:
    from model.predictor import Predictor
    from model.saliency import Method

_METHODS = ("occlusion", "gradcam")
_NAME_SALT = "semblante explain 1"
_STEM_LENGTH = 50  # characters; with what is added, below the 255 bytes of any file system


@dataclasses.dataclass(frozen=True)
class ExplainArgs:
    """The command line."""

    model: str
    images: list[str]
    output: str
    label: str | None
    method: str


def parse(argv: list[str] | None = None) -> ExplainArgs:
    """Reads the command line; exits with 2 where it makes no sense."""
    parser = argparse.ArgumentParser(
        "semblante explain",
        description="Draws what a model looked at: the face, the places that speak for the "
        "emotion, and the seven probabilities, a PNG for each image.",
        allow_abbrev=False,
    )
    parser.add_argument("model", metavar="MODEL", help="Bundle written by semblante train.")
    parser.add_argument(
        "images", metavar="IMAGE", nargs="+", help="Image file that shows one face, cropped."
    )
    parser.add_argument(
        "--output",
        default="explained",
        metavar="DIR",
        help="Folder for the PNGs (default: %(default)s).",
    )
    parser.add_argument(
        "--label",
        choices=LABELS,
        metavar="NAME",
        help=f"Emotion to explain, of {', '.join(LABELS)} (default: the one predicted).",
    )
    parser.add_argument(
        "--method",
        choices=_METHODS,
        default="occlusion",
        help="How to find the places. occlusion covers one after the other and sees what the "
        "model then says: more faithful. gradcam weighs the cells of the last feature map by "
        "their gradients: coarse, ten times as fast (default: %(default)s).",
    )
    return ExplainArgs(**vars(parser.parse_args(argv)))


def main(argv: list[str] | None = None) -> int:
    """Runs the job."""
    args = parse(argv)
    model = bundle.load(args.model)
    found = list(_read(args.images))
    if not found:
        raise JobError(f"none of the {len(args.images)} images could be read; nothing to explain")
    _make_folder(args.output)
    # TensorFlow takes seconds to import; --help and wrong arguments do without.
    quiet.import_tensorflow()
    from model import saliency
    from model.predictor import Predictor

    predictor = Predictor(model, batch_size=saliency.VIEWS)
    method = _make_method(args.method, model, predictor)
    probabilities = predictor(np.stack([face for _, face in found]))
    for (path, face), row in zip(found, probabilities, strict=True):
        _explain(path, face, row, method, args)
    print(f"explained {len(found):,} of {len(args.images):,} images in {args.output}")
    return 0


def _read(paths: list[str]) -> Iterator[tuple[str, np.ndarray]]:
    """Yields path and face uint8 [48, 48, 1] of what can be read, and tells of what cannot."""
    for path in paths:
        try:
            face = _face(path)
        except faces.FaceError as error:
            _tell_skipped(path, str(error))
        except OSError as error:
            _tell_skipped(path, error.strerror or str(error))
        else:
            yield path, face


def _face(path: str) -> np.ndarray:
    with storage.open_file(path) as file:
        return faces.face_from_bytes(file.read())


def _tell_skipped(path: str, reason: str) -> None:
    print(f"semblante explain: skipped {_printable(path)}: {reason}", file=sys.stderr)


def _make_folder(path: str) -> None:
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise JobError(f"cannot write to {path}: {error.strerror or error}") from error


def _make_method(name: str, model: bundle.Bundle, predictor: "Predictor") -> "Method":
    from model import saliency

    if name == "gradcam":
        return saliency.GradCam(model.network())
    return saliency.Occlusion(predictor)  # by the exported function, as scoring does


def _explain(
    path: str, face: np.ndarray, probabilities: np.ndarray, method: "Method", args: ExplainArgs
) -> None:
    from model import figures  # matplotlib takes a second to import

    predicted = int(probabilities.argmax())
    label = predicted if args.label is None else LABELS.index(args.label)
    picture = storage.join(args.output, picture_name(path, LABELS[label]))
    try:
        figures.draw_explanation(face, method(face, label), probabilities, label, picture)
    except OSError as error:
        raise JobError(f"cannot write {picture}: {error.strerror or error}") from error
    says = f"{LABELS[predicted]} {probabilities[predicted]:.1%}"
    if label != predicted:
        says += f" (explained: {LABELS[label]} {probabilities[label]:.1%})"
    print(f"{_printable(path)}: {says} -> {_printable(picture)}")


def picture_name(path: str, label: str) -> str:
    """Returns the name of an image's PNG, such as `face-happy-0f3a91c2.png`.

    The digits are a digest of the absolute path: images of one name from several folders do not
    meet, in one run or in several, and the same image keeps its name.
    """
    stem = os.path.splitext(os.path.basename(path))[0][:_STEM_LENGTH]
    digest = hashing.stable_hash(os.path.abspath(path), _NAME_SALT) >> 32
    return f"{stem}-{label}-{digest:08x}.png"


def _printable(path: str) -> str:
    """The path with bytes that are no UTF-8, which a terminal refuses, as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
