"""What a run says it trains, and what is refused on resuming it."""

import dataclasses

import pytest

from model import run_record
from tfrecords.errors import JobError


def test_run_record_round_trip(make_dataset, tiny_config, tmp_path, read_run):
    output, dataset = str(tmp_path / "out"), make_dataset(train=3)
    assert not run_record.exists(output)
    run_record.begin(output, tiny_config, dataset)
    assert run_record.exists(output)
    assert run_record.recorded_config(output) == tiny_config
    assert read_run(output)["dataset"] == dataset
    run_record.check_same_run(output, tiny_config, dataset)


def test_other_settings_are_refused_with_both_sides(make_dataset, tiny_config, tmp_path):
    output, dataset = str(tmp_path / "out"), make_dataset(train=3)
    run_record.begin(output, tiny_config, dataset)
    other = dataclasses.replace(tiny_config, batch_size=8, precision="bfloat16", epochs=1)
    with pytest.raises(JobError) as refused:
        run_record.check_same_run(output, other, dataset)
    assert str(refused.value) == (
        f"the run in {output} was started with other settings (there / here): batch_size 32 / 8; "
        "precision float32 / bfloat16; resume with the same, or start anew with --overwrite"
    )


def test_other_data_is_refused_with_both_sides(make_dataset, tiny_config, tmp_path):
    output, dataset = str(tmp_path / "out"), make_dataset(train=3)
    other = make_dataset("other", train=4)
    run_record.begin(output, tiny_config, dataset)
    with pytest.raises(JobError, match=f"data set {dataset} / {other}, which has other content"):
        run_record.check_same_run(output, tiny_config, other)


def test_moved_data_is_the_same_data(make_dataset, tiny_config, tmp_path):
    output = str(tmp_path / "out")
    run_record.begin(output, tiny_config, make_dataset("here", train=3))
    run_record.check_same_run(output, tiny_config, make_dataset("there", train=3))


def test_damaged_record_is_one_line(tiny_config, tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints" / "run.json").write_text("{")
    with pytest.raises(JobError, match="cannot read .*run.json.*start anew with --overwrite"):
        run_record.recorded_config(str(tmp_path))
