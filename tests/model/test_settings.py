"""From the command line to the config of a training."""

import dataclasses
import json
import logging

import pytest

from model import settings, train
from model.config import OPTIMIZERS, Augmentation, Distillation, TrainConfig
from model.recipes import RECIPES, fine_tuning
from tfrecords import manifest
from tfrecords.errors import JobError


@pytest.fixture
def config_of(make_dataset):
    dataset = make_dataset(train=21, test=7)

    def parse(*flags: str) -> TrainConfig:
        args = train.parse([dataset, "--output", "M", *flags])
        return settings.config_of(args, manifest.load(dataset))[0]

    return parse


def test_alone_it_is_the_recipe_of_the_fast_network(config_of):
    assert config_of() == RECIPES["fast"]


@pytest.mark.parametrize("network", RECIPES)
def test_each_network_has_its_recipe(config_of, network):
    assert config_of("--network", network) == RECIPES[network]


def test_flags_change_the_recipe(config_of):
    config = config_of(*"--epochs 3 --batch-size 9 --learning-rate .5 --optimizer adam".split())
    assert (config.epochs, config.batch_size, config.learning_rate) == (3, 9, 0.5)
    assert config.optimizer == "adam"


@pytest.mark.parametrize(
    "network, flag, expected",
    [
        ("reference", [], None),
        ("reference", ["--augment"], Augmentation()),
        ("fast", ["--augment"], RECIPES["fast"].augmentation),
        ("fast", ["--no-augment"], None),
    ],
)
def test_augmentation(config_of, network, flag, expected):
    assert config_of("--network", network, *flag).augmentation == expected


def test_balanced_weights_count_every_label_alike(config_of, make_dataset):
    assert config_of("--class-weights", "balanced").class_weights == (1.0,) * 7
    data = manifest.Manifest(examples={"train": {"happy": 30, "sad": 10}}, shards={})
    weights = settings._class_weights("balanced", data)
    assert weights == pytest.approx((0, 0, 0, 20 / 30, 0, 2, 0))


def test_another_optimizer_has_a_rate_that_suits_it(config_of):
    assert config_of("--optimizer", "adam").learning_rate == 1e-3
    assert config_of("--optimizer", "muon").learning_rate == RECIPES["fast"].learning_rate
    assert config_of("--optimizer", "adam", "--learning-rate", "0.1").learning_rate == 0.1
    assert set(settings._RATES) == set(OPTIMIZERS)


def test_another_models_config_is_trained_again(config_of, tmp_path):
    config = dataclasses.replace(
        RECIPES["accurate"],
        seed=5,
        time_budget=60.0,
        class_weights=(1.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0),
        distillation=Distillation(("a", "b")),
    )
    path = tmp_path / "bundle.json"
    path.write_text(json.dumps({"config": config.to_dict()}))
    assert config_of("--config", str(path)) == config
    assert config_of("--config", str(path), "--seed", "6").seed == 6
    changed = config_of("--config", str(path), "--epochs", "7")
    assert (changed.epochs, changed.time_budget) == (7, None)


@pytest.mark.parametrize("text", ["{", "{}", '{"config": {"networks": 1}}'])
def test_a_file_without_a_config_is_named(config_of, tmp_path, text):
    path = tmp_path / "other.json"
    path.write_text(text)
    with pytest.raises(JobError, match="cannot read a training config from .*other.json: .*expect"):
        config_of("--config", str(path))


def test_fine_tuning_is_gentle_and_says_what_it_does(config_of, tiny_bundle, caplog):
    with caplog.at_level(logging.INFO, logger="model.settings"):
        config = config_of("--init", str(tiny_bundle))
    assert config == dataclasses.replace(fine_tuning(RECIPES["fast"]), init=str(tiny_bundle))
    assert "on angry 3, disgust 3, fear 3, happy 3" in caplog.text


def test_fine_tuning_another_network_is_refused(config_of, tiny_bundle):
    with pytest.raises(JobError, match="--network accurate does not go with .*, whose network is"):
        config_of("--init", str(tiny_bundle), "--network", "accurate")


def test_teachers_see_strong_changes(config_of, tiny_bundle):
    config = config_of("--teacher", str(tiny_bundle))
    assert config.distillation == Distillation((str(tiny_bundle),))
    assert config.augmentation == RECIPES["accurate"].augmentation
    assert config.label_smoothing == 0 and config.learning_rate == RECIPES["fast"].learning_rate


def test_absent_models_are_named_at_once(config_of):
    for flag in ("--init", "--teacher"):
        with pytest.raises(JobError, match="nowhere is not a finished model"):
            config_of(flag, "nowhere")


def test_patience_needs_a_validation_split(config_of):
    with pytest.raises(JobError, match="--patience looks at a validation loss"):
        config_of("--patience", "3")
    assert config_of("--patience", "3", "--evaluate-split", "test").patience == 3


def test_validation_split_is_measured_if_there_is_one(make_dataset, caplog):
    args = train.parse(["D", "--output", "M"])
    with_one = manifest.load(make_dataset("with", train=3, validation=2, test=2))
    without = manifest.load(make_dataset("without", train=3, test=2))
    assert settings.config_of(args, with_one)[0].evaluate_split == "validation"
    assert not caplog.records
    assert settings.config_of(args, without)[0].evaluate_split is None
    assert "no validation split: nothing is measured while training" in caplog.text
