"""The figures of an evaluation as lines for a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

from model.mistakes import most_confused
from tfrecords.labels import LABELS

_RATES = ("precision", "recall", "f1")


def describe(figures: Mapping[str, Any]) -> Iterator[str]:
    """Yields the lines of the table; `figures` is the content of metrics.json."""
    yield f"{figures['model']} on {figures['examples']:,} examples of {figures['split']}"
    yield ""
    yield from _overall(figures)
    if views := figures.get("views"):
        yield ""
        yield f"mean over the views of {views['how']}"
        yield from _overall({"leaked": figures["leaked"], **views})
    yield ""
    yield from _per_class(figures["per_class"])
    yield ""
    yield from _confusion(figures["confusion"])
    yield ""
    yield from _confused(figures["confusion"])
    if changes := figures.get("robustness"):
        yield ""
        yield from _robustness(changes)


def _overall(figures: Mapping[str, Any]) -> Iterator[str]:
    yield f"accuracy            {figures['accuracy']:.2%}  {_interval(figures, 'accuracy', '.2%')}"
    if figures["accuracy_without_leaks"] is not None:
        yield (
            f"  without leaks     {figures['accuracy_without_leaks']:.2%}  "
            f"({figures['leaked']:,} examples also stand in train)"
        )
    balanced = _interval(figures, "balanced_accuracy", ".2%")
    yield f"balanced accuracy   {figures['balanced_accuracy']:.2%}  {balanced}"
    yield f"macro F1            {figures['macro_f1']:.3f}   {_interval(figures, 'macro_f1', '.3f')}"
    yield f"log loss            {figures['log_loss']:.3f}"
    yield f"calibration error   {figures['calibration_error']:.3f}"


def _interval(figures: Mapping[str, Any], name: str, form: str) -> str:
    low, high = figures["intervals"][name]
    return f"(95 %: {low:{form}} to {high:{form}})"


def _per_class(per_class: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield f"{'label':<10}{'precision':>10}{'recall':>10}{'F1':>10}{'examples':>10}"
    for label, row in per_class.items():
        rates = ("-" if row[name] is None else f"{row[name]:.3f}" for name in _RATES)
        yield f"{label:<10}" + "".join(f"{rate:>10}" for rate in rates) + f"{row['support']:>10,}"


def _confusion(confusion: list[list[int]]) -> Iterator[str]:
    yield f"{'labelled':<10}predicted " + "".join(f"{label:>9}" for label in LABELS)
    for label, row in zip(LABELS, confusion, strict=True):
        yield f"{label:<20}" + "".join(f"{count:>9,}" for count in row)


def _confused(confusion: list[list[int]]) -> Iterator[str]:
    yield "most confused: " + (
        "; ".join(
            f"{pair.label} taken for {pair.predicted} {pair.share:.0%}"
            for pair in most_confused(confusion)
        )
        or "nothing"
    )


def _robustness(changes: list[Mapping[str, Any]]) -> Iterator[str]:
    yield f"{'images changed by':<24}{'strength':>18}{'accuracy':>10}{'points':>8}"
    for change in changes:
        strength = f"{change['strength']:g} {change['unit']}"
        yield (
            f"{change['change']:<24}{strength:>18}{change['accuracy']:>10.2%}"
            f"{change['difference'] * 100:>+8.1f}"
        )
