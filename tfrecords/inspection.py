"""Shows what a data set holds, and what is odd about it.

semblante inspect DATASET --output sheet.png
"""

import argparse
import collections
import dataclasses
from collections.abc import Iterator

import numpy as np

from . import codec, records, storage, summary
from . import manifest as manifests
from .contact_sheet import Picture, Section, draw_sheet
from .errors import JobError
from .labels import LABELS
from .manifest import Manifest
from .schema import FaceExample

_SAMPLES = 12  # of each class
_GROUPS = 12  # of duplicates and of conflicting labels
_SUSPICIOUS = 24
CONSTANT_DEVIATION = 4.0  # gray levels; below it an image shows nothing


@dataclasses.dataclass(frozen=True)
class InspectArgs:
    """The command line."""

    dataset: str
    output: str


@dataclasses.dataclass
class Findings:
    """The examples that go on the sheet."""

    samples: dict[str, list[FaceExample]]
    suspicious: list[FaceExample]
    suspicious_count: int
    wanted: dict[str, FaceExample | None]  # by key: duplicates, conflicts, leaks


def parse(argv: list[str] | None = None) -> InspectArgs:
    """Reads the command line; exits with 2 where it makes no sense."""
    parser = argparse.ArgumentParser(
        "semblante inspect",
        description="Prints counts, duplicates and leaks of a data set, and draws a contact sheet.",
        allow_abbrev=False,
    )
    parser.add_argument("dataset", metavar="DATASET", help="Folder written by semblante convert.")
    parser.add_argument(
        "--output",
        default="contact_sheet.png",
        metavar="FILE",
        help="Picture to draw: samples of each class, duplicates, images that show nothing "
        "(default: %(default)s).",
    )
    return InspectArgs(**vars(parser.parse_args(argv)))


def main(argv: list[str] | None = None) -> int:
    """Runs the job."""
    args = parse(argv)
    manifest = manifests.load(args.dataset)
    findings = look_through(read_examples(args.dataset, manifest), _notable_keys(manifest))
    print(summary.describe(manifest))
    print(
        f"suspicious: {findings.suspicious_count:,} images show next to nothing "
        f"(standard deviation below {CONSTANT_DEVIATION:g} gray levels)"
    )
    try:
        with storage.open_file(args.output, "wb") as file:
            draw_sheet(_sections(manifest, findings)).save(file, "PNG")
    except OSError as error:
        raise JobError(f"cannot write {args.output}: {error.strerror or error}") from error
    print(f"contact sheet: {args.output}")
    return 0


def read_examples(dataset: str, manifest: Manifest) -> Iterator[FaceExample]:
    """Yields every example, split by split, in the order of the shards.

    Raises:
        JobError: where a shard is missing, damaged, or has another length than the manifest says.
    """
    for split in manifest.splits():
        paths = manifest.shard_paths(dataset, split)
        for path, length in zip(paths, manifest.shards[split], strict=True):
            yield from _read_shard(path, length)


def _read_shard(path: str, length: int) -> Iterator[FaceExample]:
    count = 0
    try:
        with storage.open_file(path) as file:
            for payload in records.read_records(file):
                yield codec.decode(payload)
                count += 1
    except (OSError, records.RecordError, codec.CodecError) as error:
        raise JobError(f"cannot read {path}: {error}; convert anew") from error
    if count != length:
        raise JobError(f"{path} has {count} examples, expected {length}; convert anew")


def look_through(examples: Iterator[FaceExample], notable: list[str]) -> Findings:
    """Goes over all examples once and keeps those that are to be shown."""
    findings = Findings(collections.defaultdict(list), [], 0, dict.fromkeys(notable))
    for example in examples:
        samples = findings.samples[LABELS[example.label]]
        if len(samples) < _SAMPLES:
            samples.append(example)
        if is_suspicious(example.image):
            findings.suspicious_count += 1
            if len(findings.suspicious) < _SUSPICIOUS:
                findings.suspicious.append(example)
        if example.key in findings.wanted:
            findings.wanted[example.key] = example
    return findings


def is_suspicious(face: np.ndarray) -> bool:
    """Tells whether a face uint8 [48, 48, 1] is constant or nearly so."""
    return float(face.std()) < CONSTANT_DEVIATION


def _notable_keys(manifest: Manifest) -> list[str]:
    duplicates = manifest.duplicates
    conflicts = duplicates.get("conflicting_labels", [])[:_GROUPS]
    leaks = [keys[:_GROUPS] for name, keys in duplicates.items() if name.startswith("leaked_")]
    redundant = duplicates.get("redundant", [])[:_GROUPS]
    return [*(key for group in conflicts for key in group), *sum(leaks, []), *redundant]


def _sections(manifest: Manifest, findings: Findings) -> list[Section]:
    duplicates = manifest.duplicates
    conflicts = [
        Picture(found.image, f"{label} {key.rpartition('/')[2]}")
        for group in duplicates.get("conflicting_labels", [])[:_GROUPS]
        for key, label in group.items()
        if (found := findings.wanted.get(key))
    ]
    sections = [
        Section(label, [Picture(example.image) for example in findings.samples[label]])
        for label in LABELS
    ]
    sections.append(Section("equal images with different labels", conflicts))
    for name, keys in duplicates.items():
        if name != "conflicting_labels":
            sections.append(Section(name.replace("_", " "), _named(keys[:_GROUPS], findings)))
    suspicious = [Picture(example.image, example.key) for example in findings.suspicious]
    sections.append(Section("images that show next to nothing", suspicious))
    return sections


def _named(keys: list[str], findings: Findings) -> list[Picture]:
    found = (findings.wanted.get(key) for key in keys)
    return [Picture(example.image, example.key) for example in found if example]
