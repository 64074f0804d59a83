"""Draws labelled faces, for demonstrations, benchmarks and tests that bring their own data.

Brows, lids, nose and mouth carry the emotion, as the action units of the Facial Action Coding
System describe it (Ekman, Friesen and Hager 2002); heads, pose and light vary regardless of it.
What a network learns here is to read drawings: it tells nothing about people.
"""

import dataclasses
import pathlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from .hashing import stable_hash
from .labels import LABELS
from .schema import FACE_SHAPE

_SIDE = FACE_SHAPE[0]
_OVERSAMPLING = 4  # drawn this many times larger, then averaged, for smooth edges
_CANVAS = _SIDE * _OVERSAMPLING
_CURVE_POINTS = 32
_SALT = "semblante drawn face 1"


class Expression(NamedTuple):
    """What a face does. Lengths in half heights of the head; "up" is against gravity."""

    brow_up: float
    inner_brow_up: float  # how far the inner end stands above the outer one
    eye_opening: float  # 1 at rest, 0 shut
    nose_wrinkle: float  # 0 none, 1 deep
    mouth_half_width: float
    mouth_corners_up: float  # above the middle of the mouth
    mouth_opening: float
    teeth: float  # share of the opening, from above, that shows them


# The action units: 1 and 2 raise inner and outer brow, 4 lowers both, 5 and 7 widen and narrow the
# eyes, 6 lifts the cheeks, 9 wrinkles the nose, 12, 15 and 20 pull the lip corners up, down and
# sideways, 10 lifts the upper lip, 23 tightens the lips, 25 to 27 open the mouth.
EXPRESSIONS: Mapping[str, Expression] = {
    "angry": Expression(-0.09, -0.16, 0.80, 0.35, 0.25, -0.05, 0.05, 0.9),  # 4 + 7 + 23
    "disgust": Expression(-0.06, -0.06, 0.45, 1.00, 0.24, -0.08, 0.07, 0.6),  # 9 + 10 + 15
    "fear": Expression(0.10, 0.11, 1.45, 0.00, 0.33, -0.04, 0.09, 0.5),  # 1 + 2 + 4 + 5 + 20 + 25
    "happy": Expression(0.02, 0.00, 0.70, 0.10, 0.38, 0.15, 0.09, 0.7),  # 6 + 12 + 25
    "neutral": Expression(0.00, 0.00, 1.00, 0.00, 0.27, 0.00, 0.00, 0.0),
    "sad": Expression(0.02, 0.14, 0.65, 0.00, 0.24, -0.12, 0.00, 0.0),  # 1 + 4 + 15
    "surprise": Expression(0.16, 0.00, 1.60, 0.00, 0.18, 0.00, 0.21, 0.0),  # 1 + 2 + 5 + 26
}
_SPREAD = Expression(0.025, 0.03, 0.12, 0.12, 0.025, 0.02, 0.012, 0.2)  # standard deviations
_STRENGTH = (0.55, 1.15)  # from a hint of the emotion to more than all of it


@dataclasses.dataclass(frozen=True)
class _Head:
    """What differs from head to head. Lengths in half heights of the head, grays 0 to 255."""

    half_width: float
    jaw: float  # 0 round, 1 square
    skin: float
    ink: float  # of brows, lids and lips
    hair: float
    hairline: float  # y of its middle
    long_hair: bool
    beard: bool
    glasses: bool
    eye_distance: float  # from the middle line
    eye_height: float
    mouth_height: float
    brow_width: float
    lip_width: float


def draw_face(label: str, generator: np.random.Generator) -> np.ndarray:
    """Draws one face that shows the emotion `label`.

    Args:
        label: One of `labels.LABELS`; anything else is a KeyError.
        generator: Decides about all else; in the same state it gives the same face.

    Returns:
        uint8 [48, 48, 1].
    """
    expression = _any_expression(EXPRESSIONS[label], generator)
    head = _any_head(generator)
    canvas = Image.new("L", (_CANVAS, _CANVAS), round(generator.uniform(20, 235)))
    pencil = _Pencil(canvas, *_any_pose(generator))
    _draw_head(pencil, head)
    turned = pencil.shifted(*generator.normal(0, (0.06, 0.03)))  # looks aside, up or down
    for draw in (_draw_nose, _draw_eyes, _draw_brows, _draw_mouth):
        draw(turned, head, expression)
    return _photograph(canvas, generator)


