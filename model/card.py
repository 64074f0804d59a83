"""MODEL_CARD.md: what a bundle is good for and what not, for people (Mitchell et al. 2019)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_USES = """\
## Meant for

Research on expressions; statistics over many faces of people who agreed to it; trying out the
pipeline. A label says which of seven words people would choose for a picture of a face. It does
not say what the person feels (Barrett et al. 2019, doi:10.1177/1529100619832930).

## Not meant for

Decisions about single people. Inferring emotions of people at work or in education is prohibited
in the European Union except for medical or safety reasons (Regulation (EU) 2024/1689, Article
5(1)(f)). Do not score people who did not agree to it.

## Limits

- Faces are gray, 48x48, seen from the front. FER2013's were found by web search for emotion
  words, and people agree with its labels in about 65 of 100 cases (Goodfellow et al. 2013,
  arXiv:1307.0414).
- Who is in the training data is not known: accuracy by age, sex or skin was not measured.
- Of several classes there are few examples, above all of disgust: see the table by class.

## Licence

Apache-2.0, for these weights and the software that made them. The training images have terms of
their own.
"""


_PROTOCOL = """\
The weights come from the train split alone. Training settings, temperature and the form of the
inference file were chosen by the split that is measured below (of FER2013: PublicTest); no other
test image was looked at. Fine-tuned and taught models carry what their origin learnt as well.
"""


def write(info: Mapping[str, Any]) -> str:
    """Returns the card for the content of a bundle.json."""
    parts = (_title(info), _data(info), _training(info), _evaluations(info), [_USES])
    return "\n".join(line for part in parts for line in part)


def _title(info: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {info['model_id']}"
    yield ""
    yield (
        f"Network `{info['network']}`, {info['parameters']:,} parameters; scoring computes in "
        f"{info['inference']}. Takes gray faces of 48x48 pixels, gives a probability for each of "
        f"{', '.join(info['labels'])}."
    )
    yield ""


def _data(info: Mapping[str, Any]) -> Iterator[str]:
    training = info["training"]
    counts = training["examples"]
    yield "## Data and protocol"
    yield ""
    yield f"{sum(counts.values()):,} training examples:"
    yield ""
    yield from _table(("label", "examples"), ((name, f"{n:,}") for name, n in counts.items()))
    if digest := training.get("dataset_digest"):
        yield f"The data set's digest is {digest}."
    yield _PROTOCOL


def _training(info: Mapping[str, Any]) -> Iterator[str]:
    training, config = info["training"], info["config"]
    yield "## Training"
    yield ""
    yield (
        f"{training['epochs']:.4g} epochs, batches of {config['batch_size']}, "
        f"{config['optimizer']} from a rate of {config['learning_rate']:g}, "
        f"{config['precision']}, seed {config['seed']}, "
        f"{'random changes to the images' if config['augmentation'] else 'images unchanged'}."
    )
    if config.get("distillation"):
        teachers = ", ".join(training.get("teachers", config["distillation"]["teachers"]))
        yield f"It learnt from the probabilities of {teachers}, too (distillation)."
    if config.get("init"):
        yield f"It started from the weights of {training.get('origin', config['init'])}."
    if seconds := training.get("seconds"):
        yield f"Training took {seconds / 60:.1f} minutes, measuring after each epoch included."
    versions = ", ".join(f"{name} {version}" for name, version in info["versions"].items())
    yield f"Made with {versions}; commit {info['commit'] or 'unknown'}; on {info['machine']}."
    yield (
        "All settings are `config` in bundle.json; "
        "`semblante train DATASET --output MODEL --config bundle.json` trains by them again."
    )
    yield ""


def _evaluations(info: Mapping[str, Any]) -> Iterator[str]:
    """What `semblante evaluate --card` has recorded; else what training measured."""
    recorded = info.get("evaluations", {})
    if not recorded and info["metrics"]:
        recorded = {info["metrics"]["split"]: info["metrics"]}
    if not recorded:
        yield "## Accuracy"
        yield ""
        yield "Not measured in training. `semblante evaluate MODEL DATASET --card` measures it."
        yield ""
    for split, figures in recorded.items():
        yield f"## Accuracy on the split `{split}`"
        yield ""
        yield from _overall(figures)
        yield from _per_class(figures["per_class"])
        yield from _robustness(figures.get("robustness", []))
        yield f"Printed by `{_command(split, figures)}`."
        yield ""


def _overall(figures: Mapping[str, Any]) -> Iterator[str]:
    examples = sum(row["support"] for row in figures["per_class"].values())
    low, high = figures["intervals"]["accuracy"]
    yield f"{examples:,} examples."
    yield ""
    rows = [_row("one view", figures, f" ({low:.1%} to {high:.1%})")]
    if views := figures.get("views"):
        rows.append(_row(f"{views['how']} views", views))
    heads = ("", "accuracy (95 % interval)", "without leaks", "macro F1", "log loss")
    yield from _table((*heads, "calibration error"), rows)


def _row(name: str, figures: Mapping[str, Any], interval: str = "") -> tuple[str, ...]:
    clean = figures.get("accuracy_without_leaks")
    return (
        name,
        f"{figures['accuracy']:.2%}{interval}",
        "-" if clean is None else f"{clean:.2%}",
        f"{figures['macro_f1']:.3f}",
        f"{figures['log_loss']:.3f}",
        f"{figures['calibration_error']:.3f}",
    )


def _per_class(per_class: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    rows = (
        (label, *(f"{row[name]:.3f}" for name in _RATES), f"{row['support']:,}")
        for label, row in per_class.items()
        if row["support"]
    )
    yield from _table(("label", "precision", "recall", "F1", "examples"), rows)


_RATES = ("precision", "recall", "f1")


def _robustness(changes: list[Mapping[str, Any]]) -> Iterator[str]:
    if not changes:
        return
    rows = (
        (
            change["change"],
            f"{change['strength']:g} {change['unit']}".strip(),
            f"{change['accuracy']:.1%}",
            f"{change['difference'] * 100:+.1f}",
        )
        for change in changes
    )
    yield from _table(("images changed by", "strength", "accuracy", "points"), rows)


def _command(split: str, figures: Mapping[str, Any]) -> str:
    flags = [f"--split {split}"]
    if views := figures.get("views"):
        flags.append(f"--views {views['how']}")
    if figures.get("robustness"):
        flags.append("--robustness")
    return f"semblante evaluate MODEL DATASET {' '.join(flags)}"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A Markdown table and the empty line after it."""
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
