"""The graph of convert: sources, references, shards, one manifest. The work is in the steps."""

import collections
import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems

from pipelines import dataset_folder, digests, duplicates, files, listing
from pipelines.listing import ListingRules, Problem, Shard, Tally
from pipelines.shards import ShardReport, ShardWriter
from pipelines.sources import Source
from tfrecords.errors import JobError
from tfrecords.labels import LABELS, accepted_names
from tfrecords.manifest import Manifest
from tfrecords.naming import shard_name
from tfrecords.splits import SPLITS


@dataclasses.dataclass
class ConvertImages(beam.PTransform):
    """Turns sources into a data set at `output`; yields its manifest."""

    sources: Sequence[Source]
    prefixes: Sequence[str]
    output: str
    rules: ListingRules
    find_duplicates: bool = True
    drop_leaks: bool = False

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection[Manifest]:
        listed = (
            pipeline
            | "Sources" >> beam.Create(list(enumerate(self.sources)), reshuffle=False)
            | "ListImages" >> beam.FlatMap(listing.list_images, self.prefixes, self.rules)
            | "SortByKind" >> beam.Partition(_kind, len(_KINDS))
        )
        references, problems, tallies = listed
        # (Shard, [Reference]), Problem, Tally
        checked = (
            tallies
            | "SumTallies" >> beam.CombineGlobally(_sum_tallies)
            | "CheckListing" >> beam.Map(_check_listing, self.rules)
        )
        reports = references | "GroupByShard" >> beam.GroupByKey() | self._write(checked)
        # ShardReport
        return (
            pipeline
            | "Once" >> beam.Create([None], reshuffle=False)
            | "FinishDataset"
            >> beam.Map(
                lambda _, *parts: finish_dataset(self.output, self.rules.shards, *parts),
                beam.pvalue.AsSingleton(checked),
                beam.pvalue.AsList(reports | "WithoutDigests" >> beam.Map(_without_digests)),
                beam.pvalue.AsList(problems),
                beam.pvalue.AsList(self._copies(reports)),
                self.find_duplicates,
            )
        )

    def _write(self, checked: beam.PCollection[Tally]) -> beam.PTransform:
        writer = ShardWriter(
            self.output, self.rules.shards, self.sources, self.prefixes, self.find_duplicates
        )
        return _WriteShards(writer, checked, self.drop_leaks)

    def _copies(self, reports: beam.PCollection[ShardReport]) -> beam.PCollection:
        return (
            reports
            | "BucketDigests" >> beam.FlatMap(duplicates.bucket_digests)
            | "GroupByBucket" >> beam.GroupByKey()
            | "FindCopies" >> beam.FlatMapTuple(lambda _, batches: duplicates.find_copies(batches))
        )


@dataclasses.dataclass
class _WriteShards(beam.PTransform):
    """Writes shards once the listing was found right: with `drop_leaks`, train after the rest."""

    writer: ShardWriter
    checked: beam.PCollection[Tally]
    drop_leaks: bool

    def expand(self, grouped: beam.PCollection) -> beam.PCollection[ShardReport]:
        listing_is_right = beam.pvalue.AsSingleton(self.checked)
        if not self.drop_leaks:
            return grouped | "WriteShards" >> beam.Map(self._write, listing_is_right)
        held_out, train = grouped | "SplitOffTrain" >> beam.Partition(_is_train, 2)
        held_out = held_out | "WriteHeldOutShards" >> beam.Map(self._write, listing_is_right)
        contents = held_out | "HeldOutDigests" >> beam.Map(_contents)
        train = train | "WriteTrainShards" >> beam.Map(
            self._write, listing_is_right, beam.pvalue.AsList(contents)
        )
        return (held_out, train) | "AllShards" >> beam.Flatten()

    def _write(
        self, group: tuple[Shard, Iterable], checked: Tally, held_out: Sequence[Sequence] = ()
    ) -> ShardReport:
        del checked  # waiting for it is all that is asked
        place, batches = group
        return self.writer.write(Shard(*place), batches, set().union(*held_out))


