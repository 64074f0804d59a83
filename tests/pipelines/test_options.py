"""Flags for Beam: known ones pass, others are refused by name."""

import pytest
from apache_beam.options.pipeline_options import (
    DirectOptions,
    GoogleCloudOptions,
    SetupOptions,
    StandardOptions,
)

from pipelines.options import beam_options, is_local


@pytest.mark.parametrize("flags", [[], ["--runner=DirectRunner"], ["--runner=FnApiRunner"]])
def test_local_runs_never_depend_on_the_network(flags):
    options = beam_options(flags, "convert")
    assert options.view_as(StandardOptions).runner == "FnApiRunner"
    assert is_local(options)


def test_other_runners_and_their_flags_pass():
    flags = ["--runner=DataflowRunner", "--project=p", "--region=europe-west1"]
    options = beam_options(flags, "convert")
    assert not is_local(options)
    assert options.view_as(GoogleCloudOptions).project == "p"


def test_flags_keep_their_types():
    flags = ["--direct_num_workers=2", "--direct_running_mode=multi_processing"]
    view = beam_options(flags, "convert").view_as(DirectOptions)
    assert (view.direct_num_workers, view.direct_running_mode) == (2, "multi_processing")


def test_main_session_is_never_pickled():
    assert not beam_options([], "convert").view_as(SetupOptions).save_main_session


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--direct_num_wrkers=2", "knows --direct_num_wrkers; did you mean --direct_num_workers?"),
        ("--zzz", "error: neither this job nor Beam knows --zzz\n"),
        ("stray", "error: neither this job nor Beam knows stray\n"),
        ("--direct_running_mode=multi_threading", "loses records in Beam 2.77"),
        ("--direct_num_workers=two", "invalid int value: 'two'"),
    ],
)
def test_wrong_flag_is_one_usage_error(capsys, flag, message):
    with pytest.raises(SystemExit, match="2"):
        beam_options([flag], "convert")
    printed = capsys.readouterr().err
    assert message in printed and len(printed.splitlines()) == 2
