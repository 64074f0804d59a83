"""A data set in words: its counts by split and label, and what was found wrong with it."""

from collections.abc import Iterator, Mapping, Sequence

from .labels import LABELS
from .manifest import Manifest

_SHOWN = 5  # skipped and failed inputs that are named one by one


def describe(manifest: Manifest) -> str:
    """Returns a table of counts and a line for each finding, for a terminal."""
    return "\n".join([*_table(manifest), *_findings(manifest)])


def _table(manifest: Manifest) -> Iterator[str]:
    splits = manifest.splits()
    yield f"{'':<10}" + "".join(f"{split:>12}" for split in splits)
    for label in LABELS:
        counts = (manifest.examples[split].get(label, 0) for split in splits)
        yield f"{label:<10}" + "".join(f"{count:>12,}" for count in counts)
    yield f"{'all':<10}" + "".join(f"{manifest.count(split):>12,}" for split in splits)


def _findings(manifest: Manifest) -> Iterator[str]:
    yield from _inputs("skipped", manifest.skipped)
    yield from _inputs("failed", manifest.failed)
    duplicates = manifest.duplicates
    if not duplicates:
        yield "duplicates: not searched for"
        return
    yield f"duplicates: {len(duplicates['redundant']):,} redundant copies"
    conflicts = len(duplicates["conflicting_labels"])
    yield f"conflicting labels: {conflicts:,} groups of equal images"
    for name, keys in duplicates.items():
        if name.startswith("leaked_from_") and keys:
            split = name.removeprefix("leaked_from_").removesuffix("_into_train")
            yield f"leaks: {len(keys):,} {split} images also stand in train"


def _inputs(outcome: str, problems: Sequence[Mapping[str, str]]) -> Iterator[str]:
    if not problems:
        return
    yield f"{outcome}: {len(problems):,} inputs"
    for problem in problems[:_SHOWN]:
        yield f"  {problem['source']}: {problem['reason']}"
    if len(problems) > _SHOWN:
        yield f"  and {len(problems) - _SHOWN:,} more, all in dataset.json"
