import pytest

from tfrecords.labels import LABELS
from tfrecords.schema import FINGERPRINT, ContractMismatch, check_contract


def test_fingerprint_never_drifts_by_accident():
    # A change of labels, face size, fields or preprocessing must change it, and this line with it.
    assert FINGERPRINT == "28908b15ffe21e97"


def test_our_own_contract_is_accepted():
    check_contract(list(LABELS), FINGERPRINT, "dataset.json")


def test_other_order_of_labels_is_refused_with_both_shown():
    swapped = ["disgust", "angry", *LABELS[2:]]
    with pytest.raises(
        ContractMismatch,
        match="d.json has the labels disgust, angry, fear.*expects angry, disgust, fear.*make it",
    ):
        check_contract(swapped, FINGERPRINT, "d.json")


def test_other_fingerprint_is_refused_with_both_shown():
    with pytest.raises(ContractMismatch, match=f"fingerprint beef;.*expects {FINGERPRINT}"):
        check_contract(LABELS, "beef", "d.json")
