"""Draws labelled faces, for demonstrations and tests that must bring their own data.

Brows, eyes and mouth carry the emotion, as the action units of Ekman and Friesen's Facial Action
Coding System describe it; head, light and pose vary without regard to it. A network that does
well here has learnt to read drawings, and nothing about people.
"""

import dataclasses
import math
import pathlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw

from .labels import LABELS
from .schema import FACE_SHAPE
from .splits import SPLITS

_SIZE = FACE_SHAPE[0]
_OVERSAMPLING = 4  # drawn this many times larger, then averaged down
_CANVAS = _SIZE * _OVERSAMPLING
_CURVE_POINTS = 24


class Expression(NamedTuple):
    """What the face does. Lengths are in half heights of the head, upwards where not said."""

    brow_raise: float
    brow_tilt: float  # inner end above the outer one
    eye_opening: float  # 1 is at rest
    mouth_curve: float  # corners above the middle
    mouth_opening: float
    mouth_width: float
    nose_wrinkles: float  # 0 none, 1 deep


# Action units beside each: 4 brow lowerer, 1 and 2 brow raisers, 5 and 7 lids, 9 nose wrinkler,
# 12 and 15 lip corners, 20 lip stretcher, 25 to 27 mouth opening.
EXPRESSIONS = {
    "angry": Expression(-0.10, -0.17, 0.75, -0.07, 0.04, 0.27, 0.3),  # 4 + 5 + 7 + 23
    "disgust": Expression(-0.07, -0.07, 0.50, -0.09, 0.08, 0.23, 1.0),  # 4 + 9 + 15
    "fear": Expression(0.10, 0.13, 1.40, -0.05, 0.10, 0.34, 0.0),  # 1 + 2 + 4 + 5 + 20 + 25
    "happy": Expression(0.02, 0.0, 0.80, 0.15, 0.09, 0.38, 0.0),  # 6 + 12 + 25
    "neutral": Expression(0.0, 0.0, 1.0, 0.0, 0.0, 0.28, 0.0),
    "sad": Expression(0.02, 0.15, 0.70, -0.13, 0.0, 0.24, 0.0),  # 1 + 4 + 15
    "surprise": Expression(0.17, 0.0, 1.50, 0.0, 0.22, 0.19, 0.0),  # 1 + 2 + 5 + 27
}
_JITTER = Expression(0.025, 0.03, 0.12, 0.02, 0.012, 0.025, 0.15)  # standard deviations


@dataclasses.dataclass(frozen=True)
class _Person:
    """What differs from head to head. Lengths in half heights of the head, grays in 0 to 255."""

    head_width: float
    jaw: float  # 0 is an ellipse, 1 is square
    skin: float
    hair: float
    hairline: float
    ink: float  # of brows, lids and lips
    glasses: bool
    eye_distance: float
    mouth_height: float


