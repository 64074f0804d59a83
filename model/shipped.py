"""The bundles that come with the package, by name."""

import os

NAMES = ("fast", "accurate")
DEFAULT = "fast"
_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shipped_bundles")


def path_of(name: str) -> str | None:
    """The folder of a shipped bundle; None for another name."""
    return os.path.join(_FOLDER, name) if name in NAMES else None
