"""SIGKILL at any moment leaves nothing that looks complete, and the next run completes it."""

import os
import signal
import subprocess
import sys
import time

import faces_on_disk as disk
import pytest
from test_convert import digests

KILLS = 10


def start(*arguments) -> subprocess.Popen:
    command = [sys.executable, "-m", "semblante", "convert", *map(str, arguments)]
    return subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.mark.slow
def test_killed_at_ten_moments(tmp_path):
    folder = disk.write_folder(tmp_path / "faces", disk.files(train=3_000, test=500))
    started = time.monotonic()
    assert start(folder, "--output", tmp_path / "whole").wait() == 0
    seconds = time.monotonic() - started
    whole, unfinished = digests(tmp_path / "whole"), 0
    for kill in range(KILLS):
        output = tmp_path / f"killed{kill}"
        job = start(folder, "--output", output)
        # Most of the time goes into imports: the last two thirds are when files are written.
        time.sleep(seconds * (0.35 + 0.65 * kill / KILLS))
        os.killpg(job.pid, signal.SIGKILL)
        job.wait()
        unfinished += not (output / "dataset.json").exists()
        if (output / "dataset.json").exists():
            assert digests(output) == whole
        else:
            assert start(folder, "--output", output).wait() == 0
            assert digests(output) == whole
    assert unfinished >= KILLS // 2
