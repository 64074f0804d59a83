"""The command line of the training job."""

import subprocess
import sys

import pytest

from model import train
from model.config import RECIPES, Augmentation
from tfrecords.errors import JobError


def _run(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "model.train", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_flags():
    args = train.parse(
        "D --output M --network fast --epochs 3 --batch-size 9 --learning-rate .5 --no-augment "
        "--seed 4 --precision float16 --replicas 2 --deterministic --evaluate-split test "
        "--resume".split()
    )
    assert args == train.TrainArgs(
        dataset="D",
        output="M",
        network="fast",
        epochs=3,
        batch_size=9,
        learning_rate=0.5,
        precision="float16",
        replicas=2,
        seed=4,
        augment=False,
        evaluate_split="test",
        deterministic=True,
        resume=True,
        overwrite=False,
    )


def test_defaults_are_the_recipe():
    args = train.parse(["D", "--output", "M"])
    assert train._config(args, None) == RECIPES["reference"]


def test_flags_override_the_recipe():
    args = train.parse("D --output M --epochs 3 --batch-size 9 --learning-rate .5".split())
    config = train._config(args, "test")
    assert (config.epochs, config.batch_size, config.learning_rate) == (3, 9, 0.5)
    assert config.evaluate_split == "test"


@pytest.mark.parametrize(
    "network, flag, expected",
    [
        ("reference", [], None),
        ("reference", ["--augment"], Augmentation()),
        ("fast", [], Augmentation()),
        ("fast", ["--no-augment"], None),
    ],
)
def test_augmentation(network, flag, expected):
    args = train.parse(["D", "--output", "M", "--network", network, *flag])
    assert train._config(args, None).augmentation == expected


@pytest.mark.parametrize(
    "flags, message",
    [
        (["--epochs", "0"], "argument --epochs: 0 is not above 0"),
        (["--epochs", "1.5"], "argument --epochs: invalid int value: '1.5'"),
        (["--batch-size", "-4"], "argument --batch-size: -4 is not above 0"),
        (["--learning-rate", "nan"], "argument --learning-rate: nan is not above 0"),
        (["--learning-rate", "inf"], "argument --learning-rate: inf is not a finite number"),
        (["--replicas", "0"], "argument --replicas: 0 is not above 0"),
        (["--seed", "-1"], "argument --seed: -1 is outside 0 to 2147483647"),
        (["--precision", "int8"], "argument --precision: invalid choice: 'int8'"),
        (["--network", "vgg"], "argument --network: invalid choice: 'vgg'"),
        (["--evaluate-split", "dev"], "argument --evaluate-split: invalid choice: 'dev'"),
        (["--resume", "--overwrite"], "--overwrite: not allowed with argument --resume"),
        (["--epoch", "3"], "unrecognized arguments: --epoch"),
    ],
)
def test_impossible_flags(capsys, flags, message):
    with pytest.raises(SystemExit) as exit:
        train.parse(["D", "--output", "M", *flags])
    assert exit.value.code == 2
    assert message in capsys.readouterr().err


def test_help_is_complete_and_imports_no_tensorflow():
    code = (
        "import sys\nfrom model import train\n"
        "try:\n    train.parse(['--help'])\n"
        "finally:\n    assert not {'tensorflow', 'keras', 'apache_beam'} & set(sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    assert "default: reference 60, fast 16" in result.stdout


def test_no_data_set(tmp_path):
    with pytest.raises(JobError, match="is not a complete data set: it has no dataset.json"):
        train.main([str(tmp_path), "--output", str(tmp_path / "out")])


def test_no_train_examples(make_dataset, tmp_path):
    dataset = make_dataset(test=3)
    with pytest.raises(JobError, match="has no train examples; it has test"):
        train.main([dataset, "--output", str(tmp_path / "out")])


def test_no_such_split_to_evaluate(make_dataset, tmp_path):
    arguments = [make_dataset(train=3), "--output", str(tmp_path / "out")]
    with pytest.raises(JobError, match="has no test examples to evaluate on; it has train"):
        train.main([*arguments, "--evaluate-split", "test"])


def test_validation_split_is_measured_if_there_is_one(make_dataset, caplog):
    args = train.parse(["D", "--output", "M"])
    with_one = train.manifest.load(make_dataset("with", train=3, validation=2, test=2))
    without = train.manifest.load(make_dataset("without", train=3, test=2))
    assert train._evaluate_split(args, with_one) == "validation"
    assert train._evaluate_split(args, without) is None
    assert "D has no validation split: nothing is measured while training" in caplog.text


@pytest.mark.parametrize(
    "file, flags, message",
    [
        ("bundle.json", [], "holds a finished model; replace it with --overwrite"),
        ("bundle.json", ["--resume"], "holds a finished model; replace it with --overwrite"),
        ("checkpoints/run.json", [], "holds an unfinished run; go on with --resume or start"),
        (None, ["--resume"], "holds no unfinished run to resume; leave --resume out"),
    ],
)
def test_what_is_there_is_not_touched(make_dataset, tmp_path, file, flags, message):
    output = tmp_path / "out"
    if file:
        (output / file).parent.mkdir(parents=True)
        (output / file).write_text("{}")
    with pytest.raises(JobError, match=message):
        train.main([make_dataset(train=3), "--output", str(output), *flags])
    assert not file or (output / file).read_text() == "{}"


def test_batch_smaller_than_replicas(make_dataset, tmp_path):
    arguments = [make_dataset(train=3), "--output", str(tmp_path / "out"), "--replicas", "2"]
    with pytest.raises(JobError, match="--batch-size 1 is smaller than the number of replicas, 2"):
        train.main([*arguments, "--batch-size", "1"])


def test_overwrite_clears_the_old_run(tmp_path):
    for name in ("bundle.json", "history.csv", "checkpoints/run.json", "tensorboard/events"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "notes.txt").write_text("mine")
    train._clear(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_module_runs_by_itself():
    result = _run("--help")
    assert result.returncode == 0 and "usage: semblante train" in result.stdout
