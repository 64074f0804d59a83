"""Scores images and archives of images into Parquet tables.

semblante score photos.zip --output TABLES --model MODEL
"""

import argparse
import dataclasses
import time
import uuid
from typing import TYPE_CHECKING

from pipelines.face_steps import FACE_STEPS

if TYPE_CHECKING:
    import apache_beam as beam


_DEFAULT_MODEL = "fast"  # of those that ship with the package


@dataclasses.dataclass(frozen=True)
class ScoreArgs:
    """The job's own flags; the rest goes to Beam."""

    sources: tuple[str, ...]
    output: str
    model: str
    faces: str


def parse(argv: list[str] | None = None) -> tuple[ScoreArgs, list[str]]:
    """Returns the job's flags and those for Beam; exits with 2 where they make no sense."""
    fields, beam_flags = _parser().parse_known_args(argv)
    return ScoreArgs(**{**vars(fields), "sources": tuple(fields.sources)}), beam_flags


def build(
    pipeline: "beam.Pipeline", args: ScoreArgs, plan: str, run: str, model_id: str
) -> "beam.PCollection[tuple[str, int]]":
    """Adds the job to a pipeline.

    Args:
        plan: Path of the plan that names what is to be scored.
        run: Id of the run, kept with what it commits.
        model_id: Identity of the bundle at `args.model`.
    """
    from pipelines import scoring
    from pipelines.committing import CommitRules
    from pipelines.reading_faces import ReadingRules

    return pipeline | "ScoreFaces" >> scoring.ScoreFaces(
        plan=plan,
        model=args.model,
        reading=ReadingRules(model_id, args.faces),
        commits=CommitRules(args.output, run, model_id, args.faces),
    )


def main(argv: list[str] | None = None) -> int:
    """Runs the job; returns 0 where every file is scored, or failed and listed."""
    args, beam_flags = parse(argv)
    # Beam takes seconds to import; --help does without.
    import apache_beam as beam

    from pipelines import inference, ledger, options, progress, running, score_report, score_run

    beam_options = options.beam_options(beam_flags, "score")
    model_id = inference.model_id(args.model)
    run, started = _run_id(), time.monotonic()
    with score_run.explained(), ledger.locked(args.output):
        work = score_run.prepare(args.output, {"faces": args.faces}, model_id, run, args.sources)
        if work.entries:
            pipeline = beam.Pipeline(options=beam_options)
            build(pipeline, args, work.plan, run, model_id)
            with progress.watching(work.images_done, work.images, "images"):
                running.run(pipeline)
        record = score_run.finish(work, dataclasses.asdict(args), time.monotonic() - started)
    print(score_report.describe(record, args.output))
    return 0


def _run_id() -> str:
    """Returns a new id that sorts by time."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{uuid.uuid4().hex[:6]}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "semblante score",
        description="Scores images and archives of images into Parquet tables. A second run over "
        "the same tables scores what is new or changed; a killed run is completed by the next.",
        epilog="Flags that are not listed here go to Beam, such as --runner=DataflowRunner.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="Image, zip or tar of images, folder of these, or a glob; local or gs://.",
    )
    parser.add_argument(
        "--output",
        required=True,
        metavar="TABLES",
        help="Folder of the tables emotions, recordings and failures; made if need be.",
    )
    parser.add_argument(
        "--model",
        default=_DEFAULT_MODEL,
        metavar="MODEL",
        help="Bundle written by `semblante train`, or the name of one that ships with the package "
        "(see `semblante models`; default: %(default)s).",
    )
    parser.add_argument(
        "--faces",
        choices=sorted(FACE_STEPS),
        default="whole",
        help="What to take for a face: the whole image (default: %(default)s).",
    )
    return parser
