"""Pictures of a network: how it errs, how far it can be believed, what it looked at."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from model import metrics
from tfrecords.labels import LABELS

_DPI = 130
_OPACITY = 0.75  # of the heat where it is highest: the face below stays to be seen


def draw_confusion(confusion: Sequence[Sequence[int]], title: str, path: str) -> None:
    """Writes a PNG of the confusion matrix: counts, shaded by their share of the true label."""
    counts = np.asarray(confusion)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(7, 6.2), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(counts.shape):
        share = shares[row, column]
        text = f"{counts[row, column]}\n{share:.0%}"
        colour = "white" if share > 0.5 else "black"
        axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
    axes.set_xticks(range(len(LABELS)), LABELS, rotation=35, ha="right")
    axes.set_yticks(range(len(LABELS)), LABELS)
    axes.set(xlabel="predicted", ylabel="labelled", title=title)
    figure.colorbar(image, label="share of the labelled", shrink=0.8)
    _write(figure, path)


def draw_reliability(probabilities: np.ndarray, labels: np.ndarray, title: str, path: str) -> None:
    """Writes a PNG of accuracy against confidence (Guo et al. 2017), with the counts below.

    Args:
        probabilities: float [n, 7].
        labels: int [n].
    """
    confidence, accuracy, counts = metrics.reliability(probabilities, labels)
    error = metrics.calibration_error(probabilities, labels)
    edges, width = np.arange(metrics.BINS) / metrics.BINS, 1 / metrics.BINS
    figure = Figure(figsize=(5.5, 6.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    upper.plot([0, 1], [0, 1], "--", color="gray", label="as believable as it says")
    upper.bar(edges, np.nan_to_num(accuracy), width, align="edge", edgecolor="white")
    filled = counts > 0
    upper.plot(confidence[filled], accuracy[filled], "o", color="black", label="mean of the bin")
    upper.set(ylabel="accuracy", ylim=(0, 1), title=f"{title}\ncalibration error {error:.3f}")
    upper.legend(loc="upper left")
    lower.bar(edges, counts, width, align="edge", edgecolor="white")
    lower.set(xlabel="confidence", ylabel="faces", xlim=(0, 1))
    _write(figure, path)


def draw_explanation(
    face: np.ndarray, heat: np.ndarray, probabilities: np.ndarray, label: int, path: str
) -> None:
    """Writes a PNG of a face, the heat map of a label over it, and what the network says.

    Args:
        face: uint8 [48, 48, 1].
        heat: float [48, 48] in 0..1; 0 lets the face show through, 1 hides most of it.
        probabilities: float [7].
        label: Index of the label that the heat is for; its bar stands out.
    """
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    plain, heated, bars = figure.subplots(1, 3, width_ratios=(1, 1, 1.15))
    for axes in (plain, heated):
        axes.imshow(face[:, :, 0], cmap="gray", vmin=0, vmax=255)
        axes.set_axis_off()
    heated.imshow(heat, cmap="inferno", vmin=0, vmax=1, alpha=_OPACITY * heat)
    plain.set_title("what the network was given")
    heated.set_title(f"what speaks for {LABELS[label]}")
    _draw_probabilities(bars, probabilities, label)
    _write(figure, path)


def _draw_probabilities(axes: Axes, probabilities: np.ndarray, label: int) -> None:
    colours = ["tab:orange" if index == label else "tab:blue" for index in range(len(LABELS))]
    bars = axes.barh(LABELS, probabilities, color=colours)
    axes.bar_label(bars, [f"{probability:.1%}" for probability in probabilities], padding=3)
    axes.invert_yaxis()  # the first label on top
    axes.set(xlabel="probability", xlim=(0, 1.2), xticks=(0, 0.5, 1))


def _write(figure: Figure, path: str) -> None:
    FigureCanvasAgg(figure).print_figure(path, dpi=_DPI, format="png")
