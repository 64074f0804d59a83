"""What the distribution holds, and that its import names are its own."""

import importlib.metadata
import pathlib
import re

import semblante

ROOT = pathlib.Path(__file__).parent.parent
NAMES = ("tfrecords", "model", "pipelines", "semblante")


def test_import_names_belong_to_this_distribution_alone():
    owners = importlib.metadata.packages_distributions()
    # An editable install registers no packages: nobody else may.
    assert {name: set(owners.get(name, [])) - {"semblante"} for name in NAMES} == dict.fromkeys(
        NAMES, set()
    )


def test_version_is_the_distributions():
    assert importlib.metadata.version("semblante") == semblante.__version__


def test_every_package_folder_is_a_package():
    for room in ("tfrecords", "model", "pipelines"):
        folders = {path.parent for path in (ROOT / room).rglob("*.py")}
        assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_lock_file_pins_every_declared_requirement_with_hashes():
    lock = (ROOT / "requirements.lock").read_text()
    pinned = set(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==\S+ \\\n    --hash=sha256:", lock, re.M))
    declared = {
        re.match(r"[A-Za-z0-9-]+", requirement)[0].lower()
        for requirement in importlib.metadata.requires("semblante")
    }
    assert declared - pinned == set()
