"""Equal faces are found whatever shard reports them, and digests survive being packed."""

import pytest

from pipelines.digests import Digest, contents, pack, unpack
from pipelines.duplicates import Copy, find_copies, summarize
from tfrecords.hashing import content_digest


@pytest.fixture
def digests(examples):
    keys = ["train/caf\udce9.png", *(example.key for example in examples[1:])]
    return [
        Digest(content_digest(example.image), example.label, key)
        for example, key in zip(examples, keys, strict=True)
    ]


def test_packing_keeps_every_digest(digests):
    packed = pack(digests).values()
    assert sorted(digest for bucket in packed for digest in unpack(bucket)) == sorted(digests)
    assert sorted(one for bucket in packed for one in contents(bucket)) == sorted(
        digest.content for digest in digests
    )


def test_equal_contents_meet_in_one_bucket(digests):
    (first,) = pack(digests[:1])
    (again,) = pack([digests[0]._replace(key="other")])
    assert first == again


def copies_of(*shards: tuple[str, list[Digest]]) -> list[list[Copy]]:
    batches = [(split, packed) for split, shard in shards for packed in pack(shard).values()]
    return find_copies(batches)


def test_copies_stand_in_the_order_of_splits_and_keys(digests):
    first = digests[3]
    groups = copies_of(
        ("test", [first._replace(key="t")]),
        ("train", [first._replace(key="b"), digests[4]]),
        ("train", [first._replace(key="a", label=5)]),
    )
    assert groups == [
        [Copy("train", "a", "sad"), Copy("train", "b", "happy"), Copy("test", "t", "happy")]
    ]


def test_summary_names_redundant_conflicting_and_leaked(digests):
    first, second = digests[3], digests[4]
    summary = summarize(
        copies_of(
            ("train", [first._replace(key="b"), first._replace(key="a", label=5)]),
            ("test", [first._replace(key="t"), second._replace(key="u")]),
            ("validation", [second._replace(key="v")]),
        )
    )
    assert summary == {
        "redundant": ["b", "t", "u"],
        "conflicting_labels": [{"a": "sad", "b": "happy", "t": "happy"}],
        "leaked_from_test_into_train": ["t"],
        "leaked_from_validation_into_train": [],
    }


def test_no_copies(digests):
    assert copies_of(("train", digests)) == []
    assert not any(summarize([]).values())
