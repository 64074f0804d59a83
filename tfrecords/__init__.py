"""The data contract: what a labelled face is, and how it is written and read.

`tfrecords.reading` needs TensorFlow and is imported by name where tensors are made.
"""

from .errors import JobError as JobError
from .faces import FaceError as FaceError
from .faces import face_from_bytes as face_from_bytes
from .labels import LABELS as LABELS
from .labels import UnknownLabel as UnknownLabel
from .labels import parse_label as parse_label
from .manifest import Manifest as Manifest
from .schema import FACE_SHAPE as FACE_SHAPE
from .schema import FINGERPRINT as FINGERPRINT
from .schema import ContractMismatch as ContractMismatch
from .schema import FaceExample as FaceExample
from .splits import SPLITS as SPLITS
