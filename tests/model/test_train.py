"""The command line of the training job."""

import subprocess
import sys

import pytest

from model import train
from tfrecords.errors import JobError


def _run(*arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "model.train", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def test_flags_arrive():
    args = train.parse(
        "D --output M --network fast --epochs 3 --batch-size 9 --learning-rate .5 --no-augment "
        "--seed 4 --precision float16 --replicas 2 --deterministic --evaluate-split test "
        "--teacher A B --ema .99 --patience 2 --class-weights balanced --resume".split()
    )
    assert (args.dataset, args.output, args.network, args.teacher) == ("D", "M", "fast", ["A", "B"])
    assert (args.epochs, args.batch_size, args.learning_rate, args.ema) == (3, 9, 0.5, 0.99)
    assert (args.augment, args.seed, args.precision, args.replicas) == (False, 4, "float16", 2)
    assert args.deterministic and args.resume and not args.overwrite
    assert (args.patience, args.class_weights, args.evaluate_split) == (2, "balanced", "test")


@pytest.mark.parametrize("text, seconds", [("90s", 90), ("10m", 600), ("2.5h", 9000)])
def test_time_budget(text, seconds):
    assert train.parse(["D", "--output", "M", "--time-budget", text]).time_budget == seconds


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
        (["--time-budget", "10"], "'10' is no time above 0, such as 90s, 10m or 2.5h"),
        (["--time-budget", "0s"], "'0s' is no time above 0"),
        (["--time-budget", "1h", "--epochs", "2"], "--epochs: not allowed with argument"),
        (["--ema", "1"], "argument --ema: 1 is outside 0 to 1"),
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
