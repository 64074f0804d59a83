"""Names of shard files: formatted and parsed here only."""

import re
from typing import NamedTuple

from .splits import SPLITS

_PATTERN = re.compile(rf"({'|'.join(SPLITS)})-(\d{{5,}})-of-(\d{{5,}})\.tfrecord")


class ShardName(NamedTuple):
    """The parts of a shard's file name."""

    split: str
    shard: int  # in [0, shards)
    shards: int


def shard_name(split: str, shard: int, shards: int) -> str:
    """Returns the file name of a shard, such as `train-00000-of-00016.tfrecord`."""
    if not 0 <= shard < shards:
        raise ValueError(f"shard {shard} is outside [0, {shards})")
    return f"{split}-{shard:05d}-of-{shards:05d}.tfrecord"


def parse_shard_name(name: str) -> ShardName | None:
    """Returns the parts of a shard's file name, or None where `name` is not one."""
    match = _PATTERN.fullmatch(name)
    return ShardName(match[1], int(match[2]), int(match[3])) if match else None
