"""What is kept, what is taken up, what is refused."""

import pytest
import tensorflow as tf

from model.checkpoints import Checkpoints
from tfrecords.errors import JobError


def _keeper(output) -> tuple[Checkpoints, tf.Variable]:
    value = tf.Variable(0)
    return Checkpoints(str(output), {"value": value}), value


def _save(output, *saves: tuple[int, bool]) -> None:
    keeper, value = _keeper(output)
    for step, end_of_epoch in saves:
        value.assign(step)
        keeper.save(step, end_of_epoch=end_of_epoch)


@pytest.mark.parametrize(
    "saves, last_step, expected",
    [
        ([], 100, 0),
        ([(10, True)], 100, 10),
        ([(10, True), (20, True)], 100, 20),
        ([(10, True), (13, False)], 100, 13),
        ([(10, True), (13, False)], 10, 10),
        ([(10, True), (13, False), (16, False)], 10, 10),
        ([(10, True), (13, False), (20, True)], 100, 20),
    ],
)
def test_takes_up_the_newest_that_is_not_too_new(tmp_path, saves, last_step, expected):
    _save(tmp_path, *saves)
    keeper, value = _keeper(tmp_path)
    assert keeper.restore(last_step) == expected
    assert int(value) == expected


def test_keeps_one_of_each_kind(tmp_path):
    _save(tmp_path, (10, True), (13, False), (16, False), (20, True), (23, False))
    names = sorted(path.name for path in tmp_path.glob("checkpoints/*/*.index"))
    assert names == ["step-20.index", "step-23.index"]


def test_refuses_to_go_back_past_what_is_kept(tmp_path):
    _save(tmp_path, (10, True), (20, True))
    with pytest.raises(JobError, match="its checkpoint is at step 20, --epochs asks for 10 steps"):
        _keeper(tmp_path)[0].restore(10)
