"""What one example is: the table that drives the writer and the reader."""

import hashlib
import json
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .errors import JobError
from .labels import LABELS

SCHEMA_VERSION = 1
FACE_SHAPE = (48, 48, 1)  # height, width, channels; gray uint8

# Raise it when `faces` turns the same bytes into other pixels: models trained before no longer fit.
PREPROCESSING_VERSION = 1


class FaceExample(NamedTuple):
    """One labelled face."""

    image: np.ndarray  # uint8 [48, 48, 1]
    label: int  # index into LABELS
    key: str  # stable id of the source image


class Feature(NamedTuple):
    """How one field of `FaceExample` is stored in a tf.train.Example."""

    name: str
    kind: str  # "bytes" (one raw value) or "int64" (one value)


FEATURES = (Feature("image", "bytes"), Feature("label", "int64"), Feature("key", "bytes"))


_CURE = "make it anew with this version"


class ContractMismatch(JobError):
    """A data set or model was made under another contract than this software's."""


def _fingerprint() -> str:
    contract = {
        "labels": LABELS,
        "face": FACE_SHAPE,
        "features": FEATURES,
        "preprocessing": PREPROCESSING_VERSION,
    }
    return hashlib.sha256(json.dumps(contract, sort_keys=True).encode()).hexdigest()[:16]


FINGERPRINT = _fingerprint()


def check_contract(labels: Sequence[str], fingerprint: str, where: str) -> None:
    """Raises `ContractMismatch` unless labels and fingerprint, read from `where`, are ours."""
    if tuple(labels) != LABELS:
        raise ContractMismatch(
            f"{where} has the labels {', '.join(labels)}; "
            f"this version expects {', '.join(LABELS)}, in this order: {_CURE}"
        )
    if fingerprint != FINGERPRINT:
        raise ContractMismatch(
            f"{where} has the contract fingerprint {fingerprint}; this version expects "
            f"{FINGERPRINT} (labels, face size or preprocessing differ): {_CURE}"
        )
