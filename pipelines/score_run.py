"""What the launcher of score does around the pipeline: it finds the work and checks it is done."""

import contextlib
import dataclasses
import importlib.metadata
import platform
from collections.abc import Iterator, Sequence
from typing import Any

from pipelines import committing, errors, ledger, planning, sources
from pipelines.ledger import Commit, Counts
from pipelines.planning import Entry, Listing

_PACKAGES = ("semblante", "apache-beam", "tensorflow", "pyarrow", "numpy", "pillow")


@dataclasses.dataclass
class Work:
    """What a run has to do, and how far it is."""

    tables: str
    run: str
    model_id: str
    plan: str  # path
    entries: list[Entry]
    listing: Listing
    before: set[str]  # names of the commits there were
    _seen: dict[str, Commit] = dataclasses.field(default_factory=dict)

    @property
    def images(self) -> int | None:
        """Images to score; None where archives hold a number of them that is not known yet."""
        if any(entry.archive for entry in self.entries):
            return None
        return sum(len(entry.files) for entry in self.entries)

    def images_done(self) -> int:
        """Returns how many images are scored, skipped or failed; reads what is new only."""
        return sum(commit.counts.listed for commit in self.commits())

    def commits(self) -> list[Commit]:
        """Returns the commits of this run."""
        new = set(ledger.commit_names(self.tables)) - self.before - self._seen.keys()
        for commit in ledger.read_commits(self.tables, sorted(new)):
            self._seen[commit.name] = commit
        return list(self._seen.values())


def prepare(
    tables: str, settings: dict[str, Any], model_id: str, run: str, patterns: Sequence[str]
) -> Work:
    """Lists the sources, clears what killed runs left, and writes the plan of this one.

    Raises:
        JobError: where there is nothing to read, or `tables` is no place to write to.
    """
    listing = planning.list_media(sources.expand(patterns))
    ledger.prepare(tables, settings)
    known = ledger.read(tables, model_id, listing.present())
    entries = planning.plan(listing, known)
    plan = ledger.write_plan(tables, run, planning.to_lines(entries))
    before = set(ledger.commit_names(tables))
    return Work(tables, run, model_id, plan, entries, listing, before)


def finish(work: Work, settings: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Checks that everything planned is committed; writes and returns the record of the run.

    Raises:
        JobError: where something planned is missing.
    """
    commits = work.commits()
    _check_complete(work.entries, commits)
    counts = committing.sum_counts([*(commit.counts for commit in commits), _of_files(work)])
    planned = sum(len(entry.files) for entry in work.entries)
    files = len(work.listing.images) + len(work.listing.archives)
    record = {
        "run": work.run,
        "settings": settings,
        "model": work.model_id,
        "versions": _versions(),
        "files": {"scored": planned, "scored_before": files - planned},
        "counts": dataclasses.asdict(counts),
        "seconds": round(seconds, 3),
    }
    ledger.write_run(work.tables, work.run, record)
    return record


def _of_files(work: Work) -> Counts:
    skipped = work.listing.skipped
    return Counts(listed=sum(skipped.values()), skipped=skipped)


def _check_complete(entries: Sequence[Entry], commits: Sequence[Commit]) -> None:
    done = {source for commit in commits if commit.kind != ledger.SPAN for source in commit.sources}
    planned = [file.state for entry in entries for file in entry.files]
    missing = [source for source in planned if source not in done]
    if missing:
        raise errors.JobError(
            f"{len(planned)} files were planned, but {len(planned) - len(missing)} committed; "
            f"the first missing is {missing[0].uri}: the runner lost some; run it again, "
            "on another runner"
        )


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Turns failures of the machine into `JobError`s: a full disk, a missing permission."""
    try:
        yield
    except OSError as error:
        raise errors.job_error(error) or error from error


def _versions() -> dict[str, str]:
    versions = {package: importlib.metadata.version(package) for package in _PACKAGES}
    return {"python": platform.python_version(), **versions}
