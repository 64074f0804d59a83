"""The frames of a recording by time: the same ones however the recording is split.

A range is read from a key frame at or before its start. What decodes from there on equals what
one reading of the whole file gives: a key frame refers to nothing before it, and neither do the
frames shown after it. Where seeking ends too late, as it can in MPEG-TS, an earlier start is
tried, in the last resort the file's beginning.
"""

import bisect
import itertools
from collections.abc import Generator, Iterator
from fractions import Fraction
from typing import BinaryIO, NamedTuple

import av
import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pipelines.media.video import (
    VideoError,
    VideoInfo,
    bound_decoder,
    demux,
    milliseconds,
    open_container,
    quarter_turns,
    time_of,
)

# How far before a range to begin; None: at the beginning of the file.
_EARLIER_MS = (0, 3_000, 10_000, 60_000, None)

_REORDERED = {"h264", "hevc"}  # codecs whose frames may be shown in another order than stored


class Frame(NamedTuple):
    """A frame of a recording."""

    number: int  # of the sample, floor(time * fps); without sampling, of the frame, from 0
    time_ms: int  # from the recording's first frame
    pixels: np.ndarray  # uint8, upright: [H, W, 3] RGB, or [H, W] gray


class Gap(NamedTuple):
    """A stretch of a recording that cannot be read."""

    start_ms: int  # of the first frame that is lost
    end_ms: int  # of the next one that is not
    message: str


class _Shot(NamedTuple):
    """A good frame, still in its decoder's format."""

    time_ms: int
    number: int  # of the packets whose frames are shown before it
    frame: VideoFrame


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
        colour: False for gray, which the decoder has at hand.

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
) -> tuple[int | None, Iterator[_Shot | Gap]]:
    """Returns the time of the last good frame before a range, and what comes after it.

    That time is None where no frame is before, or where it does not matter.
    """
    for earlier_ms in _EARLIER_MS:
        from_start = earlier_ms is None or earlier_ms >= start_ms
        begin_ms = None if from_start else start_ms - (earlier_ms or 0)
        events = _events(file, info, begin_ms)
        previous_ms, held = None, []
        for event in events:
            held.append(event)
            if isinstance(event, _Shot):
                if event.time_ms >= start_ms:
                    break
                previous_ms, held = event.time_ms, []
        if from_start or previous_ms is not None or _is_exact(held, start_ms, rate):
            break
        events.close()
    return previous_ms, itertools.chain(held, events)


def _is_exact(held: list[_Shot | Gap], start_ms: int, rate: Fraction | None) -> bool:
    """Tells whether a reading that found no frame before a range has lost none for it: its first
    frame is where the range starts, and a sample whatever is before."""
    if not held or not isinstance(held[0], _Shot) or held[0].time_ms != start_ms:
        return False
    return rate is None or start_ms * rate % 1000 == 0


def _events(
    file: BinaryIO, info: VideoInfo, begin_ms: int | None
) -> Generator[_Shot | Gap, None, None]:
    """Yields good frames and gaps from a key frame near a time on, or from the beginning."""
    with open_container(file) as container:
        stream = container.streams[info.stream]
        if not isinstance(stream, VideoStream):
            raise VideoError(f"stream {info.stream} is no longer a video; probe the file again")
        bound_decoder(stream)
        if begin_ms is not None:
            # Key frames' times are rounded: half a millisecond more, and it is found again.
            ticks = Fraction(2 * begin_ms + 1, 2000) / stream.time_base
            try:
                container.seek(info.start + int(ticks), stream=stream)
            except av.FFmpegError:
                return
        yield from _Reading(container, stream, info, anchored=begin_ms is None).events()


class _Reading:
    """Decodes a stream in sequence and notices which of its frames never come.

    Decoders work ahead, so that an error says little of when; but every packet has a time, and a
    frame is lost when one with a later time is shown first.
    """

    def __init__(
        self, container: InputContainer, stream: VideoStream, info: VideoInfo, anchored: bool
    ):
        self._container, self._stream, self._info = container, stream, info
        self._anchored = anchored  # what comes before the first key frame is no use otherwise
        self._numbers = dict(zip(info.key_frames_ms, info.key_frame_numbers, strict=True))
        self._pending: list[int] = []  # times of packets whose frames are not shown yet, rising
        self._damaged: set[int] = set()  # times of packets that are damaged
        self._shown = 0  # number of the next frame
        self._problem: str | None = None
        self._problem_until = 0  # the problem concerns frames up to this time
        # AVI has no presentation times. PyAV gives decoding times, which are right once sorted.
        self._is_unordered = container.format.name == "avi" and stream.codec.name in _REORDERED

    def events(self) -> Iterator[_Shot | Gap]:
        """Yields good frames and gaps, in order of time."""
        for packet in demux(self._container, self._stream):
            if isinstance(packet, av.FFmpegError):
                self._note(packet.strerror)
            else:
                self._expect(packet)
                for frame in self._decode(packet):
                    yield from self._show(frame)
        yield from self._finish()

    def _expect(self, packet: Packet) -> None:
        ticks = time_of(packet)
        if ticks is None or packet.is_discard:
            return
        bisect.insort(self._pending, ticks)
        if packet.is_corrupt:
            self._damaged.add(ticks)

    def _decode(self, packet: Packet) -> list[VideoFrame]:
        try:
            return packet.decode()
        except av.FFmpegError as error:
            self._note(error.strerror)
            return []

    def _note(self, problem: str | None) -> None:
        self._problem = problem or "data is damaged"
        self._problem_until = self._pending[-1] if self._pending else self._problem_until

    def _show(self, frame: VideoFrame) -> Iterator[_Shot | Gap]:
        ticks = self._pending[0] if self._is_unordered and self._pending else frame.pts
        if frame.is_corrupt or ticks in self._damaged:
            self._note("data is damaged")
            return
        time_ms = self._ms(ticks)
        is_known_key = frame.key_frame and time_ms in self._numbers
        if not (self._anchored or is_known_key):
            return
        lost = self._take_pending(ticks)
        if self._anchored and lost and self._problem:
            yield self._gap(lost, time_ms)
        self._anchored = True
        if is_known_key:
            self._shown = self._numbers[time_ms]
        yield _Shot(time_ms, self._shown, frame)
        self._shown += 1
        if ticks > self._problem_until:
            self._problem = None

    def _take_pending(self, ticks: int) -> list[int]:
        """Forgets the packets up to a frame; returns the times of those whose frames are lost."""
        place = bisect.bisect_left(self._pending, ticks)
        lost = self._pending[:place]
        del self._pending[: bisect.bisect_right(self._pending, ticks)]
        self._damaged.difference_update(lost)
        self._shown += len(lost)
        return lost

    def _gap(self, lost: list[int], end_ms: int) -> Gap:
        message = f"{len(lost)} frames cannot be decoded: {self._problem}"
        return Gap(self._ms(lost[0]), end_ms, message)

    def _finish(self) -> Iterator[Gap]:
        info = self._info
        if self._anchored and self._pending and self._problem:
            yield self._gap(self._pending, info.readable_ms)
        if info.readable_ms < info.duration_ms:
            message = f"recording is cut short: it claims to last {info.duration_ms} ms"
            yield Gap(info.readable_ms, info.duration_ms, message)

    def _ms(self, ticks: int) -> int:
        return milliseconds(ticks - self._info.start, self._stream.time_base)
