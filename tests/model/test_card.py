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
    low, high = metrics.accuracy_interval(figures["accuracy"], 70)
    assert f"| {figures['accuracy']:.1%} ({low:.1%} to {high:.1%}) |" in text
    row = figures["per_class"]["angry"]
    assert (
        f"| angry | {row['precision']:.3f} | {row['recall']:.3f} | {row['f1']:.3f} | 10 |" in text
    )
    assert "Printed by `semblante evaluate MODEL DATASET --split test`." in text


def test_card_says_what_and_where_it_was_trained(tiny_bundle):
    info = dict(bundle.load(str(tiny_bundle)).info)
    assert f"; on {info['machine']}." in card.write(info)
    info["training"] = {**info["training"], "dataset_digest": "abc", "history": [{"seconds": 90}]}
    text = card.write(info)
    assert "Training took 1.5 minutes" in text and "The data set's digest is abc." in text
    del info["machine"]
    assert "; on an unrecorded machine." in card.write(info)
