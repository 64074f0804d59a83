"""Writes tests/golden anew. Run it only when a format was meant to change, and read the diff.

python tests/regenerate_golden.py
"""

import json
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE / "pipelines"))

import faces_on_disk as disk  # noqa: E402  found through the line above
import test_convert  # noqa: E402


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = disk.write_folder(pathlib.Path(scratch, "faces"), disk.files())
        output = pathlib.Path(scratch, "D")
        test_convert.convert_to(output, folder, "--shards", "3")
        golden = json.dumps(test_convert.digests(output), indent=1)
    (HERE / "golden" / "convert.json").write_text(golden + "\n")


if __name__ == "__main__":
    main()
