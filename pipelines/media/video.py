"""Recordings: what a file holds, learned without decoding it, and where it can be split."""

import bisect
import datetime
from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO, NamedTuple

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

MAX_PIXELS = 8192 * 8192  # a frame of this size takes 200 MB as RGB
MAX_DURATION_MS = 7 * 24 * 60 * 60 * 1000  # a week; longer claims come from damaged headers
MAX_FRAMES = MAX_DURATION_MS // 1000 * 60
_TOLERANCE_MS = 1000  # by which a whole file may end before its header says
_PACKETS_TO_FIRST_FRAME = 500
_OVERHEAD = 1024  # bytes between two packets of a Matroska file; some 20 are usual
_MAX_DELAY = 60  # seconds from the decoding of a frame to its presentation
_WITHOUT_INDEX = {"mpegts", "mpeg"}
_DEMUX_ERRORS = 8  # in a row; damage is stepped over, an end that fails for ever is an end


class VideoError(ValueError):
    """A file that cannot be read as a recording; the message says why."""


class VideoInfo(NamedTuple):
    """What is known of a recording before its frames are read."""

    width: int  # pixels, upright
    height: int  # pixels, upright
    duration_ms: int  # from the first frame to the end of the last; what is missing included
    readable_ms: int  # less than duration_ms where the file is cut short
    stream: int  # index of the video stream in its container
    start: int  # presentation time of the first frame, in units of the stream's time base
    key_frames_ms: tuple[int, ...]  # rising; frames from which decoding can begin
    key_frame_numbers: tuple[int, ...]  # frames of the recording before each of them
    holes: tuple[int, ...]  # where damage swallowed frames whole; in units like start
    is_seekable: bool  # False: every range has to be read from the beginning


def probe(file: BinaryIO) -> VideoInfo:
    """Reads a recording through once without decoding more than its first frame.

    Args:
        file: Seekable; what its methods raise passes through.

    Raises:
        VideoError: where there is no video to read, or a header makes claims beyond all bounds.
    """
    with open_container(file) as container:
        stream = _choose_stream(container)
        index = stream.index  # a stream must not be asked once its container is closed
        _check_claims(container, stream)
        frame = _first_frame(container, stream)
    with open_container(file) as container:
        times = _Times(container, index)
    upright = frame.width, frame.height
    width, height = upright[::-1] if quarter_turns(frame) % 2 else upright
    return VideoInfo(
        width=width,
        height=height,
        duration_ms=times.duration_ms,
        readable_ms=times.readable_ms,
        stream=index,
        start=times.start,
        key_frames_ms=times.key_frames_ms,
        key_frame_numbers=times.key_frame_numbers,
        holes=tuple(times.holes),
        is_seekable=_is_seekable(file, index, times),
    )


def ranges(info: VideoInfo, length_ms: int) -> list[tuple[int, int]]:
    """Cuts a recording at key frames into parts `start_ms <= time < stop_ms` that cover it.

    Args:
        info: Of the recording; one that is not seekable is one part.
        length_ms: A part ends at the first key frame after this time; the last one is at least
            half as long.
    """
    cuts = [0]
    if not info.is_seekable:
        return [(0, info.duration_ms)]
    for time_ms in info.key_frames_ms:
        if time_ms >= cuts[-1] + length_ms and time_ms + length_ms // 2 <= info.duration_ms:
            cuts.append(time_ms)
    return list(zip(cuts, [*cuts[1:], info.duration_ms], strict=True))


def open_container(file: BinaryIO) -> InputContainer:
    """Opens a recording at its beginning, with the decoders bound to MAX_PIXELS.

    Raises:
        VideoError: where the container is unknown or damaged.
    """
    file.seek(0)
    try:
        # The option goes to the decoders that look into streams while opening, as well.
        return av.open(
            file, "r", options={"max_pixels": str(MAX_PIXELS)}, metadata_errors="replace"
        )
    except av.FFmpegError as error:
        raise VideoError(
            f"recording cannot be opened: {error.strerror}; its header is damaged, or the index "
            "that mp4 and mov keep at their end is cut off"
        ) from error


def demux(container: InputContainer, *streams: VideoStream) -> Iterator[Packet | av.FFmpegError]:
    """Yields the packets of streams (of all, if none is named), and errors between them."""
    errors = 0
    while errors < _DEMUX_ERRORS:
        try:
            for packet in container.demux(*streams):
                errors = 0
                _mend(packet)
                yield packet
            return
        except IndexError:  # PyAV's at the end, where streams began after it had opened the file
            continue
        except av.FFmpegError as error:
            errors += 1
            yield error


