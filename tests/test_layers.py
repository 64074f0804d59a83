"""Imports point down only: tfrecords < model < pipelines < the front door."""

import ast
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parent.parent
FORBIDDEN = {
    "tfrecords": {"model", "pipelines", "semblante", "apache_beam", "keras"},
    "model": {"pipelines", "semblante", "apache_beam"},
    "pipelines": {"semblante"},
}
# Where a heavy package or an upper room may be imported at all.
ONLY_IN = {
    ("tfrecords", "tensorflow"): {"tfrecords/reading.py"},
    ("pipelines", "tensorflow"): set(),
    ("pipelines", "keras"): set(),
    ("pipelines", "model"): {"pipelines/inference.py"},
}


def imports(path: pathlib.Path) -> set[str]:
    """Returns the top-level names that a file imports, anywhere in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("room", FORBIDDEN)
def test_no_import_points_up(room):
    upward = {
        (str(path.relative_to(ROOT)), name)
        for path in (ROOT / room).rglob("*.py")
        for name in imports(path) & FORBIDDEN[room]
    }
    assert upward == set()


@pytest.mark.parametrize(("room", "package"), ONLY_IN)
def test_package_is_imported_only_where_it_belongs(room, package):
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / room).rglob("*.py")
        if package in imports(path)
    }
    assert found <= ONLY_IN[room, package]


@pytest.mark.parametrize(
    "module",
    [
        "semblante",
        "tfrecords",
        "tfrecords.inspection",
        "model",
        "model.train",
        "model.evaluate",
        "model.compare",
        "model.explain",
        "pipelines",
        "pipelines.convert",
        "pipelines.score",
        "pipelines.report.job",
        "pipelines.demo",
    ],
)
def test_importing_a_job_is_cheap(module):
    heavy = "{'tensorflow', 'keras', 'apache_beam', 'matplotlib', 'pyarrow'}"
    code = f"import sys, {module}; sys.exit(str({heavy} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert result.stderr.strip() == "set()"
