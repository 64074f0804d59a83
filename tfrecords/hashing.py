"""Salted hashes that give every image its place, on any runner and any number of workers.

BLAKE2b is in the standard library of every supported Python, seeded by its key and not by the
process (unlike `hash`). Changing a salt moves every image: new bytes for every data set, and the
golden files with them.
"""

import hashlib

import numpy as np

_SHARD_SALT = "semblante shard 1"
_ORDER_SALT = "semblante order 1"


def stable_hash(key: str, salt: str) -> int:
    """Returns a 64-bit unsigned hash of `key`, the same on every machine."""
    digest = hashlib.blake2b(
        key.encode("utf-8", "surrogateescape"), digest_size=8, key=salt.encode()
    )
    return int.from_bytes(digest.digest(), "big")


def shard_of(key: str, shards: int) -> int:
    """Returns the shard in [0, shards) that holds `key`."""
    return stable_hash(key, _SHARD_SALT) % shards


def order_of(key: str) -> int:
    """Returns the sort key of `key` within its shard."""
    return stable_hash(key, _ORDER_SALT)


def unit_interval(key: str, salt: str) -> float:
    """Returns a number in [0, 1), evenly spread over keys."""
    return (stable_hash(key, salt) >> 11) / (1 << 53)  # 53 bits: all that a float holds


def content_digest(face: np.ndarray) -> bytes:
    """Returns 16 bytes that are equal exactly for faces (uint8) with equal pixels."""
    return hashlib.blake2b(face.tobytes(), digest_size=16).digest()
