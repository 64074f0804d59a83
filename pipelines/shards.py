"""Writes one shard: references in, a TFRecord file and a small report out."""

import collections
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple

from apache_beam.io.filesystems import FileSystems

from pipelines import files
from pipelines.digests import Digest, PackedDigests, pack
from pipelines.listing import Problem, Shard
from pipelines.references import Reference, load_face
from pipelines.sources import Source
from tfrecords import codec, records
from tfrecords.faces import FaceError
from tfrecords.hashing import content_digest, order_of
from tfrecords.naming import shard_name
from tfrecords.schema import FaceExample


class ShardReport(NamedTuple):
    """What became of the references of one shard."""

    place: Shard
    labels: dict[int, int]  # label -> number of examples written
    problems: list[Problem]
    digests: dict[int, PackedDigests]  # by bucket


class ShardWriter(NamedTuple):
    """What all shards of a data set have in common."""

    output: str
    shards: int
    sources: Sequence[Source]
    prefixes: Sequence[str]
    search: bool  # report the digest of every example

    def write(
        self,
        place: Shard,
        batches: Iterable[Sequence[tuple]],
        held_out: Collection[bytes] = (),
    ) -> ShardReport:
        """Writes the shard's file under its final name when all of it is written.

        Args:
            held_out: Digests of examples that this shard must leave out.
        """
        report = ShardReport(place, collections.Counter(), [], {})
        digests: list[Digest] = []
        references = [Reference.unpacked(packed) for batch in batches for packed in batch]
        references.sort(key=self._order)
        path = FileSystems.join(self.output, shard_name(*place, self.shards))
        payloads = self._payloads(references, report, digests, held_out)
        files.write_file(path, lambda file: records.write_records(file, payloads))
        report.digests.update(pack(digests))
        return report

    def _payloads(
        self,
        references: Sequence[Reference],
        report: ShardReport,
        digests: list[Digest],
        held_out: Collection[bytes],
    ) -> Iterator[bytes]:
        for reference in references:
            key = self._key(reference)
            try:
                face = load_face(self.sources[reference.source], reference)
            except FaceError as error:
                report.problems.append(Problem(key, "failed", str(error)))
                continue
            if self.search:
                digest = content_digest(face)
                if digest in held_out:
                    reason = "same pixels as a validation or test image"
                    report.problems.append(Problem(key, "skipped", reason))
                    continue
                digests.append(Digest(digest, reference.label, key))
            report.labels[reference.label] += 1
            yield codec.encode(FaceExample(face, reference.label, key))

    def _order(self, reference: Reference) -> tuple[int, str, int]:
        key = self._key(reference)
        return order_of(key), key, reference.offset  # an archive may hold a name twice

    def _key(self, reference: Reference) -> str:
        return self.prefixes[reference.source] + reference.path
