"""The front door: `semblante JOB ...` imports the one job asked for and runs it."""

import importlib
import os
import sys
from collections.abc import Sequence

__version__ = "0.1.0"

# Job: (module with main(argv) -> exit code, one line for --help).
JOBS = {
    "convert": ("pipelines.convert", "labelled face images to sharded TFRecords"),
    "inspect": (
        "tfrecords.inspection",
        "counts, duplicates, leaks of a data set, a contact sheet",
    ),
    "train": ("model.train", "a network on a data set, into a model bundle"),
    "evaluate": ("model.evaluate", "accuracy, confusion and calibration of a bundle on a data set"),
    "compare": ("model.compare", "models side by side on the same faces: accuracy, size, speed"),
    "explain": ("model.explain", "what a model looked at in a face, drawn over the face"),
    "models": ("model.catalog", "the models that ship with the package, with their figures"),
    "score": ("pipelines.score", "archives of faces to Parquet tables of emotions"),
    "report": ("pipelines.report.job", "the tables as a page to look at, without a network"),
    "demo": ("pipelines.demo", "the whole story on data it draws itself, in a couple of minutes"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one job; returns 0 when done, 1 when it failed for a stated reason, 2 on wrong usage."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help"):
        print(_usage())
        return 0 if arguments else 2
    if arguments[0] == "--version":
        print(f"semblante {__version__}")
        return 0
    job, *rest = arguments
    if job not in JOBS:
        print(f"semblante: error: unknown job {job!r}; jobs are {', '.join(JOBS)}", file=sys.stderr)
        return 2
    return _run(job, rest)


def _run(job: str, arguments: list[str]) -> int:
    # Imported here, not above: `semblante --help` pays for no room.
    from tfrecords.errors import JobError

    module = importlib.import_module(JOBS[job][0])
    try:
        return module.main(arguments)
    except JobError as error:
        print(f"semblante {job}: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"semblante {job}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read our output, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for the closing flush
        return 141


def _usage() -> str:
    jobs = "\n".join(f"  {name:<10}{summary}" for name, (_, summary) in JOBS.items())
    return (
        "usage: semblante JOB ...\n\nReads emotions from faces, in bulk.\n\n"
        f"jobs:\n{jobs}\n\n"
        "`semblante JOB --help` explains a job; `semblante --version` tells the version."
    )


if __name__ == "__main__":
    sys.exit(main())
