"""Images/s of training the reference network, beside plain Keras.

Ours reads TFRecords and trains in the precision that `--precision auto` chooses. Plain Keras is
what a user would write: `image_dataset_from_directory`, stock layers, float32, `compile` and `fit`.
Both train whole epochs over the same faces, in turns and in one process. Start-up (imports,
tracing, a first epoch of each) is left out.
"""

import contextlib
import io
import pathlib
import tempfile
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from benchmarks.pairs import Pairs, print_table
from tfrecords import quiet
from tfrecords.drawn_faces import write_face_folder
from tfrecords.labels import LABELS

if TYPE_CHECKING:
    import keras

_BATCH = 64


def main(rounds: int = 5, per_class: int = 256) -> None:
    """Measures `rounds` epochs of each over `per_class` faces of each label."""
    quiet.import_tensorflow()
    images = per_class * len(LABELS)
    with tempfile.TemporaryDirectory() as folder:
        faces, dataset = pathlib.Path(folder, "faces"), pathlib.Path(folder, "dataset")
        write_face_folder(faces, {"train": per_class}, seed=0)
        precision, our_epoch = _semblante(faces, dataset)
        their_epoch = _plain_keras(faces / "train")
        for epoch in (our_epoch, their_epoch):
            epoch()
        timed = [(_timed(our_epoch), _timed(their_epoch)) for _ in range(rounds)]
    speeds = Pairs(*([images / seconds for seconds in side] for side in zip(*timed, strict=True)))
    print_table(
        f"training the reference network: {images:,} images an epoch, batch {_BATCH}, "
        "start-up excluded",
        (f"semblante {precision}", "plain Keras float32"),
        {"images/s": speeds},
    )


def _timed(epoch: Callable[[], None]) -> float:
    started = time.monotonic()
    epoch()
    return time.monotonic() - started


def _semblante(faces: pathlib.Path, dataset: pathlib.Path) -> tuple[str, Callable[[], None]]:
    """Returns the precision chosen and a function that trains one epoch."""
    import dataclasses

    from model import input_pipeline, precision, replicas
    from model.recipes import RECIPES
    from model.trainer import Trainer
    from pipelines import convert
    from tfrecords import reading

    with contextlib.redirect_stdout(io.StringIO()):
        convert.main([str(faces), "--output", str(dataset), "--no-duplicates"])
    strategy = replicas.make_strategy(None)
    chosen = precision.choose(
        "auto", precision.cpu_flags(), replicas.compute_capabilities(strategy)
    )
    config = dataclasses.replace(
        RECIPES["reference"],
        batch_size=_BATCH,
        precision=chosen,
        replicas=strategy.num_replicas_in_sync,
    )
    steps = input_pipeline.steps_per_epoch(reading.count(str(dataset), "train"), _BATCH)
    trainer = Trainer(config, strategy, str(dataset), steps)

    def train_epoch() -> None:
        trainer.start_epoch()
        batches = trainer.rest_of_epoch()
        for _ in range(steps):
            trainer.train_step(batches)
        trainer.epoch_scores()  # waits for the last step

    return chosen, train_epoch


def _plain_keras(folder: pathlib.Path) -> Callable[[], None]:
    """Returns a function that trains one epoch."""
    import keras

    data = keras.utils.image_dataset_from_directory(
        folder, color_mode="grayscale", image_size=(48, 48), batch_size=_BATCH, verbose=False
    )
    network = _stock_network()
    network.compile(
        keras.optimizers.Adam(1e-4), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )

    def train_epoch() -> None:
        network.fit(data, epochs=1, verbose=0, shuffle=False)  # the data shuffles itself

    return train_epoch


def _stock_network() -> "keras.Model":
    """The reference network as its publication writes it, with the layers that Keras brings."""
    import keras
    from keras import layers

    penalty = keras.regularizers.L2(0.01)
    return keras.Sequential(
        [
            keras.Input((48, 48, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Conv2D(128, 3, padding="same", activation="relu", kernel_regularizer=penalty),
            layers.Conv2D(256, 3, activation="relu", kernel_regularizer=penalty),
            layers.BatchNormalization(),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(1024, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(len(LABELS), activation="softmax"),
        ]
    )
