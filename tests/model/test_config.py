"""The config as data."""

import dataclasses

import pytest

from model import networks
from model.config import TrainConfig
from model.recipes import RECIPES


@pytest.mark.parametrize("name", RECIPES)
def test_json_round_trip(name):
    config = RECIPES[name]
    assert TrainConfig.from_json(config.to_json()) == config


def test_every_recipe_has_its_network():
    assert {config.network for config in RECIPES.values()} == set(RECIPES)
    assert set(RECIPES) <= set(networks._BUILDERS)


def test_reference_recipe_is_the_published_one():
    assert RECIPES["reference"] == TrainConfig(
        network="reference",
        epochs=60,
        batch_size=64,
        learning_rate=1e-4,
        optimizer="adam",
        schedule="inverse_time",
        decay=1e-6,
        l2=0.01,
    )


def test_differences_name_both_sides():
    config = RECIPES["reference"]
    other = dataclasses.replace(config, seed=3, evaluate_split="test")
    assert config.differences(other) == ["seed 0 / 3", "evaluate_split None / test"]
    assert config.differences(config) == []


def test_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        RECIPES["reference"].seed = 1
