"""The frames of a recording by time: the same ones however the recording is split.

A range is read from a key frame at or before its start. What decodes from there on equals what
one reading of the whole file gives: a key frame refers to nothing before it, and neither do the
frames shown after it. Where seeking ends too late, as it can in MPEG-TS, an earlier start is
tried, in the last resort the file's beginning.
"""

import itertools
from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO, NamedTuple

import numpy as np
from av.video.frame import VideoFrame

from pipelines.media.decoding import Gap as Gap
from pipelines.media.decoding import Shot, decode_from
from pipelines.media.video import VideoInfo, quarter_turns

# How far before a range to begin; None: at the beginning of the file.
_EARLIER_MS = (0, 3_000, 10_000, 60_000, 600_000, None)


class Frame(NamedTuple):
    """A frame of a recording."""

    number: int  # of the sample, floor(time * fps); without sampling, of the frame, from 0
    time_ms: int  # from the recording's first frame
    pixels: np.ndarray  # uint8, upright: [H, W, 3] RGB, or [H, W] gray


def read_frames(
    file: BinaryIO,
    info: VideoInfo,
    start_ms: int,
    stop_ms: int,
    fps: Fraction | float | None,
    colour: bool = True,
) -> Iterator[Frame | Gap]:
    """Yields the frames of a recording with start_ms <= time_ms < stop_ms, in order.

    The frames and gaps of adjacent ranges are, together, those of the whole. A gap belongs to the
    range that it starts in, and ends at the next good frame, be it in the next range.

    Args:
        file: Seekable; read by nobody else meanwhile. What its methods raise passes through.
        info: What `probe` said of it.
        start_ms: Time from the recording's first frame.
        stop_ms: Likewise.
        fps: Samples per second: of these, the first frame at or after each multiple of 1 / fps of
            the recording, whatever the range. None for every frame.
        colour: False for gray, which is the luma of the recording.

    Raises:
        VideoError: where the file can no longer be opened.
    """
    if start_ms >= info.readable_ms:
        return
    rate = None if fps is None else Fraction(fps).limit_denominator(1000)
    previous_ms, events = _begin(file, info, start_ms, rate)
    for event in events:
        if isinstance(event, Gap):
            if start_ms <= event.start_ms < stop_ms:
                yield event
            continue
        if event.time_ms >= stop_ms:
            return
        if _is_sample(previous_ms, event.time_ms, rate):
            number = event.number if rate is None else _sample(event.time_ms, rate)
            yield Frame(number, event.time_ms, _pixels(event.frame, colour))
        previous_ms = event.time_ms


def _sample(time_ms: int, rate: Fraction) -> int:
    return int(time_ms * rate // 1000)


def _is_sample(previous_ms: int | None, time_ms: int, rate: Fraction | None) -> bool:
    """Tells whether a multiple of 1 / rate lies behind one frame, and not behind the next."""
    if rate is None or previous_ms is None:
        return True
    return _sample(previous_ms, rate) < _sample(time_ms, rate)


def _pixels(frame: VideoFrame, colour: bool) -> np.ndarray:
    pixels = frame.to_ndarray(format="rgb24" if colour else "gray")
    return np.ascontiguousarray(np.rot90(pixels, quarter_turns(frame)))


def _begin(
    file: BinaryIO, info: VideoInfo, start_ms: int, rate: Fraction | None
) -> tuple[int | None, Iterator[Shot | Gap]]:
    """Returns the time of the last good frame before a range, and what comes after it.

    That time is None where no frame is before, or where it does not matter.
    """
    for earlier_ms in _EARLIER_MS:
        begin_ms = None
        if info.is_seekable and earlier_ms is not None and earlier_ms < start_ms:
            begin_ms = start_ms - earlier_ms
        events = decode_from(file, info, begin_ms)
        previous_ms, held = None, []
        for event in events:
            held.append(event)
            if isinstance(event, Shot):
                if event.time_ms >= start_ms:
                    break
                previous_ms, held = event.time_ms, []
        if begin_ms is None or previous_ms is not None or _is_exact(held, start_ms, rate):
            break
        events.close()
    return previous_ms, itertools.chain(held, events)


def _is_exact(held: list[Shot | Gap], start_ms: int, rate: Fraction | None) -> bool:
    """Tells whether a reading that found no frame before a range has lost none for it: its first
    frame is where the range starts, and a sample whatever is before."""
    if not held or not isinstance(held[0], Shot) or held[0].time_ms != start_ms:
        return False
    return rate is None or start_ms * rate % 1000 == 0
