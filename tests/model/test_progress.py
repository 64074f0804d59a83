"""What is said while training."""

import logging

import pytest

from model import progress
from model.history import EpochRow
from model.progress import Progress

_ROW = EpochRow(1, 1.5, 0.25, 1.25, 0.5, 100.0, 2.0, 0.1)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is set."""
    seconds = [1_000.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: seconds[0])
    return seconds


def _scores():
    return 1.25, 0.5


def test_a_line_every_thirty_seconds(clock, caplog):
    shown = Progress(epochs=2, examples=10_000, terminal=False)
    shown.start_epoch(1, 0)
    with caplog.at_level(logging.INFO):
        for _ in range(70):
            clock[0] += 1
            shown.show(int(clock[0] - 1_000) * 100, _scores)
    assert caplog.messages == [
        "epoch 1/2: 3000 of 10000 images, loss 1.2500, accuracy 0.500, 100 images/s, 2 min left",
        "epoch 1/2: 6000 of 10000 images, loss 1.2500, accuracy 0.500, 100 images/s, 2 min left",
    ]


def test_scores_are_not_asked_for_in_between(clock):
    shown = Progress(epochs=1, examples=10, terminal=False)
    shown.start_epoch(1, 0)
    shown.show(5, lambda: pytest.fail("asked"))


def test_speed_of_a_resumed_epoch_counts_what_this_run_did(clock, caplog):
    shown = Progress(epochs=1, examples=10_000, terminal=False)
    shown.start_epoch(1, 4_000)
    clock[0] += 30
    with caplog.at_level(logging.INFO):
        shown.show(7_000, _scores)
    assert "7000 of 10000 images" in caplog.text and "100 images/s, 30 s left" in caplog.text


def test_a_line_an_epoch(caplog):
    shown = Progress(epochs=2, examples=18_000, terminal=False)
    shown.start_epoch(1, 0)
    with caplog.at_level(logging.INFO):
        shown.end_epoch(_ROW)
        shown.end_epoch(_ROW._replace(epoch=2, validation_loss=None, validation_accuracy=None))
    assert caplog.messages == [
        "epoch 1/2 done: loss 1.5000 accuracy 0.250, validation loss 1.2500 accuracy 0.500, "
        "100 images/s, 3 min left",
        "epoch 2/2 done: loss 1.5000 accuracy 0.250, 100 images/s, 0 s left",
    ]


def test_bar_on_a_terminal(clock, capsys):
    shown = Progress(epochs=3, examples=200, terminal=True)
    shown.start_epoch(2, 0)
    clock[0] += 1
    shown.show(100, _scores)
    shown.end_epoch(_ROW)
    bar = capsys.readouterr().err
    assert "epoch 2/3" in bar
    assert "100/200" in bar and "loss=1.2500" in bar and "accuracy=0.500" in bar


@pytest.mark.parametrize(
    "seconds, words", [(0.4, "0 s"), (59.9, "59 s"), (61, "1 min"), (3_900, "1 h 05 min")]
)
def test_duration(seconds, words):
    assert progress.duration(seconds) == words