def write_face_folder(
    folder: str | pathlib.Path, per_class: Mapping[str, int] | int, seed: int, suffix: str = ".png"
) -> None:
    """Writes files FOLDER/SPLIT/CLASS/NUMBER.png with drawn faces.

    A face depends on the seed, its split, class and number alone: a larger set holds the smaller.

    Args:
        folder: Made where absent; files of the same names are replaced.
        per_class: Number of faces in each of the seven classes, by split; a number alone is of
            split "train".
        suffix: ".png" keeps every pixel; ".jpg" is what real data sets hold.
    """
    if isinstance(per_class, int):
        per_class = {"train": per_class}
    for split, count in per_class.items():
        for label in LABELS:
            target = pathlib.Path(folder, split, label)
            target.mkdir(parents=True, exist_ok=True)
            for number in range(count):
                lots = stable_hash(f"{seed} {split} {label} {number}", _SALT)
                face = draw_face(label, np.random.default_rng(lots))
                Image.fromarray(face[..., 0]).save(target / f"{number:05d}{suffix}")


def _any_expression(full: Expression, generator: np.random.Generator) -> Expression:
    """The emotion more or less strongly, and no two times the same."""
    strength = generator.uniform(*_STRENGTH)
    calm = np.array(EXPRESSIONS["neutral"])
    drawn = calm + strength * (np.array(full) - calm) + generator.normal(0, _SPREAD)
    return Expression(*drawn.tolist())


def _any_head(generator: np.random.Generator) -> _Head:
    skin = generator.uniform(75, 225)
    return _Head(
        half_width=generator.uniform(0.66, 0.86),
        jaw=generator.uniform(0, 1),
        skin=skin,
        ink=skin * generator.uniform(0.1, 0.45),
        hair=generator.uniform(10, 200),
        hairline=generator.uniform(-0.85, -0.6),
        long_hair=generator.random() < 0.35,
        beard=generator.random() < 0.15,
        glasses=generator.random() < 0.2,
        eye_distance=generator.uniform(0.28, 0.36),
        eye_height=generator.uniform(-0.18, -0.08),
        mouth_height=generator.uniform(0.46, 0.56),
        brow_width=generator.uniform(0.04, 0.09),
        lip_width=generator.uniform(0.035, 0.065),
    )


