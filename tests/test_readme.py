"""The README promises nothing that is not there."""

import importlib
import pathlib
import re
import shlex
import subprocess
import sys

import pyarrow.parquet as parquet
import pytest

from model.recipes import RECIPES
from pipelines import rows
from semblante import JOBS
from tfrecords.labels import LABELS

ROOT = pathlib.Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
SHELL = "".join(re.findall(r"```sh\n(.*?)```", README, re.S))
PYTHON = re.findall(r"```python\n(.*?)```", README, re.S)
COMMANDS = re.findall(r"^semblante (.+)$", SHELL, re.M)


def help_of(job: str, capsys) -> str:
    with pytest.raises(SystemExit):
        importlib.import_module(JOBS[job][0]).main(["--help"])
    return capsys.readouterr().out


@pytest.mark.parametrize("table", rows.COLUMNS)
def test_column_table_is_that_of_the_schema(table):
    lines = [
        f"| `{column.name}` | {column.type} | {'yes' if column.nullable else 'no'} "
        f"| {column.meaning} |"
        for column in rows.COLUMNS[table]
    ]
    shown = README.partition(f"\n`{table}/`: a row is")[2].partition("|---|---|---|---|\n")[2]
    assert shown.partition("\n\n")[0].split("\n") == lines


@pytest.mark.parametrize("command", COMMANDS)
def test_command_is_understood(command):
    from pipelines.options import beam_options

    job, *arguments = shlex.split(command)
    parsed = importlib.import_module(JOBS[job][0]).parse(arguments)
    if isinstance(parsed, tuple):  # A Beam job: what is not its own must be Beam's.
        beam_options(parsed[1], job)


def test_every_job_is_shown():
    assert {command.split()[0] for command in COMMANDS} | {"demo"} == set(JOBS)


def test_every_flag_named_in_the_text_exists(capsys):
    texts = "".join(help_of(job, capsys) for job in JOBS)
    known = set(re.findall(r"--[a-z][a-z-]+", texts)) | {"--runner"}
    named = set(re.findall(r"`(?:\w+ )?(--[a-z][a-z-]+)", README))
    assert named and named <= known


def test_every_network_and_label_is_named():
    assert all(f"`{name}`" in README for name in (*RECIPES, *LABELS))


def test_one_liners_on_the_tables_run(tmp_path):
    write_tables(tmp_path / "runs" / "tables")
    blocks = [block for block in PYTHON if "runs/tables" in block]
    assert {"duckdb", "pandas"} <= set(re.findall(r"import (\w+)", "".join(blocks)))
    printed = [run_python(block, tmp_path) for block in blocks]
    assert re.search(r"happy\s+│\s+2 │", printed[0])
    assert "a.png" in printed[1] and "no pixels" in printed[1]


def write_tables(folder: pathlib.Path) -> None:
    face = dict.fromkeys(LABELS, 0.0) | {"happy": 1.0, "emotion": "happy", "confidence": 1.0}
    face |= {"source": "faces.zip", "face": 0, "model": "fast-1"}
    failure = {"source": "faces.zip", "member": "c.png", "stage": "decode"}
    content = {
        "emotions": [face | {"member": member} for member in ("a.png", "b.png")],
        "failures": [failure | {"error": "FaceError", "message": "no pixels"}],
    }
    for table, found in content.items():
        (folder / table).mkdir(parents=True)
        parquet.write_table(rows.from_rows(table, found), folder / table / "part.parquet")


def run_python(code: str, folder: pathlib.Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_python_examples_compile_and_their_imports_exist():
    for block in PYTHON:
        compile(block, "README.md", "exec")
        for line in re.findall(r"^(?:import|from) .+$", block, re.M):
            exec(line, {})


@pytest.mark.parametrize("target", sorted(set(re.findall(r"(?:^|`)make (\w+)", README, re.M))))
def test_make_target_exists(target):
    makefile = (ROOT / "Makefile").read_text()
    assert re.search(rf"^{target}:", makefile, re.M)


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README))
def test_linked_file_exists(link):
    assert (ROOT / link).exists()


def test_tree_names_what_is_there():
    tree = README.partition("## The tree")[2].partition("Imports point down")[0]
    names = re.findall(r"^    (\S+)  ", tree, re.M)
    assert names and all((ROOT / name).exists() for name in names)
