"""Contact sheets: rows of small faces under a heading each, on one picture."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .faces import SIDE

_SCALE = 2  # a face is shown at twice its size
_GAP = 6  # pixels
_HEADING = 22  # pixels
_CAPTION = 14  # pixels
_COLUMNS = 12
_CELL = SIDE * _SCALE + _GAP
_INK, _PAPER = 30, 250  # gray levels


class Picture(NamedTuple):
    """One face on the sheet."""

    face: np.ndarray  # uint8 [48, 48, 1]
    caption: str = ""


class Section(NamedTuple):
    """Faces that belong together."""

    heading: str
    pictures: Sequence[Picture]


def draw_sheet(sections: Sequence[Section]) -> Image.Image:
    """Returns a gray picture with one block a section; sections without faces say so."""
    heights = [_HEADING + _rows(section) * (_CELL + _CAPTION) + _GAP for section in sections]
    sheet = Image.new("L", (_COLUMNS * _CELL + _GAP, sum(heights) + _GAP), _PAPER)
    top = _GAP
    for section, height in zip(sections, heights, strict=True):
        _draw_section(sheet, section, top)
        top += height
    return sheet


def _rows(section: Section) -> int:
    return -(-len(section.pictures) // _COLUMNS)


def _draw_section(sheet: Image.Image, section: Section, top: int) -> None:
    draw = ImageDraw.Draw(sheet)
    heading = section.heading if section.pictures else f"{section.heading}: none"
    draw.text((_GAP, top), heading, fill=_INK, font=ImageFont.load_default(14))
    font = ImageFont.load_default(9)
    for place, picture in enumerate(section.pictures):
        row, column = divmod(place, _COLUMNS)
        left, upper = _GAP + column * _CELL, top + _HEADING + row * (_CELL + _CAPTION)
        face = Image.fromarray(picture.face.reshape(SIDE, SIDE))
        sheet.paste(face.resize((SIDE * _SCALE,) * 2, Image.Resampling.NEAREST), (left, upper))
        caption = _shortened(picture.caption, font)
        draw.text((left, upper + SIDE * _SCALE), caption, fill=_INK, font=font)


def _shortened(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Cuts a caption at its front, where paths differ least, to the width of a face."""
    if font.getlength(text) <= SIDE * _SCALE:
        return text
    while text and font.getlength(f"...{text}") > SIDE * _SCALE:
        text = text[1:]
    return f"...{text}"
