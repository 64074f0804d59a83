"""Makes the tables of `semblante score` into a page to look at.

semblante report TABLES --output report.html --language es
"""

import argparse
import dataclasses

from tfrecords import storage
from tfrecords.errors import JobError

LANGUAGES = ("en", "es")


@dataclasses.dataclass(frozen=True)
class ReportArgs:
    """The command line."""

    tables: str
    output: str
    language: str


def parse(argv: list[str] | None = None) -> ReportArgs:
    """Reads the command line; exits with 2 where it makes no sense."""
    return ReportArgs(**vars(_parser().parse_args(argv)))


def main(argv: list[str] | None = None) -> int:
    """Runs the job; prints the path of the page.

    Raises:
        JobError: where there are no tables, they cannot be read, or the page cannot be written.
    """
    args = parse(argv)
    # Arrow takes a moment to import; --help does without.
    from pipelines.report import data, page

    html = page.render(data.collect(args.tables), args.language)
    try:
        storage.write_atomically(args.output, html)
    except OSError as error:
        raise JobError(f"cannot write the report: {error}; choose another --output") from error
    print(args.output)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "semblante report",
        description="Makes the tables of `semblante score` into one HTML page that needs no "
        "network: totals, failures, the recordings that need attention first, and a timeline "
        "of each person's emotions.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "tables", metavar="TABLES", help="Folder written by `semblante score`; local or gs://."
    )
    parser.add_argument(
        "--output",
        default="report.html",
        metavar="FILE",
        help="Page to write; one that is there is replaced (default: %(default)s).",
    )
    parser.add_argument(
        "--language",
        choices=LANGUAGES,
        default="en",
        help="Language of the labels (default: %(default)s).",
    )
    return parser
