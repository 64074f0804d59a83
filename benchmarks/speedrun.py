"""Trains the network `fast` on FER2013 under the clock, as the CIFAR-10 speedruns do.

python -m benchmarks.speedrun DATASET [--seeds N] [--change NAME=VALUE …]

The clock runs from the first step, its tracing included, to the last. Imports, reading the
weights' initial values and the one evaluation at the end are left out. Processor time is that of
all threads. The accuracy is plain: one view, float weights as trained.
"""

import argparse
import dataclasses
import importlib.metadata
import json
import statistics
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from model.config import Augmentation, TrainConfig
from model.recipes import RECIPES
from tfrecords import quiet, reading

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

    from model.trainer import Trainer

_BACKWARD = 2  # the gradients by inputs and by filters cost a forward pass each


class Result(NamedTuple):
    """One run."""

    accuracy: float
    wall_seconds: float
    cpu_seconds: float
    images_per_second: float
    gflop_per_second: float  # of the convolutions and dense layers, forward and backward


def main(argv: list[str] | None = None) -> None:
    """Prints a line for each seed, and what they have in common."""
    args = _parse(argv)
    quiet.import_tensorflow()
    from model import replicas

    strategy = replicas.make_strategy(None)
    config = _changed(RECIPES["fast"], args.change)
    print("seed,accuracy,wall seconds,CPU seconds,images/s,GFLOP/s")
    results = []
    for seed in range(args.seeds):
        seeded = replicas.fit_to_machine(dataclasses.replace(config, seed=seed), strategy, "auto")
        results.append(_run(seeded, strategy, args.dataset, args.split))
        print(f"{seed},{_line(results[-1])}", flush=True)
    print("\n".join(_summary(results)))


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.speedrun", description=__doc__)
    parser.add_argument("dataset", metavar="DATASET", help="FER2013 by semblante convert.")
    parser.add_argument("--seeds", type=int, default=3, help="Runs (default: %(default)s).")
    parser.add_argument("--split", default="test", help="What is measured (default: %(default)s).")
    parser.add_argument(
        "--change",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="Another value, in JSON, for a setting of the recipe, such as epochs=8, "
        'optimizer="momentum" or augmentation.mixup=0; can be given again and again.',
    )
    return parser.parse_args(argv)


def _changed(recipe: TrainConfig, changes: list[str]) -> TrainConfig:
    """The recipe with each "name=JSON" put in place; "augmentation.name" reaches inside."""
    for change in changes:
        name, _, text = change.partition("=")
        value = json.loads(text)
        outer, _, inner = name.partition(".")
        if inner:
            value = dataclasses.replace(recipe.augmentation or Augmentation(), **{inner: value})
        recipe = dataclasses.replace(recipe, **{outer: value})
    return recipe


def _run(
    config: TrainConfig, strategy: "tf.distribute.Strategy", dataset: str, split: str
) -> Result:
    from model import input_pipeline
    from model.trainer import Trainer

    examples = reading.count(dataset, "train")
    steps = input_pipeline.steps_per_epoch(examples, config.batch_size)
    trainer = Trainer(config, strategy, dataset, steps)
    wall, cpu = time.monotonic(), time.process_time()
    images = _train(trainer, examples)
    wall, cpu = time.monotonic() - wall, time.process_time() - cpu
    gflop = (1 + _BACKWARD) * _forward_flop(trainer.network) * images / 1e9
    accuracy = trainer.evaluate(split).accuracy
    return Result(accuracy, wall, cpu, images / wall, gflop / wall)


def _train(trainer: "Trainer", examples: int) -> int:
    """Trains to the end; returns the number of images seen."""
    trainer.clock.start()
    step, last = 0, trainer.steps * trainer.config.epochs
    while step < last and not trainer.clock.over():
        if step % trainer.steps == 0:
            batches = trainer.rest_of_epoch()
        trainer.train_step(batches)
        step += 1
    trainer.epoch_scores()  # waits for the last step
    return step * examples // trainer.steps


def _forward_flop(network: "keras.Model") -> int:
    """Operations (a multiplication and an addition are two) of a forward pass for one image."""
    import keras

    total = 0
    for layer in network.layers:
        if isinstance(layer, keras.layers.Conv2D):
            _, height, width, _ = layer.output.shape
            total += 2 * height * width * layer.kernel.shape.num_elements()
        elif isinstance(layer, keras.layers.Dense):
            total += 2 * layer.kernel.shape.num_elements()
    return total


def _line(result: Result) -> str:
    return (
        f"{result.accuracy:.4f},{result.wall_seconds:.1f},{result.cpu_seconds:.1f},"
        f"{result.images_per_second:.0f},{result.gflop_per_second:.0f}"
    )


def _summary(results: list[Result]) -> Iterator[str]:
    mean: Any = Result(*(statistics.mean(values) for values in zip(*results, strict=True)))
    yield f"mean,{_line(mean)}"
    if len(results) > 1:
        spread = statistics.stdev(result.accuracy for result in results)
        yield f"standard deviation of the accuracy {spread:.4f}"
    versions = (f"{name} {importlib.metadata.version(name)}" for name in ("tensorflow", "keras"))
    yield ", ".join(versions)


if __name__ == "__main__":
    main()