def _mend(packet: Packet) -> None:
    """Replaces a presentation time that damage has put far from the decoding time."""
    if packet.pts is not None and packet.dts is not None:
        if abs(packet.pts - packet.dts) * time_base(packet) > _MAX_DELAY:
            packet.pts = packet.dts


def video_stream(container: InputContainer, index: int) -> VideoStream:
    """Returns the stream of a probed recording.

    Raises:
        VideoError: where it has no such stream any more.
    """
    for stream in container.streams.video:
        if stream.index == index:
            return stream
    raise VideoError(f"recording has changed: its stream {index} is no video; probe it again")


def bound_decoder(stream: VideoStream) -> None:
    """Lets a stream's decoder use all cores, and refuse frames beyond MAX_PIXELS."""
    stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
    stream.thread_type = "AUTO"


def time_base(stream: VideoStream | Packet) -> Fraction:
    """Returns the unit of a stream's times, in seconds; microseconds where it has none."""
    return stream.time_base or Fraction(1, av.time_base)


def milliseconds(ticks: int, time_base: Fraction) -> int:
    """Returns a span of time in ms; halves are rounded away from zero."""
    scaled = abs(ticks) * time_base * 1000
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return whole if ticks >= 0 else -whole


def time_of(packet: Packet) -> int | None:
    """Returns the presentation time of a packet, or its decoding time where it has no other."""
    return packet.dts if packet.pts is None else packet.pts


def quarter_turns(frame: VideoFrame) -> int:
    """Returns how often to turn a frame by 90 degrees counterclockwise to see it upright."""
    return round(frame.rotation / 90) % 4


def _choose_stream(container: InputContainer) -> VideoStream:
    """Returns the first video stream that is not cover art."""
    videos = container.streams.video
    if not videos:
        kinds = ", ".join(sorted({stream.type for stream in container.streams})) or "nothing"
        raise VideoError(f"recording has no video stream, only: {kinds}")
    for stream in videos:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    raise VideoError("recording has no video stream but its cover art")


def _check_claims(container: InputContainer, stream: VideoStream) -> None:
    if stream.codec_context is None:
        raise VideoError("video is coded in a way that no decoder here knows")
    if stream.width * stream.height > MAX_PIXELS:
        raise VideoError(
            f"header claims {stream.width}x{stream.height} pixels, expected at most {MAX_PIXELS:,}"
        )
    if stream.frames > MAX_FRAMES:
        raise VideoError(f"header claims {stream.frames:,} frames, expected at most {MAX_FRAMES:,}")
    _check_duration(max(_claimed_ms(container), 0))


