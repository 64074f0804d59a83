"""The graph of score: a plan of files in, committed rows out. The work is in the steps.

Pixels and rows never cross a shuffle: a worker reads a unit of work, classifies its faces and
writes its rows; only paths go in and only sums of archives come out.
"""

import dataclasses
from collections.abc import Iterable, Iterator

import apache_beam as beam
from apache_beam.ml.inference.base import PredictionResult, RunInference

from pipelines import committing, planning, reading_faces
from pipelines.committing import CommitRules
from pipelines.inference import FaceModelHandler
from pipelines.planning import Entry, Span
from pipelines.reading_faces import ReadingRules


@dataclasses.dataclass
class ScoreFaces(beam.PTransform):
    """Scores what the plan at `plan` names; yields the uri and number of faces of each archive."""

    plan: str
    model: str  # path of the bundle
    reading: ReadingRules
    commits: CommitRules

    def expand(self, pipeline: beam.Pipeline) -> beam.PCollection[tuple[str, int]]:
        entries = (
            pipeline
            | "PlanPath" >> beam.Create([self.plan], reshuffle=False)
            | "ReadPlan" >> beam.FlatMap(planning.read_plan)
        )  # Entry
        spans = (
            entries
            | "SplitArchives" >> beam.FlatMap(planning.split)  # Unit
            | "SpreadUnits" >> beam.Reshuffle()
            | "ReadFaces" >> beam.FlatMap(reading_faces.read_faces, self.reading)  # FaceBatch
            | "Classify" >> RunInference(FaceModelHandler(self.model, self.commits.model))
            | "CommitBatch" >> beam.FlatMap(_commit, self.commits)
        )  # (uri, Span)
        archives = entries | "KeyArchives" >> beam.FlatMap(_key_archive)  # (uri, Entry)
        return (
            {"entries": archives, "spans": spans}
            | "GroupBySource" >> beam.CoGroupByKey()
            | "FinishArchives" >> beam.Map(_finish, self.commits)
        )


def _key_archive(entry: Entry) -> Iterator[tuple[str, Entry]]:
    if entry.archive:
        yield entry.files[0].uri, entry


def _commit(result: PredictionResult, rules: CommitRules) -> Iterator[tuple[str, Span]]:
    return committing.commit_batch(result.example, result.inference, rules)


def _finish(grouped: tuple[str, dict[str, Iterable]], rules: CommitRules) -> tuple[str, int]:
    uri, groups = grouped
    (entry,) = groups["entries"]
    return uri, committing.finish_archive(Entry(*entry), groups["spans"], rules)
