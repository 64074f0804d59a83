"""Lists the models that ship with the package, with their figures.

semblante models
"""

import argparse
import os
from collections.abc import Iterator

from model import bundle, shipped


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    """Reads the command line; exits with 2 where it makes no sense."""
    parser = argparse.ArgumentParser(
        "semblante models",
        description="Lists the models that ship with the package. Their names stand wherever a "
        "MODEL is asked for.",
        allow_abbrev=False,
    )
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> int:
    """Runs the job."""
    parse(argv)
    print("\n".join(describe()))
    return 0


def describe() -> Iterator[str]:
    """Yields the lines of the table, and where the model cards are."""
    yield f"{'name':<10}{'accuracy':>9}{'ten views':>11}{'parameters':>12}{'MB':>6}  model"
    models = [(name, bundle.load(name)) for name in shipped.NAMES]
    for name, model in models:
        figures = model.info["evaluations"]["test"]
        ten = figures.get("views", {}).get("accuracy")
        yield (
            f"{name:<10}{figures['accuracy']:>9.2%}{f'{ten:.2%}' if ten else '-':>11}"
            f"{model.info['parameters']:>12,}{_megabytes(model.path):>6.1f}  {model.model_id}"
            + (" (default of score)" if name == shipped.DEFAULT else "")
        )
    yield ""
    yield "Accuracy is on FER2013's PublicTest, by which the models were chosen."
    for _, model in models:
        yield f"card: {os.path.join(model.path, 'MODEL_CARD.md')}"


def _megabytes(path: str) -> float:
    return sum(entry.stat().st_size for entry in os.scandir(path) if entry.is_file()) / 1e6
