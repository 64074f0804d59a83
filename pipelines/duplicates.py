"""Finds faces with equal pixels, within and across splits."""

import collections
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from pipelines.shards import ShardReport
from tfrecords.labels import LABELS
from tfrecords.splits import SPLITS

_BUCKETS = 64


class Copy(NamedTuple):
    """One of several examples with equal pixels."""

    split: str
    key: str
    label: str


def bucket_digests(report: ShardReport) -> Iterator[tuple[int, tuple[str, list[tuple]]]]:
    """Yields a shard's digests in (bucket, (split, digests)): few large elements to shuffle."""
    buckets: dict[int, list[tuple]] = collections.defaultdict(list)
    for digest in report.digests:
        buckets[digest.content[0] % _BUCKETS].append(tuple(digest))  # Beam would pickle named ones
    for bucket, digests in buckets.items():
        yield bucket, (report.place.split, digests)


def find_copies(batches: Iterable[tuple[str, Sequence[tuple]]]) -> list[list[Copy]]:
    """Returns the groups of copies in one bucket, those to keep first."""
    groups: dict[bytes, list[Copy]] = collections.defaultdict(list)
    for split, digests in batches:
        for content, label, key in digests:
            groups[content].append(Copy(split, key, LABELS[label]))
    return [sorted(copies, key=_rank) for copies in groups.values() if len(copies) > 1]


def summarize(groups: Iterable[Sequence[Copy]]) -> dict[str, list[Any]]:
    """Returns the `duplicates` of dataset.json.

    `redundant`: keys of all copies but the first of each group; `conflicting_labels`: a
    {key: label} for each group whose labels differ; `leaked_from_SPLIT_into_train`: keys of the
    split's examples that also stand in train.
    """
    ordered = sorted(groups, key=lambda copies: copies[0].key)
    summary: dict[str, list[Any]] = {
        "redundant": [copy.key for copies in ordered for copy in copies[1:]],
        "conflicting_labels": [
            {copy.key: copy.label for copy in copies}
            for copies in ordered
            if len({copy.label for copy in copies}) > 1
        ],
    }
    for split in ("test", "validation"):
        summary[f"leaked_from_{split}_into_train"] = [
            copy.key
            for copies in ordered
            if any(copy.split == "train" for copy in copies)
            for copy in copies
            if copy.split == split
        ]
    return summary


def _rank(copy: Copy) -> tuple[int, str]:
    return SPLITS.index(copy.split), copy.key
