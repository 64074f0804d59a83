"""Runs one benchmark, or all of them.

python -m benchmarks [convert|train|score]
"""

import argparse
import importlib
import subprocess
import sys

NAMES = ("convert", "train", "score")


def main(argv: list[str] | None = None) -> int:
    """Returns 0 where every benchmark could be measured; ratios are printed, not judged."""
    parser = argparse.ArgumentParser(
        "python -m benchmarks",
        description="Measures speed and memory beside plain baselines; needs a quiet machine.",
    )
    parser.add_argument(
        "name", nargs="?", choices=NAMES, help="The one to run (default: all, one after another)."
    )
    name = parser.parse_args(argv).name
    if name is None:
        # A process for each: what one has loaded must not count for the next.
        return max(subprocess.call([sys.executable, "-m", "benchmarks", name]) for name in NAMES)
    importlib.import_module(f"benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main())
