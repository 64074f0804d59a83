"""Finds faces with equal pixels, within and across splits."""

import collections
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from pipelines.digests import Digest, PackedDigests, unpack
from pipelines.shards import ShardReport
from tfrecords.labels import LABELS
from tfrecords.splits import SPLITS


class Copy(NamedTuple):
    """One of several examples with equal pixels."""

    split: str
    key: str
    label: str


def bucket_digests(report: ShardReport) -> Iterator[tuple[int, tuple[str, PackedDigests]]]:
    """Yields a shard's digests as (bucket, (split, digests))."""
    for bucket, packed in report.digests.items():
        yield bucket, (report.place.split, packed)


def find_copies(batches: Iterable[tuple[str, PackedDigests]]) -> list[list[Copy]]:
    """Returns the groups of copies in one bucket, those to keep first."""
    groups: dict[bytes, list[tuple[str, Digest]]] = collections.defaultdict(list)
    for split, packed in batches:
        for digest in unpack(packed):
            groups[digest.content].append((split, digest))
    return [_ranked(members) for members in groups.values() if len(members) > 1]


def _ranked(members: Iterable[tuple[str, Digest]]) -> list[Copy]:
    copies = [Copy(split, digest.key, LABELS[digest.label]) for split, digest in members]
    return sorted(copies, key=lambda copy: (SPLITS.index(copy.split), copy.key))


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