def _any_pose(generator: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A float64 [2, 2] and [2] that take points of the head to pixels of the canvas."""
    roll = generator.normal(0, np.radians(7))
    sine, cosine = np.sin(roll), np.cos(roll)
    scale = generator.uniform(0.40, 0.50) * _CANVAS
    matrix = scale * np.array([[cosine, -sine], [sine, cosine]])
    return matrix, _CANVAS / 2 + generator.normal(0, 0.03 * _CANVAS, 2)


class _Pencil:
    """Draws on the canvas in coordinates of the head: x right, y down, (0, 0) its middle."""

    def __init__(self, canvas: Image.Image, matrix: np.ndarray, origin: np.ndarray):
        self._canvas, self._matrix, self._origin = canvas, matrix, origin
        self._draw = ImageDraw.Draw(canvas)

    def shifted(self, right: float, down: float) -> "_Pencil":
        """A pencil whose (0, 0) is at (right, down) of this one's."""
        return _Pencil(
            self._canvas, self._matrix, self._origin + self._matrix @ np.array([right, down])
        )

    def fill(self, outline: np.ndarray, gray: float) -> None:
        """Fills the inside of a closed curve [n, 2]."""
        self._draw.polygon(self._place(outline), fill=_level(gray))

    def line(self, points: np.ndarray, gray: float, width: float) -> None:
        """Follows the points [n, 2]; the width is in half heights of the head."""
        pixels = max(1, round(width * float(np.hypot(*self._matrix[0]))))
        self._draw.line(self._place(points), fill=_level(gray), width=pixels, joint="curve")

    def _place(self, points: np.ndarray) -> list[tuple[float, float]]:
        return [(x, y) for x, y in (points @ self._matrix.T + self._origin).tolist()]


def _level(gray: float) -> int:
    return round(min(max(gray, 0), 255))


def _oval(x: float, y: float, half_width: float, half_height: float) -> np.ndarray:
    """The outline [n, 2] of an ellipse, from its right end downwards and back to it."""
    angles = np.linspace(0, 2 * np.pi, 2 * _CURVE_POINTS)
    return np.stack([x + half_width * np.cos(angles), y + half_height * np.sin(angles)], axis=1)


def _bow(start: tuple[float, float], end: tuple[float, float], sag: float) -> np.ndarray:
    """A parabola [n, 2] between two points whose middle is `sag` below the straight line."""
    share = np.linspace(0, 1, _CURVE_POINTS)[:, None]
    straight = (1 - share) * start + share * np.array(end)
    return straight + 4 * share * (1 - share) * (0, sag)


def _draw_head(pencil: _Pencil, head: _Head) -> None:
    width = head.half_width
    if head.long_hair:
        pencil.fill(_oval(0, 0.15, width + 0.16, 1.25), head.hair)
    neck = np.array([(-0.35, 0.5), (0.35, 0.5), (0.4, 2.0), (-0.4, 2.0)])
    pencil.fill(neck, 0.75 * head.skin)
    pencil.fill(_oval(0, -0.1, width + 0.05, 1.0), head.hair)
    for side in (-1, 1):
        pencil.fill(_oval(side * width, 0.0, 0.09, 0.16), 0.88 * head.skin)
    face = _oval(0, 0, width, 1.0)
    below = face[:, 1] > 0
    face[below, 0] *= 1 + 0.25 * head.jaw * face[below, 1] * (1 - face[below, 1])
    face[:, 1] = np.maximum(face[:, 1], head.hairline + 0.3 * face[:, 0] ** 2)
    pencil.fill(face, head.skin)
    if head.beard:
        jaw = face[face[:, 1] > 0.1]
        cheeks = _bow((jaw[-1, 0], jaw[-1, 1]), (jaw[0, 0], jaw[0, 1]), 0.22)
        pencil.fill(np.concatenate([jaw, cheeks]), (head.skin + min(head.hair, head.skin)) / 2)


def _draw_eyes(pencil: _Pencil, head: _Head, expression: Expression) -> None:
    opening = 0.085 * max(expression.eye_opening, 0.15)
    for side in (-1, 1):
        x, y = side * head.eye_distance, head.eye_height
        pencil.fill(_oval(x, y, 0.15, opening), 1.15 * head.skin + 30)
        pencil.fill(_oval(x, y, 0.065, min(0.075, opening)), 15)
        pencil.line(_oval(x, y, 0.15, opening), head.ink, 0.03)
        if head.glasses:
            pencil.line(_oval(x, y + 0.03, 0.25, 0.21), 25, 0.035)
    if head.glasses:
        bridge = _bow((-head.eye_distance + 0.25, y), (head.eye_distance - 0.25, y), -0.03)
        pencil.line(bridge, 25, 0.035)


def _draw_brows(pencil: _Pencil, head: _Head, expression: Expression) -> None:
    y = head.eye_height - 0.22 - expression.brow_up
    for side in (-1, 1):
        inner = (side * (head.eye_distance - 0.16), y - expression.inner_brow_up / 2)
        outer = (side * (head.eye_distance + 0.18), y + expression.inner_brow_up / 2)
        pencil.line(_bow(inner, outer, -0.04), head.ink, head.brow_width)


def _draw_nose(pencil: _Pencil, head: _Head, expression: Expression) -> None:
    pencil.line(_bow((-0.1, 0.24), (0.1, 0.24), 0.04), 0.65 * head.skin, 0.04)
    pencil.line(_bow((0.03, head.eye_height), (0.09, 0.22), 0.0), 0.8 * head.skin, 0.035)
    depth = min(max(expression.nose_wrinkle, 0), 1)
    for side in (-1, 1):
        fold = _bow((side * 0.14, 0.16), (side * 0.27, 0.40), -0.04)
        bridge = _bow((side * 0.03, head.eye_height - 0.06), (side * 0.12, 0.04), 0.0)
        for wrinkle in (fold, bridge):
            pencil.line(wrinkle, (1 - 0.55 * depth) * head.skin, 0.035)


def _draw_mouth(pencil: _Pencil, head: _Head, expression: Expression) -> None:
    half_width = max(expression.mouth_half_width, 0.1)
    opening = max(expression.mouth_opening, 0)
    up = expression.mouth_corners_up
    corners = (-half_width, head.mouth_height - up / 2), (half_width, head.mouth_height - up / 2)
    upper, lower = _bow(*corners, up - opening), _bow(*corners, up + opening)
    pencil.fill(np.concatenate([upper, lower[::-1]]), 25)
    if expression.teeth > 0 and opening > 0.03:
        edge = upper + min(expression.teeth, 1) * (lower - upper)
        pencil.fill(np.concatenate([upper, edge[::-1]]), 1.1 * head.skin + 40)
    for lip in (upper, lower):
        pencil.line(lip, head.ink, head.lip_width)


def _photograph(canvas: Image.Image, generator: np.random.Generator) -> np.ndarray:
    """Averages the canvas down to uint8 [48, 48, 1], in a light from one side, with noise."""
    gray = np.asarray(canvas.reduce(_OVERSAMPLING), np.float64)
    across = np.linspace(-1, 1, _SIDE)
    slope_right, slope_down = generator.normal(0, 0.18, 2)
    light = 1 + slope_right * across[None, :] + slope_down * across[:, None]
    contrast, brightness = generator.uniform(0.6, 1.1), generator.uniform(-25, 25)
    noise = generator.normal(0, generator.uniform(1, 9), gray.shape)
    gray = 128 + brightness + contrast * (gray * light - 128) + noise
    return np.clip(np.rint(gray), 0, 255).astype(np.uint8).reshape(FACE_SHAPE)
