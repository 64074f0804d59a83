"""history.csv."""

import pytest

from model import history
from model.history import EpochRow, History

_ROW = EpochRow(1, 1.84327891, 0.3207, None, None, 109.027, 263.319, 9.99551e-05)


def test_file_content(tmp_path):
    log = History(str(tmp_path), 0)
    log.add(_ROW)
    log.add(_ROW._replace(epoch=2, validation_loss=1.5, validation_accuracy=0.25))
    assert (tmp_path / "history.csv").read_text() == (
        "epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,"
        "images_per_second,seconds,learning_rate\n"
        "1,1.84328,0.3207,,,109.027,263.319,9.99551e-05\n"
        "2,1.84328,0.3207,1.5,0.25,109.027,263.319,9.99551e-05\n"
    )


def test_resumed_run_keeps_the_rows_it_does_not_repeat(tmp_path):
    log = History(str(tmp_path), 0)
    for epoch in (1, 2, 3):
        log.add(_ROW._replace(epoch=epoch))
    resumed = History(str(tmp_path), 2)
    resumed.add(_ROW._replace(epoch=3, train_loss=9.0))
    rows = history.read(str(tmp_path))
    assert [(row.epoch, row.train_loss) for row in rows] == [
        (1, pytest.approx(1.84328)),
        (2, pytest.approx(1.84328)),
        (3, 9.0),
    ]
    assert rows[0].validation_loss is None


def test_no_file_no_rows(tmp_path):
    assert history.read(str(tmp_path)) == []


def test_remove_deletes_both_logs(tmp_path):
    History(str(tmp_path), 0).add(_ROW)
    history.remove(str(tmp_path))
    assert list(tmp_path.iterdir()) == []
    history.remove(str(tmp_path))  # Nothing left: fine.
