"""CPU and memory of converting a folder of images, beside a plain script.

The plain script walks the folder, decodes each image by Pillow to see that it is one, and writes
the same records into one file: no shards, no hash order, no report of what failed. Each runs in a
process of its own. Start-up (imports, building the graph) is what seven images take, measured
beside each run and subtracted; memory is that of the whole process.

python -m benchmarks.convert --images 360000 shows whether memory grows with the data.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import tempfile

from benchmarks.pairs import Command, Pairs, measure, print_table

_FEW = 7  # images, one of each class: all that starting up needs


def main(rounds: int = 5, images: int = 35_887) -> None:
    """Measures `rounds` pairs, without and with the search for duplicates."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        _write_images(folder / "large", images)
        _write_images(folder / "small", _FEW)
        for title, flags in (
            ("without the search for duplicates", ["--no-duplicates"]),
            ("with the search for duplicates", []),
        ):
            turns = [_turn(folder, flags) for _ in range(rounds)]
            columns = [list(column) for column in zip(*turns, strict=True)]
            print_table(
                f"converting a folder of {images:,} JPEG files {title}",
                ("semblante convert", "plain script"),
                {
                    "cpu_s": Pairs(columns[0], columns[1]),
                    "start-up cpu_s": Pairs(columns[2], columns[3]),
                    "peak_mib": Pairs(columns[4], columns[5]),
                },
            )


def _turn(folder: pathlib.Path, flags: list[str]) -> tuple[float, ...]:
    """Returns CPU without start-up, start-up, and peak memory: ours and theirs of each."""
    usages = [
        [measure(command(folder / size, folder, flags)) for size in ("small", "large")]
        for command in (_ours, _theirs)
    ]
    (our_start, ours), (their_start, theirs) = usages
    return (
        ours.cpu_s - our_start.cpu_s,
        theirs.cpu_s - their_start.cpu_s,
        our_start.cpu_s,
        their_start.cpu_s,
        ours.peak_mib,
        theirs.peak_mib,
    )


def _ours(source: pathlib.Path, folder: pathlib.Path, flags: list[str]) -> Command:
    output = folder / "dataset"
    command = [sys.executable, "-m", "semblante", "convert", str(source), "--output", str(output)]
    return Command(
        "semblante convert", [*command, *flags], lambda: shutil.rmtree(output, ignore_errors=True)
    )


def _theirs(source: pathlib.Path, folder: pathlib.Path, flags: list[str]) -> Command:
    del flags
    output = str(folder / "plain.tfrecord")
    command = [sys.executable, "-m", "benchmarks.plain_convert", str(source), output]
    return Command("plain script", command)


def _write_images(folder: pathlib.Path, count: int) -> None:
    command = [sys.executable, "-m", "benchmarks.image_folder", str(folder), str(count)]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser("python -m benchmarks.convert")
    parser.add_argument("--images", type=int, default=35_887, help="Number of images.")
    parser.add_argument("--rounds", type=int, default=5, help="Number of pairs.")
    arguments = parser.parse_args()
    main(arguments.rounds, arguments.images)
