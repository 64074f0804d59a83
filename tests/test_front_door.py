"""`semblante JOB ...`: which job runs, what it says, and how it exits."""

import subprocess
import sys

import pytest

import semblante
from tfrecords.manifest import Manifest


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "semblante", *arguments], capture_output=True, text=True
    )


def test_help_lists_every_job(capsys):
    assert semblante.main(["--help"]) == 0
    text = capsys.readouterr().out
    assert [job for job in semblante.JOBS if f"\n  {job} " not in text] == []


def test_no_job_is_a_usage_error(capsys):
    assert semblante.main([]) == 2
    assert capsys.readouterr().out.startswith("usage: semblante JOB")


def test_unknown_job_names_the_known_ones(capsys):
    assert semblante.main(["covnert"]) == 2
    assert capsys.readouterr().err == (
        "semblante: error: unknown job 'covnert'; jobs are " + ", ".join(semblante.JOBS) + "\n"
    )


def test_version(capsys):
    assert semblante.main(["--version"]) == 0
    assert capsys.readouterr().out == f"semblante {semblante.__version__}\n"


def test_failed_job_says_why_in_one_line_and_exits_with_1(tmp_path):
    result = run("inspect", str(tmp_path))
    assert result.returncode == 1
    assert result.stderr.splitlines() == [
        f"semblante inspect: error: {tmp_path} is not a complete data set: it has no dataset.json; "
        "make one with `semblante convert SOURCE --output DATASET`"
    ]


@pytest.mark.parametrize("job", semblante.JOBS)
def test_every_job_explains_itself(job):
    result = run(job, "--help")
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith(f"usage: semblante {job}")
    assert result.stderr == ""


def test_reader_that_has_seen_enough_is_no_error(tmp_path):
    (tmp_path / "dataset.json").write_text(Manifest(examples={}, shards={}).to_json())
    job = subprocess.Popen(
        [sys.executable, "-m", "semblante", "inspect", str(tmp_path), "--output", "/dev/null"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    job.stdout.close()
    assert job.stderr.read() == b""
    assert job.wait() == 141
