"""Converts labelled face images to sharded TFRecords.

semblante convert fer2013.zip --output DATASET
"""

import argparse
import dataclasses
import time
from typing import TYPE_CHECKING

from tfrecords import summary
from tfrecords.manifest import Manifest
from tfrecords.splits import SPLITS

if TYPE_CHECKING:
    import apache_beam as beam

_MAX_SHARDS = 99_999  # what five digits in a file name hold


@dataclasses.dataclass(frozen=True)
class ConvertArgs:
    """The job's own flags; the rest goes to Beam."""

    sources: tuple[str, ...]
    output: str
    shards: int
    usage: bool
    validation: float
    duplicates: bool
    drop_leaks: bool
    overwrite: bool

    def __post_init__(self) -> None:
        if self.drop_leaks and not self.duplicates:
            raise ValueError("--drop-leaks needs the search that --no-duplicates turns off")


def parse(argv: list[str] | None = None) -> tuple[ConvertArgs, list[str]]:
    """Returns the job's flags and those for Beam; exits with 2 where they make no sense."""
    parser = _parser()
    fields, beam_flags = parser.parse_known_args(argv)
    try:
        args = ConvertArgs(**{**vars(fields), "sources": tuple(fields.sources)})
    except ValueError as error:
        parser.error(str(error))
    return args, beam_flags


def build(pipeline: "beam.Pipeline", args: ConvertArgs) -> "beam.PCollection[Manifest]":
    """Adds the job to a pipeline; raises JobError where a source does not exist."""
    from pipelines import conversion, listing, references, sources

    found = sources.expand(args.sources)
    return pipeline | "ConvertImages" >> conversion.ConvertImages(
        sources=found,
        prefixes=references.key_prefixes(found),
        output=args.output,
        rules=listing.ListingRules(args.shards, args.usage, args.validation),
        find_duplicates=args.duplicates,
        drop_leaks=args.drop_leaks,
    )


def main(argv: list[str] | None = None) -> int:
    """Runs the job; returns 0 where the data set is complete."""
    args, beam_flags = parse(argv)
    # Beam takes seconds to import; --help does without.
    import apache_beam as beam

    from pipelines import dataset_folder, options, progress, running

    pipeline = beam.Pipeline(options=options.beam_options(beam_flags, "convert"))
    build(pipeline, args)  # before the folder is touched: a source may be missing
    dataset_folder.prepare(args.output, args.overwrite)
    started = time.monotonic()
    with progress.watching(lambda: dataset_folder.finished_shards(args.output), None, "shards"):
        running.run(pipeline)
    content = dataset_folder.read(args.output)
    seconds = time.monotonic() - started
    print(summary.describe(content))
    print(f"{args.output}: {sum(map(content.count, SPLITS))} examples in {seconds:.1f} s")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "semblante convert",
        description="Converts labelled face images to sharded TFRecords.",
        epilog="Flags that are not listed here go to Beam, such as --runner=DataflowRunner.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "sources",
        nargs="+",
        metavar="SOURCE",
        help="Folder [split/]class/image, zip or tar of such, fer2013.csv, image, or a glob of "
        "these; local or gs://.",
    )
    parser.add_argument(
        "--output", required=True, metavar="DATASET", help="Folder to write the data set to."
    )
    parser.add_argument(
        "--shards",
        type=_positive,
        default=16,
        help="Files for each split (default: %(default)s).",
    )
    parser.add_argument(
        "--usage",
        action="store_true",
        help="Take the split from Kaggle's file names: PublicTest_* is validation, PrivateTest_* "
        "is test. The Usage column of a csv is always taken.",
    )
    parser.add_argument(
        "--validation",
        type=_fraction,
        default=0.0,
        metavar="FRACTION",
        help="Share of train to set apart as validation, chosen by a hash of the key "
        "(default: none).",
    )
    parser.add_argument(
        "--no-duplicates",
        dest="duplicates",
        action="store_false",
        help="Leave out the search for faces with equal pixels.",
    )
    parser.add_argument(
        "--drop-leaks",
        action="store_true",
        help="Leave out train images whose pixels also stand in validation or test.",
    )
    parser.add_argument(
        "--overwrite", action="store_true", help="Replace a complete data set in DATASET."
    )
    return parser


def _positive(text: str) -> int:
    value = int(text)
    if not 0 < value <= _MAX_SHARDS:
        raise argparse.ArgumentTypeError(f"{value} is outside 1 to {_MAX_SHARDS}")
    return value


def _fraction(text: str) -> float:
    value = float(text)
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not between 0 and 1")
    return value
