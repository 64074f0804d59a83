"""Measures two ways of doing the same in turns, so that a busy machine is busy for both.

What counts is the ratio within each pair; medians and the spread tell how far to trust it.
"""

import os
import pathlib
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

_MIB = 1024  # ru_maxrss counts KiB


class Usage(NamedTuple):
    """What a command took."""

    cpu_s: float  # user and system, of the process and all its children
    wall_s: float
    peak_mib: float  # resident memory of the largest of its processes


class Command(NamedTuple):
    """A command to measure, and what to do before each run, which is not measured."""

    name: str
    arguments: Sequence[str]
    before: Callable[[], object] = lambda: None


class Pairs(NamedTuple):
    """One quantity, measured in turns."""

    ours: list[float]
    theirs: list[float]

    def ratios(self) -> list[float]:
        """Ours by theirs, pair by pair."""
        return [our / their for our, their in zip(self.ours, self.theirs, strict=True)]


def compare(title: str, ours: Command, theirs: Command, count: int = 5) -> dict[str, Pairs]:
    """Runs both once to warm up, then `count` times in turns; prints and returns what they took.

    Returns:
        The fields of `Usage` by name.
    """
    for command in (ours, theirs):
        measure(command)
    usages = [(measure(ours), measure(theirs)) for _ in range(count)]
    measured = {
        field: Pairs(
            [getattr(our, field) for our, _ in usages],
            [getattr(their, field) for _, their in usages],
        )
        for field in Usage._fields
    }
    print_table(title, (ours.name, theirs.name), measured)
    return measured


def measure(command: Command) -> Usage:
    """Runs a command to its end.

    Raises:
        RuntimeError: where it failed, or this process is so large that the command's memory cannot
            be told: Linux hands the peak of a parent on to its child.
    """
    command.before()
    with tempfile.TemporaryFile("w+") as output:
        started = time.monotonic()
        process = subprocess.Popen(command.arguments, stdout=output, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise RuntimeError(
                f"{command.name} exited with {process.returncode}: {output.read()[-2000:]}"
            )
    if used.ru_maxrss <= _own_peak_kib():
        raise RuntimeError(f"{command.name} takes less memory than what measures it: import less")
    return Usage(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / _MIB)


def _own_peak_kib() -> int:
    """The peak of this program alone; its ru_maxrss may be that of what started it."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0])


def print_table(title: str, names: tuple[str, str], measured: Mapping[str, Pairs]) -> None:
    """Prints a line for each quantity: median (least to most) of both, and of their ratios."""
    print(f"\n{title}\n{_circumstances()}")
    print(f"{'':<14}{names[0]:>26}{names[1]:>26}{'ratio':>24}")
    for quantity, pairs in measured.items():
        ours, theirs = (_spread(values, 1) for values in pairs)
        print(f"{quantity:<14}{ours:>26}{theirs:>26}{_spread(pairs.ratios(), 2):>24}")
    print(f"median (least to most) of {len(next(iter(measured.values())).ours)} pairs", flush=True)


def _spread(values: Sequence[float], digits: int) -> str:
    middle, least, most = statistics.median(values), min(values), max(values)
    return f"{middle:,.{digits}f} ({least:,.{digits}f} to {most:,.{digits}f})"


def _circumstances() -> str:
    now = time.strftime("%Y-%m-%d %H:%M")
    load = os.getloadavg()[0]
    return f"{now}, {os.cpu_count()} cores {platform.machine()}, load {load:.1f}"
