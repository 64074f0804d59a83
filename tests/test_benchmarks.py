import os
import pathlib
import subprocess
import sys

import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import speedrun
from benchmarks.pairs import Command, Pairs, measure, print_table
from model.recipes import RECIPES
from pipelines import convert
from tfrecords.drawn_faces import write_face_folder

ROOT = pathlib.Path(__file__).parent.parent
# In a process of its own: measuring needs a small one, and that of the tests is large.
COMPARISON = """
import sys
from benchmarks.pairs import Command, compare

def log(text):
    open("log", "a").write(text)

ours, theirs = (
    Command(
        name,
        [sys.executable, "-c", f"x = b'x' * (1 << 26); open('log', 'a').write({name!r})"],
        before=lambda: log("-"),
    )
    for name in "ab"
)
measured = compare("a title", ours, theirs, count=2)
assert all(value > 0 for pairs in measured.values() for side in pairs for value in side)
"""


def command(code: str) -> Command:
    return Command("ours", [sys.executable, "-c", code])


def test_ratios_are_taken_pair_by_pair():
    assert Pairs([2.0, 9.0], [1.0, 3.0]).ratios() == [2.0, 3.0]


def test_table_shows_median_and_spread(capsys):
    print_table("a title", ("ours", "theirs"), {"images/s": Pairs([20, 30, 90], [10, 10, 10])})
    printed = capsys.readouterr().out
    assert "a title" in printed
    assert "30.0 (20.0 to 90.0)" in printed and "10.0 (10.0 to 10.0)" in printed
    assert "3.00 (2.00 to 9.00)" in printed
    assert "of 3 pairs" in printed


def test_failed_command_shows_what_it_said():
    with pytest.raises(RuntimeError, match="ours exited with 1: (?s:.)*no such luck"):
        measure(command("raise SystemExit('no such luck')"))


def test_memory_below_that_of_the_measuring_process_is_not_told():
    with pytest.raises(RuntimeError, match="ours takes less memory than what measures it"):
        measure(command("pass"))


def test_commands_run_in_turns_after_a_warm_up(tmp_path):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", COMPARISON],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "log").read_text() == "-a-b" + "-a-b" * 2
    for quantity in ("cpu_s", "wall_s", "peak_mib"):
        assert quantity in done.stdout


def test_unknown_benchmark_is_refused(capsys):
    with pytest.raises(SystemExit, match="2"):
        benchmarks.main(["speed"])
    assert "invalid choice: 'speed'" in capsys.readouterr().err


def test_speedrun_prints_a_line_for_each_seed(tmp_path, capsys):
    write_face_folder(tmp_path / "faces", {"train": 8, "test": 2}, seed=0)
    dataset = str(tmp_path / "dataset")
    assert convert.main([str(tmp_path / "faces"), "--output", dataset]) == 0
    capsys.readouterr()
    changes = ["--change", "epochs=1", "--change", "augmentation.mixup=0.2"]
    speedrun.main([dataset, "--seeds", "2", *changes])
    head, first, second, mean, spread, versions = capsys.readouterr().out.splitlines()
    assert head == "seed,accuracy,wall seconds,CPU seconds,images/s,GFLOP/s"
    assert [line.split(",")[0] for line in (first, second, mean)] == ["0", "1", "mean"]
    assert all(float(value) >= 0 for value in first.split(","))
    assert spread.startswith("standard deviation of the accuracy 0.")
    assert versions.startswith("tensorflow 2.")


def test_speedrun_changes_settings_of_the_recipe():
    changed = speedrun._changed(
        RECIPES["fast"], ["epochs=8", 'optimizer="momentum"', "augmentation.flip=false"]
    )
    assert (changed.epochs, changed.optimizer) == (8, "momentum")
    assert not changed.augmentation.flip
    assert changed.augmentation.zoom == RECIPES["fast"].augmentation.zoom