@dataclasses.dataclass(frozen=True)
class _Pose:
    """Takes points of the head, x right and y down from its middle, to the canvas."""

    scale: float  # canvas pixels for a half height of the head
    roll: float  # radians
    shift: tuple[float, float]  # canvas pixels

    def place(self, points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
        """Points [n][2] of the head, in pixels of the canvas."""
        sine, cosine = math.sin(self.roll) * self.scale, math.cos(self.roll) * self.scale
        left, top = (_CANVAS / 2 + shift for shift in self.shift)
        return [(left + cosine * x - sine * y, top + sine * x + cosine * y) for x, y in points]


class _Pencil:
    """Draws in coordinates of the head."""

    def __init__(self, canvas: Image.Image, pose: _Pose):
        self._draw = ImageDraw.Draw(canvas)
        self._pose = pose

    def fill(self, points: Iterable[tuple[float, float]], gray: float) -> None:
        self._draw.polygon(self._pose.place(points), fill=round(gray))

    def line(self, points: Iterable[tuple[float, float]], gray: float, width: float) -> None:
        pixels = max(1, round(width * self._pose.scale))
        self._draw.line(self._pose.place(points), fill=round(gray), width=pixels, joint="curve")


def draw_face(label: str, generator: np.random.Generator) -> np.ndarray:
    """Draws one face with the emotion `label`, as uint8 [48, 48, 1].

    Raises:
        KeyError: where `label` is none of `labels.LABELS`.
    """
    expression = _vary(EXPRESSIONS[label], generator)
    person = _random_person(generator)
    canvas = Image.new("L", (_CANVAS, _CANVAS), round(generator.uniform(20, 235)))
    pencil = _Pencil(canvas, _random_pose(generator))
    _draw_head(pencil, person)
    _draw_eyes(pencil, person, expression)
    _draw_brows(pencil, person, expression)
    _draw_nose(pencil, person, expression)
    _draw_mouth(pencil, person, expression)
    return _photograph(canvas, generator)


def write_face_folder(
    folder: str | pathlib.Path, per_class: Mapping[str, int], seed: int = 0
) -> None:
    """Writes FOLDER/split/class/NAME.png, `per_class[split]` faces of each class.

    A face depends on the seed, its split, class and number alone: a larger set contains the
    smaller one. `seed` is 0 or above.
    """
    for split, count in per_class.items():
        for index, label in enumerate(LABELS):
            target = pathlib.Path(folder, split, label)
            target.mkdir(parents=True, exist_ok=True)
            for number in range(count):
                generator = np.random.default_rng((seed, SPLITS.index(split), index, number))
                face = draw_face(label, generator)
                Image.fromarray(face[:, :, 0]).save(target / f"{number:05}.png")


def _vary(expression: Expression, generator: np.random.Generator) -> Expression:
    """Between hardly there and overdone, and uneven: nobody makes the same face twice."""
    strength = generator.uniform(0.55, 1.15)
    rest = EXPRESSIONS["neutral"]
    return Expression(
        *(
            calm + strength * (full - calm) + spread * generator.standard_normal()
            for calm, full, spread in zip(rest, expression, _JITTER, strict=True)
        )
    )


def _random_person(generator: np.random.Generator) -> _Person:
    skin = generator.uniform(70, 225)
    return _Person(
        head_width=generator.uniform(0.68, 0.88),
        jaw=generator.uniform(0.0, 0.5),
        skin=skin,
        hair=generator.uniform(10, 200),
        hairline=generator.uniform(-0.85, -0.6),
        ink=skin * generator.uniform(0.1, 0.45),
        glasses=generator.random() < 0.2,
        eye_distance=generator.uniform(0.28, 0.36),
        mouth_height=generator.uniform(0.48, 0.58),
    )


def _random_pose(generator: np.random.Generator) -> _Pose:
    shift = generator.normal(0, 1.3 * _OVERSAMPLING, 2)
    return _Pose(
        scale=generator.uniform(0.40, 0.50) * _CANVAS,
        roll=generator.normal(0, math.radians(6)),
        shift=(float(shift[0]), float(shift[1])),
    )


def _arc(
    middle: tuple[float, float], half_width: float, half_height: float, squareness: float = 0.0
) -> list[tuple[float, float]]:
    """A closed curve from ellipse (0) to nearly a rectangle (1)."""
    power = 1 - 0.6 * squareness
    points = []
    for angle in np.linspace(0, 2 * math.pi, 2 * _CURVE_POINTS, endpoint=False):
        x, y = math.cos(angle), math.sin(angle)
        points.append(
            (
                middle[0] + half_width * math.copysign(abs(x) ** power, x),
                middle[1] + half_height * math.copysign(abs(y) ** power, y),
            )
        )
    return points


def _bow(
    left: tuple[float, float], right: tuple[float, float], sag: float
) -> list[tuple[float, float]]:
    """A parabola between two points; its middle hangs `sag` below the straight line."""
    points = []
    for share in np.linspace(0, 1, _CURVE_POINTS):
        y = left[1] + share * (right[1] - left[1]) + 4 * share * (1 - share) * sag
        points.append((left[0] + share * (right[0] - left[0]), y))
    return points


def _draw_head(pencil: _Pencil, person: _Person) -> None:
    pencil.fill(_arc((0, -0.12), person.head_width * 1.1, 1.0), person.hair)
    for side in (-1, 1):
        pencil.fill(_arc((side * person.head_width, 0.0), 0.1, 0.17), person.skin * 0.85)
    face = _arc((0, 0), person.head_width, 1.0, person.jaw)
    pencil.fill(((x, max(y, person.hairline + 0.25 * x * x)) for x, y in face), person.skin)


def _draw_eyes(pencil: _Pencil, person: _Person, expression: Expression) -> None:
    opening = 0.085 * max(expression.eye_opening, 0.15)
    white = min(255.0, person.skin * 1.15 + 30)
    for side in (-1, 1):
        middle = (side * person.eye_distance, -0.14)
        lids = _arc(middle, 0.15, opening)
        pencil.fill(lids, white)
        pencil.fill(_arc(middle, 0.065, min(0.075, opening)), 15)
        pencil.line([*lids, lids[0]], person.ink, 0.03)
        if person.glasses:
            rim = _arc(middle, 0.24, 0.2, 0.4)
            pencil.line([*rim, rim[0]], 25, 0.035)


def _draw_brows(pencil: _Pencil, person: _Person, expression: Expression) -> None:
    height = -0.36 - expression.brow_raise
    for side in (-1, 1):
        inner = (side * (person.eye_distance - 0.16), height - expression.brow_tilt / 2)
        outer = (side * (person.eye_distance + 0.17), height + expression.brow_tilt / 2)
        pencil.line(_bow(inner, outer, -0.04), person.ink, 0.07)


def _draw_nose(pencil: _Pencil, person: _Person, expression: Expression) -> None:
    shade = person.skin * 0.7
    pencil.line([(0.02, -0.1), (0.09, 0.22), (-0.06, 0.25)], shade, 0.035)
    depth = min(max(expression.nose_wrinkles, 0.0), 1.0)
    wrinkle = person.skin * (1 - 0.5 * depth)
    for side in (-1, 1):
        pencil.line([(side * 0.04, -0.2), (side * 0.11, -0.08)], wrinkle, 0.03)
        pencil.line([(side * 0.14, 0.2), (side * 0.24, 0.38)], wrinkle, 0.035)


def _draw_mouth(pencil: _Pencil, person: _Person, expression: Expression) -> None:
    width = max(expression.mouth_width, 0.1)
    opening = max(expression.mouth_opening, 0.0)
    corners = person.mouth_height - expression.mouth_curve / 2
    ends = (-width, corners), (width, corners)
    upper = _bow(*ends, expression.mouth_curve - opening)
    lower = _bow(*ends, expression.mouth_curve + opening)
    pencil.fill([*upper, *reversed(lower)], 25)
    pencil.line(upper, person.ink, 0.05)
    pencil.line(lower, person.ink, 0.05)


def _photograph(canvas: Image.Image, generator: np.random.Generator) -> np.ndarray:
    """Averages down to uint8 [48, 48, 1], under light from one side, with contrast and noise."""
    gray = np.asarray(canvas.reduce(_OVERSAMPLING), np.float32)
    across = np.linspace(-1, 1, _SIZE, dtype=np.float32)
    slope_x, slope_y = generator.normal(0, 0.18, 2)
    light = 1 + slope_x * across[None, :] + slope_y * across[:, None]
    gray = 128 + (gray * light - 128) * generator.uniform(0.5, 1.1)
    gray += generator.uniform(-25, 25) + generator.normal(0, generator.uniform(2, 12), gray.shape)
    return np.clip(np.rint(gray), 0, 255).astype(np.uint8).reshape(FACE_SHAPE)
