import shutil

import numpy as np

from model import bundle, card, metrics


def test_card_of_an_unmeasured_model_says_so(tiny_bundle):
    text = (tiny_bundle / "MODEL_CARD.md").read_text()
    info = bundle.load(str(tiny_bundle)).info
    assert text.startswith(f"# {info['model_id']}\n")
    assert "Not measured in training." in text
    assert "Article\n5(1)(f)" in text and "Apache-2.0" in text


def test_every_figure_is_that_of_the_record(tiny_bundle):
    labels = np.arange(70) % 7
    probabilities = np.eye(7)[np.where(np.arange(70) < 21, 0, labels)]
    figures = {"split": "test", **metrics.summarize(probabilities, labels)}
    info = {**bundle.load(str(tiny_bundle)).info, "metrics": figures}
    text = card.write(info)
    low, high = figures["intervals"]["accuracy"]
    assert f"| one view | {figures['accuracy']:.2%} ({low:.1%} to {high:.1%}) | - |" in text
    row = figures["per_class"]["angry"]
    rates = " | ".join(f"{row[name]:.3f}" for name in ("precision", "recall", "f1"))
    assert f"| angry | {rates} | 10 |" in text
    assert "Printed by `semblante evaluate MODEL DATASET --split test`." in text


def test_a_recorded_evaluation_takes_the_place_of_that_in_training(tiny_bundle, tmp_path):
    copied = shutil.copytree(tiny_bundle, tmp_path / "copy")
    labels = np.arange(70) % 7
    figures = metrics.summarize(np.eye(7)[labels], labels)
    figures |= {"accuracy_without_leaks": 0.99, "log_loss": 0.5}
    figures["views"] = {"how": "ten", **figures, "accuracy": 0.875}
    blurred = {"change": "blur", "strength": 2, "unit": "px", "accuracy": 0.5, "difference": -0.25}
    figures["robustness"] = [blurred]
    bundle.record_evaluation(bundle.load(str(copied)), "test", figures)
    text = (copied / "MODEL_CARD.md").read_text()
    assert "| one view | 100.00% (100.0% to 100.0%) | 99.00% | 1.000 | 0.500 | 0.000 |" in text
    assert "| ten views | 87.50% | 99.00% |" in text
    assert "| blur | 2 px | 50.0% | -25.0 |" in text
    assert "`semblante evaluate MODEL DATASET --split test --views ten --robustness`" in text


def test_card_says_on_what_and_how_it_was_trained(tiny_bundle):
    info = dict(bundle.load(str(tiny_bundle)).info)
    assert f"; on {info['machine']}." in card.write(info)
    info["training"] = {
        **info["training"],
        "dataset_digest": "abc",
        "seconds": 90,
        "teachers": ["accurate-12345678"],
    }
    info["config"] = {**info["config"], "distillation": {"teachers": ["accurate"]}}
    text = card.write(info)
    assert "8 training examples" in text and "| happy | 8 |" in text
    assert "Training took 1.5 minutes" in text and "The data set's digest is abc." in text
    assert "the probabilities of accurate-12345678, too" in text
