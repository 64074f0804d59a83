"""Names of shard files: formatted and parsed here only."""

import re
from typing import NamedTuple

from .splits import SPLITS

_PATTERN = re.compile(rf"({'|'.join(SPLITS)})-(\d{{5,}})-of-(\d{{5,}})\.tfrecord")


class ShardName(NamedTuple):
    """The parts of a shard's file name."""

    split: str
    index: int  # in [0, count)
    count: int


def shard_name(split: str, index: int, count: int) -> str:
    """Returns the file name of a shard, such as `train-00000-of-00016.tfrecord`."""
    if not 0 <= index < count:
        raise ValueError(f"shard index {index} is outside [0, {count})")
    return f"{split}-{index:05d}-of-{count:05d}.tfrecord"


def parse_shard_name(name: str) -> ShardName | None:
    """Returns the parts of a shard's file name, or None where `name` is not one."""
    match = _PATTERN.fullmatch(name)
    return ShardName(match[1], int(match[2]), int(match[3])) if match else None
