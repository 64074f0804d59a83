"""What is kept, what is taken up, what is refused."""

import dataclasses

import pytest
import tensorflow as tf

from model import checkpoints
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


def test_run_record_round_trip(make_dataset, tiny_config, tmp_path, read_run):
    output, dataset = str(tmp_path / "out"), make_dataset(train=3)
    assert not checkpoints.exists(output)
    checkpoints.begin(output, tiny_config, dataset)
    assert checkpoints.exists(output)
    assert checkpoints.recorded_config(output) == tiny_config
    assert read_run(output)["dataset"] == dataset
    checkpoints.check_same_run(output, tiny_config, dataset)
    checkpoints.remove(output)
    assert not checkpoints.exists(output)


def test_other_settings_are_refused_with_both_sides(make_dataset, tiny_config, tmp_path):
    output, dataset = str(tmp_path / "out"), make_dataset(train=3)
    checkpoints.begin(output, tiny_config, dataset)
    other = dataclasses.replace(tiny_config, batch_size=8, precision="bfloat16", epochs=1)
    with pytest.raises(JobError) as refused:
        checkpoints.check_same_run(output, other, dataset)
    assert str(refused.value) == (
        f"the run in {output} was started with other settings (there / here): batch_size 32 / 8; "
        "precision float32 / bfloat16; resume with the same, or start anew with --overwrite"
    )


def test_other_data_is_refused_with_both_sides(make_dataset, tiny_config, tmp_path):
    output, dataset = str(tmp_path / "out"), make_dataset(train=3)
    other = make_dataset("other", train=4)
    checkpoints.begin(output, tiny_config, dataset)
    with pytest.raises(JobError, match=f"data set {dataset} / {other}, which has other content"):
        checkpoints.check_same_run(output, tiny_config, other)


def test_moved_data_is_the_same_data(make_dataset, tiny_config, tmp_path):
    output = str(tmp_path / "out")
    checkpoints.begin(output, tiny_config, make_dataset("here", train=3))
    checkpoints.check_same_run(output, tiny_config, make_dataset("there", train=3))


def test_damaged_record_is_one_line(tiny_config, tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "run.json").write_text("{")
    with pytest.raises(JobError, match="cannot read .*run.json.*start anew with --overwrite"):
        checkpoints.recorded_config(str(tmp_path))
