"""The recipe of each network: the config that `semblante train --network NAME` starts from."""

import dataclasses

from model.config import Augmentation, TrainConfig

RECIPES = {
    # As the notebook that published the network trains it: Adam(lr=1e-4, decay=1e-6),
    # L2(0.01) on the convolutions with 128 and 256 filters, no augmentation.
    "reference": TrainConfig(
        network="reference",
        epochs=60,
        batch_size=64,
        learning_rate=1e-4,
        optimizer="adam",
        schedule="inverse_time",
        decay=1e-6,
        l2=0.01,
    ),
    "fast": TrainConfig(
        network="fast",
        epochs=16,
        batch_size=128,
        learning_rate=0.03,
        optimizer="muon",
        schedule="one_cycle",
        warmup=0.15,
        weight_decay=0.01,
        label_smoothing=0.1,
        augmentation=Augmentation(),
    ),
    "accurate": TrainConfig(
        network="accurate",
        epochs=60,
        batch_size=256,
        learning_rate=0.03,
        optimizer="muon",
        schedule="one_cycle",
        warmup=0.1,
        weight_decay=0.01,
        label_smoothing=0.1,
        augmentation=Augmentation(
            rotation_degrees=12.0, zoom=0.15, shift_px=4.0, erase_px=12, mixup=0.2
        ),
    ),
}


def fine_tuning(recipe: TrainConfig) -> TrainConfig:
    """The recipe for going on from trained weights: few and gentle steps.

    Adam, because its rate needs no tuning to the size of a folder. Folders of one's own are
    small: so are the batches, and the statistics of normalisation stay those of many faces.
    """
    augmentation = recipe.augmentation or Augmentation()
    return dataclasses.replace(
        recipe,
        epochs=20,
        batch_size=32,
        learning_rate=3e-4,
        optimizer="adam",
        schedule="one_cycle",
        warmup=0.1,
        decay=0.0,
        freeze_statistics=True,
        augmentation=dataclasses.replace(augmentation, mixup=0.0),
    )


def taught(recipe: TrainConfig) -> TrainConfig:
    """The recipe for learning from other models, which can tell how a changed image looks.

    So the changes are strong, and the targets, being soft already, are not smoothed.
    """
    return dataclasses.replace(
        recipe, label_smoothing=0.0, augmentation=RECIPES["accurate"].augmentation
    )