def finish_dataset(
    output: str,
    count: int,
    tally: Tally,
    reports: Sequence[ShardReport],
    problems: Sequence[Problem],
    copies: Sequence[Sequence[duplicates.Copy]],
    find_duplicates: bool,
) -> Manifest:
    """Checks that every listed input is accounted for, and writes the manifest.

    Args:
        count: Number of shards in each split.

    Raises:
        JobError: where nothing was written, or the sums do not add up.
    """
    problems = [*problems, *(problem for report in reports for problem in report.problems)]
    written = sum(sum(report.labels.values()) for report in reports)
    if not written:
        raise JobError(_nothing_written(tally, problems))
    if tally.listed != written + len(problems):
        raise JobError(
            f"{tally.listed} inputs were listed, but {written} written and {len(problems)} skipped "
            "or failed: the runner lost or repeated some; run it again, on another runner"
        )
    content = Manifest(
        examples=_examples(reports),
        shards=_lengths(output, count, reports),
        skipped=_reasons(problems, "skipped"),
        failed=_reasons(problems, "failed"),
        duplicates=duplicates.summarize(copies) if find_duplicates else {},
    )
    dataset_folder.complete(output, content)
    return content


def _lengths(output: str, count: int, reports: Sequence[ShardReport]) -> dict[str, list[int]]:
    """Returns the number of examples in each shard; writes those that got no reference."""
    lengths: dict[str, list[int | None]] = collections.defaultdict(lambda: [None] * count)
    for report in reports:
        lengths[report.place.split][report.place.shard] = sum(report.labels.values())
    for split, of_shards in lengths.items():
        for shard, length in enumerate(of_shards):
            if length is None:
                name = shard_name(split, shard, count)
                files.write_file(FileSystems.join(output, name), lambda file: None)
    return {
        split: [length or 0 for length in lengths[split]] for split in SPLITS if split in lengths
    }


def _examples(reports: Sequence[ShardReport]) -> dict[str, dict[str, int]]:
    counts = {split: dict.fromkeys(LABELS, 0) for split in SPLITS}
    for report in reports:
        for label, count in report.labels.items():
            counts[report.place.split][LABELS[label]] += count
    return {split: of_labels for split, of_labels in counts.items() if any(of_labels.values())}


def _reasons(problems: Sequence[Problem], outcome: str) -> list[dict[str, str]]:
    return [
        {"source": problem.key, "reason": problem.reason}
        for problem in sorted(problems)
        if problem.outcome == outcome
    ]


def _nothing_written(tally: Tally, problems: Sequence[Problem]) -> str:
    if not tally.listed:
        return "the sources hold no files; expected [split/]class/image"
    first = min(problems)
    return f"none of {tally.listed} files became an example; the first, {first.key}: {first.reason}"


def _sum_tallies(tallies: Iterable[Tally]) -> Tally:
    listed = 0
    unknown: collections.Counter[str] = collections.Counter()
    splits: collections.Counter[str] = collections.Counter()
    for tally in tallies:
        listed += tally[0]
        unknown.update(tally[1])
        splits.update(tally[2])
    return Tally(listed, dict(unknown), dict(splits))


def _check_listing(tally: Tally, rules: ListingRules) -> Tally:
    """Stops the job before anything is written where classes or splits are not what was meant."""
    if tally.unknown_classes:
        named = ", ".join(
            f"{name or '(no folder)'!r} ({count} images)"
            for name, count in sorted(tally.unknown_classes.items())
        )
        raise JobError(f"unknown class folders: {named}; accepted are {accepted_names()}")
    if rules.validation and (present := tally.splits.get("validation")):
        raise JobError(
            f"the sources name {present} validation images already; leave --validation out"
        )
    return tally


_KINDS = (tuple, Problem, Tally)


def _kind(element: Any, _: int) -> int:
    return _KINDS.index(type(element))


def _is_train(group: tuple[Shard, Iterable], _: int) -> int:
    return int(group[0][0] == "train")


def _contents(report: ShardReport) -> list[bytes]:
    return [content for packed in report.digests.values() for content in digests.contents(packed)]


def _without_digests(report: ShardReport) -> ShardReport:
    return report._replace(digests={})
