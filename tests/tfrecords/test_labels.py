import pytest

from tfrecords.labels import LABELS, UnknownLabel, parse_label


def test_labels_and_their_order_never_drift():
    assert LABELS == ("angry", "disgust", "fear", "happy", "neutral", "sad", "surprise")


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("angry", "angry"),
        ("Angry", "angry"),
        (" HAPPY ", "happy"),
        ("happiness", "happy"),
        ("anger", "angry"),
        ("surprised", "surprise"),
        ("fearful", "fear"),
        ("sadness", "sad"),
        ("disgusted", "disgust"),
        # The digits of fer2013.csv, whose order is not ours.
        ("0", "angry"),
        ("1", "disgust"),
        ("2", "fear"),
        ("3", "happy"),
        ("4", "sad"),
        ("5", "surprise"),
        ("6", "neutral"),
    ],
)
def test_alias_becomes_its_label(name, label):
    assert parse_label(name) == label


@pytest.mark.parametrize("name", ["", "7", "contempt", "hapy"])
def test_unknown_name_is_refused_with_what_is_accepted(name):
    with pytest.raises(UnknownLabel, match=f"unknown class '{name}'; accepted are angry, disgust,"):
        parse_label(name)