def _check_duration(duration_ms: int) -> None:
    if duration_ms > MAX_DURATION_MS:
        claimed = datetime.timedelta(seconds=duration_ms // 1000)
        allowed = datetime.timedelta(milliseconds=MAX_DURATION_MS)
        raise VideoError(f"recording claims to last {claimed}, expected at most {allowed}")


def _claimed_ms(container: InputContainer) -> int:
    """Returns the duration that a container's header claims, 0 where it claims none."""
    return milliseconds(container.duration or 0, Fraction(1, av.time_base))


def _first_frame(container: InputContainer, stream: VideoStream) -> VideoFrame:
    """Decodes up to the first frame: only a frame knows how it is turned."""
    bound_decoder(stream)
    reason = "it has no frames"
    for _, packet in zip(range(_PACKETS_TO_FIRST_FRAME), demux(container, stream), strict=False):
        try:
            if isinstance(packet, av.FFmpegError):
                raise packet
            for frame in packet.decode():
                return frame
        except av.FFmpegError as error:
            reason = error.strerror or str(error)
    raise VideoError(f"no frame of the video can be decoded: {reason}")


def seek(container: InputContainer, stream: VideoStream, ticks: int) -> bool:
    """Goes to the key frame at or before a presentation time; tells whether that worked."""
    try:
        container.seek(ticks, stream=stream)
    except av.FFmpegError:
        return False
    return True


def _is_seekable(file: BinaryIO, index: int, times: "_Times") -> bool:
    """Seeks to the last key frame: where an index is damaged, as an AVI's at its end may be, the
    reading ends too early from there. MPEG-TS has none; its seeks may go too far, but the reading
    never ends early."""
    if times.last_key == times.start:
        return False
    with open_container(file) as container:
        stream = video_stream(container, index)
        if container.format.name in _WITHOUT_INDEX:
            return True
        if not seek(container, stream, times.last_key):
            return False
        packets = (packet for packet in demux(container, stream) if isinstance(packet, Packet))
        return any(time_of(packet) == times.last for packet in packets)


class _Times:
    """The presentation times of a recording, from one pass over its packets."""

    def __init__(self, container: InputContainer, index: int):
        self._index = index
        self._base = time_base(video_stream(container, index))
        self._ticks: list[int] = []
        self._key_ticks: list[int] = []
        self.holes: list[int] = []
        self._ends: dict[Fraction, int] = {}  # time base -> end of the last packet counted in it
        self._last_duration = 0
        self._latest: int | None = None  # presentation time
        self._last_decoded = 0  # time
        self._next_byte: int | None = None
        self._has_skipped = False
        for packet in demux(container):
            if isinstance(packet, Packet):
                self._add(packet, may_skip=container.format.name.startswith("matroska"))
        if not self._ticks:
            raise VideoError("video stream has no frames")
        self._ticks.sort()
        self._measure(container)

    def _add(self, packet: Packet, may_skip: bool) -> None:
        if may_skip:
            self._notice_skip(packet)
        ticks = time_of(packet)
        if ticks is None or packet.is_discard:
            return
        base, end = time_base(packet), ticks + (packet.duration or 0)
        self._ends[base] = max(self._ends.get(base, end), end)
        if packet.stream_index == self._index:
            self._notice_hole(ticks, packet)
            self._ticks.append(ticks)
            self._last_duration = packet.duration or self._last_duration
            if packet.is_keyframe:
                self._key_ticks.append(ticks)

    def _notice_skip(self, packet: Packet) -> None:
        """Matroska's reader steps over damage without a word; but then bytes are of no packet."""
        if packet.pos is not None:
            if self._next_byte is not None and packet.pos > self._next_byte + _OVERHEAD:
                self._has_skipped = True
            self._next_byte = packet.pos + packet.size

    def _notice_hole(self, ticks: int, packet: Packet) -> None:
        """Skipped bytes matter where time is skipped too; they may be of a transparency layer.

        The damage begins in the packet before, and can concern what is shown from when that is
        decoded.
        """
        is_late = self._latest is not None and ticks > self._latest + max(self._last_duration, 1)
        if self._has_skipped and is_late:
            self.holes.append(self._last_decoded)
        self._latest = ticks if self._latest is None else max(self._latest, ticks)
        self._last_decoded = ticks if packet.dts is None else min(packet.dts, ticks)
        self._has_skipped = False

    def _measure(self, container: InputContainer) -> None:
        keys = sorted(self._key_ticks)
        self.start, self.last = self._ticks[0], self._ticks[-1]
        self.last_key = keys[-1] if keys else self.start
        self.key_frames_ms = tuple(self._ms(ticks) for ticks in keys)
        self.key_frame_numbers = tuple(bisect.bisect_left(self._ticks, ticks) for ticks in keys)
        # At least 1 ms behind the last frame, so that it lies within the duration.
        end_ms = self._ms(self.last + self._last_duration)
        self.readable_ms = max(end_ms, self._ms(self.last) + 1)
        claims = (self._missing_ms(container), self._missing_frames_ms(container))
        missing_ms = next((claim for claim in claims if claim > _TOLERANCE_MS), 0)
        self.duration_ms = self.readable_ms + missing_ms
        _check_duration(self.duration_ms)

    def _ms(self, ticks: int) -> int:
        return milliseconds(ticks - self.start, self._base)

    def _missing_ms(self, container: InputContainer) -> int:
        """Returns how much earlier all streams end than claimed: video alone may well be shorter
        than its sound."""
        begin = Fraction(container.start_time or 0, av.time_base)
        end = max(base * ticks for base, ticks in self._ends.items())
        return _claimed_ms(container) - int((end - begin) * 1000)

    def _missing_frames_ms(self, container: InputContainer) -> int:
        """The same by the number of frames: of a cut AVI the duration is reckoned from its size."""
        missing = video_stream(container, self._index).frames - len(self._ticks)
        return missing * self.readable_ms // len(self._ticks)
