"""MODEL_CARD.md: what a bundle is good for and what not, for people (Mitchell et al. 2019)."""

from collections.abc import Iterator, Mapping
from typing import Any

from model.metrics import accuracy_interval

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


def write(info: Mapping[str, Any]) -> str:
    """Returns the card for the content of a bundle.json."""
    parts = (_title(info), _training(info), _accuracy(info), [_USES])
    return "\n".join(line for part in parts for line in part)


def _title(info: Mapping[str, Any]) -> Iterator[str]:
    yield f"# {info['model_id']}"
    yield ""
    yield (
        f"Network `{info['network']}`, {info['parameters']:,} parameters. Takes gray faces of "
        f"48x48 pixels, gives a probability for each of {', '.join(info['labels'])}."
    )
    yield ""


def _training(info: Mapping[str, Any]) -> Iterator[str]:
    training, config = info["training"], info["config"]
    yield "## Training"
    yield ""
    counts = training["examples"]
    yield (
        f"{sum(counts.values()):,} examples ("
        f"{', '.join(f'{label} {count:,}' for label, count in counts.items())}), "
        f"{training['epochs']:.4g} epochs, batches of "
        f"{config['batch_size']}, {config['optimizer']} from a rate of "
        f"{config['learning_rate']:g}, {config['precision']}, seed {config['seed']}, "
        f"{'random changes to the images' if config['augmentation'] else 'images unchanged'}."
    )
    if seconds := sum(row["seconds"] for row in training.get("history", [])):
        yield f"Training took {seconds / 60:.1f} minutes, measuring left out."
    if digest := training.get("dataset_digest"):
        yield f"The data set's digest is {digest}."
    versions = ", ".join(f"{name} {version}" for name, version in info["versions"].items())
    machine = info.get("machine", "an unrecorded machine")  # bundles of before have none
    yield f"Made with {versions}; commit {info['commit'] or 'unknown'}; on {machine}."
    yield "All settings: `config` in bundle.json. Every epoch: history.csv."
    yield ""


def _accuracy(info: Mapping[str, Any]) -> Iterator[str]:
    figures = info["metrics"]
    yield "## Accuracy"
    yield ""
    if not figures:
        yield "Not measured in training. `semblante evaluate MODEL DATASET` measures it."
        yield ""
        return
    examples = sum(row["support"] for row in figures["per_class"].values())
    low, high = accuracy_interval(figures["accuracy"], examples)
    yield f"On {examples:,} examples of the split `{figures['split']}`:"
    yield ""
    yield "| accuracy (95 % interval) | balanced | macro F1 | log loss | calibration error |"
    yield "|---|---|---|---|---|"
    yield (
        f"| {figures['accuracy']:.1%} ({low:.1%} to {high:.1%}) "
        f"| {figures['balanced_accuracy']:.1%} | {figures['macro_f1']:.3f} "
        f"| {figures['log_loss']:.3f} | {figures['calibration_error']:.3f} |"
    )
    yield ""
    yield "| label | precision | recall | F1 | examples |"
    yield "|---|---|---|---|---|"
    for label, row in figures["per_class"].items():
        if row["support"]:
            rates = " | ".join(f"{row[name]:.3f}" for name in ("precision", "recall", "f1"))
            yield f"| {label} | {rates} | {row['support']:,} |"
    yield ""
    yield f"Printed by `semblante evaluate MODEL DATASET --split {figures['split']}`."
    yield ""
