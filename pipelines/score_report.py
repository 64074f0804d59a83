"""The lines that score ends with."""

from collections.abc import Iterator
from typing import Any

_MOST = 10  # reasons shown


def describe(record: dict[str, Any], tables: str) -> str:
    """Returns the summary of a run's record."""
    return "\n".join(_lines(record, tables))


def _lines(record: dict[str, Any], tables: str) -> Iterator[str]:
    files, counts, seconds = record["files"], record["counts"], record["seconds"]
    before = f", {files['scored_before']} scored before" if files["scored_before"] else ""
    yield f"files     {files['scored']}{before}"
    rate = f"{counts['scored'] / seconds:.0f} images/s" if seconds else ""
    yield f"images    {counts['scored']} in {seconds:.1f} s, {rate}"
    yield f"faces     {counts['faces']}"
    for title in ("failed", "skipped"):
        yield f"{title:<10}{sum(counts[title].values())}"
        yield from _reasons(counts[title])
    if counts["faces"]:
        shares = sorted(counts["emotions"].items(), key=lambda item: -item[1])
        yield "emotions  " + ", ".join(
            f"{label} {share / counts['faces']:.1%}" for label, share in shares
        )
    yield f"tables    {tables}"


def _reasons(reasons: dict[str, int]) -> Iterator[str]:
    ordered = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    for reason, count in ordered[:_MOST]:
        yield f"  {count:>8}  {reason}"
    if rest := sum(count for _, count in ordered[_MOST:]):
        yield f"  {rest:>8}  other reasons"
