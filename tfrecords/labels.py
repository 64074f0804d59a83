"""The seven emotions, in the one order that every data set, model and table uses."""

LABELS = ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")

# The digits of the `emotion` column of fer2013.csv (Goodfellow et al. 2013, arXiv:1307.0414).
_FER2013_DIGITS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

# Spellings met in published data sets (AffectNet, CK+, RAF-DB, JAFFE, Kaggle's FER2013 folders).
_ALIASES = {
    "anger": "angry",
    "disgusted": "disgust",
    "fearful": "fear",
    "afraid": "fear",
    "happiness": "happy",
    "joy": "happy",
    "neutrality": "neutral",
    "sadness": "sad",
    "surprised": "surprise",
} | {str(digit): label for digit, label in enumerate(_FER2013_DIGITS)}


class UnknownLabel(ValueError):
    """A class name that is neither a label nor a known alias."""


def parse_label(name: str) -> str:
    """Returns the label that a class folder or CSV field names, whatever its case.

    Raises:
        UnknownLabel: naming what was got and everything that is accepted.
    """
    folded = name.strip().lower()
    if folded in LABELS:
        return folded
    if folded in _ALIASES:
        return _ALIASES[folded]
    raise UnknownLabel(f"unknown class {name!r}; accepted are {accepted_names()}")


def accepted_names() -> str:
    """Describes what `parse_label` takes, for error messages and help texts."""
    aliases = ", ".join(f"{alias} ({label})" for alias, label in _ALIASES.items())
    return f"{', '.join(LABELS)}, or {aliases}"
