"""Decodes a recording in sequence, from anywhere, and tells what of it is lost."""

import bisect
from collections.abc import Generator, Iterator
from fractions import Fraction
from typing import BinaryIO, NamedTuple

import av
from av.container import InputContainer
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from pipelines.media.video import (
    VideoInfo,
    bound_decoder,
    demux,
    milliseconds,
    open_container,
    seek,
    time_base,
    time_of,
    video_stream,
)

_REORDERED = {"h264", "hevc"}  # codecs that show frames in another order than they store
_DRAINS = 64  # errors while a decoder gives out what it held back; more than it can hold


class Shot(NamedTuple):
    """A good frame, still in its decoder's format."""

    time_ms: int  # from the recording's first frame
    number: int  # frames of the recording before it
    frame: VideoFrame


class Gap(NamedTuple):
    """A stretch of a recording that cannot be read."""

    start_ms: int  # of the first frame that is lost
    end_ms: int  # of the next one that is not
    message: str


def decode_from(
    file: BinaryIO, info: VideoInfo, begin_ms: int | None
) -> Generator[Shot | Gap, None, None]:
    """Yields good frames and gaps in order of time, to the end of the recording.

    Args:
        file: Seekable; read by nobody else until the generator is closed.
        info: What `probe` said of it.
        begin_ms: Where to seek; the first frame is that of a key frame near it, as a rule before.
            None to read from the beginning, without a seek.

    Raises:
        VideoError: where the file is no longer the recording it was.
    """
    with open_container(file) as container:
        stream = video_stream(container, info.stream)
        bound_decoder(stream)
        if begin_ms is not None:
            # The times of key frames are rounded: half a ms more, and each is found again.
            ticks = Fraction(2 * begin_ms + 1, 2000) / time_base(stream)
            if not seek(container, stream, info.start + int(ticks)):
                return
        yield from _Reading(container, stream, info, anchored=begin_ms is None).events()


class _Reading:
    """One pass of a decoder.

    Decoders work ahead, so that an error says little of when; but every packet has a time, and a
    frame is lost when one with a later time is shown first. Frames after a lost one are lost too,
    up to the next key frame: they are built upon what happened to be in the decoder's memory, and
    look different in each reading.
    """

    def __init__(
        self, container: InputContainer, stream: VideoStream, info: VideoInfo, anchored: bool
    ):
        self._container, self._stream, self._info = container, stream, info
        self._time_base = time_base(stream)
        self._anchored = anchored  # frames before the first key frame can be used
        self._numbers = dict(zip(info.key_frames_ms, info.key_frame_numbers, strict=True))
        self._pending = list(info.holes)  # times of what was not shown yet, rising
        self._bad = set(info.holes)  # times of packets that are damaged or missing
        self._next_number = 0
        self._latest = info.start - 1  # time of the last good frame
        self._errors_until = info.start - 1  # frames up to this time may be lost to an error
        self._lost_ms: int | None = None  # since when frames are lost
        # AVI has no presentation times. FFmpeg gives decoding times, which are right once sorted.
        is_reordered = stream.codec_context.name in _REORDERED
        self._is_unordered = container.format.name == "avi" and is_reordered

    def events(self) -> Iterator[Shot | Gap]:
        for packet in demux(self._container, self._stream):
            if isinstance(packet, av.FFmpegError):
                self._note_error()
                continue
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
            self._bad.add(ticks)

    def _decode(self, packet: Packet) -> Iterator[VideoFrame]:
        for _ in range(_DRAINS):
            try:
                yield from packet.decode()
                return
            except av.EOFError:  # all was given out
                return
            except av.FFmpegError:
                self._note_error()
                if packet.size:
                    return

    def _note_error(self) -> None:
        if self._pending:
            self._errors_until = max(self._errors_until, self._pending[-1])

    def _show(self, frame: VideoFrame) -> Iterator[Shot | Gap]:
        ticks = self._ticks_of(frame)
        missing = self._strike_out(ticks)
        if ticks <= self._latest:  # decoders of damaged data can step back
            self._lose([self._latest + 1])
            return
        if frame.is_corrupt or ticks in self._bad:
            self._lose([*missing, ticks])
            return
        if self._are_lost(missing):
            self._lose(missing)
        time_ms = self._ms(ticks)
        if frame.key_frame and time_ms in self._numbers:
            yield from self._resume(time_ms)
        if self._anchored and self._lost_ms is None:
            self._latest = ticks
            yield Shot(time_ms, self._next_number - 1, frame)

    def _ticks_of(self, frame: VideoFrame) -> int:
        if self._is_unordered and self._pending and not frame.key_frame:
            return self._pending[0]
        return frame.pts or 0  # PyAV leaves no frame without

    def _strike_out(self, ticks: int) -> list[int]:
        """Counts a frame in, and returns the times of those that should have come before it."""
        place = bisect.bisect_left(self._pending, ticks)
        missing = self._pending[:place]
        del self._pending[: bisect.bisect_right(self._pending, ticks)]
        self._next_number += len(missing) + 1
        return missing

    def _are_lost(self, missing: list[int]) -> bool:
        """Tells damage from packets that rightly show no frame, as VP8 has them."""
        if not missing:
            return False
        return missing[0] <= self._errors_until or not self._bad.isdisjoint(missing)

    def _lose(self, ticks: list[int]) -> None:
        if self._lost_ms is None:
            self._lost_ms = self._ms(ticks[0])

    def _resume(self, time_ms: int) -> Iterator[Gap]:
        """Starts afresh at a key frame."""
        if self._anchored:
            yield from self._end_gap(time_ms)
        self._anchored, self._lost_ms = True, None
        self._next_number = self._numbers[time_ms] + 1

    def _end_gap(self, end_ms: int) -> Iterator[Gap]:
        if self._lost_ms is not None:
            message = "frames cannot be decoded: data is damaged or missing"
            yield Gap(self._lost_ms, end_ms, message)

    def _finish(self) -> Iterator[Gap]:
        info = self._info
        if self._are_lost(self._pending):
            self._lose(self._pending)
        yield from self._end_gap(info.readable_ms)
        if info.readable_ms < info.duration_ms:
            claim = f"it claims {info.duration_ms / 1000:.1f} s"
            yield Gap(info.readable_ms, info.duration_ms, f"recording is cut short: {claim}")

    def _ms(self, ticks: int) -> int:
        return milliseconds(ticks - self._info.start, self._time_base)
