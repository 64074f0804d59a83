"""CPU of scoring a zip of 30,000 faces, beside a plain loop.

Ours is the whole job: Beam, failures, ledger, three Parquet tables. The plain loop is what a user
would write: zipfile, Pillow, `predict_on_batch` of 256 faces, probabilities kept in a list; it
skips no broken file and writes nothing. Both run in turns and in one process. Start-up is left
out: of the loop, imports and loading the model; of ours the same, by what a zip of 256 faces takes
(building the pipeline and loading the bundle, measured right before each run and subtracted).
"""

import contextlib
import io
import pathlib
import tempfile
import time
import zipfile
from collections.abc import Callable

import numpy as np
from PIL import Image

from benchmarks.pairs import Pairs, print_table
from tfrecords import quiet

_BATCH = 256
_CELLS = 12  # random cells a side: noise that compresses about as faces do


def main(rounds: int = 5, faces: int = 30_000, network: str = "fast") -> None:
    """Measures `rounds` pairs of scoring `faces` faces with a network of random weights."""
    quiet.import_tensorflow()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        large = _write_zip(folder / "large.zip", faces)
        small = _write_zip(folder / "small.zip", _BATCH)
        predict = _write_bundle(folder / "bundle", network)
        _score(small, folder / "bundle"), _plain_loop(small, predict)
        pairs = [
            (
                -_cpu_s(lambda: _score(small, folder / "bundle"))
                + _cpu_s(lambda: _score(large, folder / "bundle")),
                _cpu_s(lambda: _plain_loop(large, predict)),
            )
            for _ in range(rounds)
        ]
    print_table(
        f"scoring a zip of {faces:,} faces with the network {network}, start-up excluded",
        ("semblante score", "plain loop"),
        {"cpu_s": Pairs(*map(list, zip(*pairs, strict=True)))},
    )


def _cpu_s(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _write_zip(path: pathlib.Path, faces: int) -> pathlib.Path:
    generator = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(faces):
            cells = generator.integers(0, 256, (_CELLS, _CELLS), dtype=np.uint8)
            file = io.BytesIO()
            Image.fromarray(cells).resize((48, 48), Image.Resampling.BICUBIC).save(file, "PNG")
            archive.writestr(f"faces/{number:06}.png", file.getvalue())
    return path


def _write_bundle(path: pathlib.Path, name: str) -> Callable[[np.ndarray], np.ndarray]:
    """Writes a bundle, and returns what plain Keras predicts with."""
    from model import bundle, export, networks
    from model.recipes import RECIPES

    network = networks.build(name)
    generator = np.random.default_rng(0)
    faces = generator.integers(0, 256, (256, 48, 48, 1), dtype=np.uint8)
    inference = export.to_int8(network, faces)
    training = {"examples": {}, "epochs": 0}
    bundle.save(str(path), network, inference, config=RECIPES[name], metrics={}, training=training)
    return network.predict_on_batch


def _score(source: pathlib.Path, bundle: pathlib.Path) -> None:
    from pipelines import score

    with tempfile.TemporaryDirectory() as tables, contextlib.redirect_stdout(io.StringIO()):
        score.main([str(source), "--output", tables, "--model", str(bundle)])


def _plain_loop(
    source: pathlib.Path, predict: Callable[[np.ndarray], np.ndarray]
) -> list[np.ndarray]:
    probabilities, batch = [], []
    with zipfile.ZipFile(source) as archive:
        for name in archive.namelist():
            with archive.open(name) as file:
                batch.append(np.asarray(Image.open(file).convert("L"))[..., None])
            if len(batch) == _BATCH:
                probabilities.append(predict(np.stack(batch)))
                batch = []
    if batch:
        probabilities.append(predict(np.stack(batch)))
    return probabilities
