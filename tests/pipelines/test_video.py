"""Recordings in every container: what is known of them, and frames that no split changes."""

import io
import struct
from fractions import Fraction

import numpy as np
import pytest
import videos

from pipelines.media import video
from pipelines.media.frames import Frame, Gap, read_frames
from pipelines.media.video import VideoError, probe, ranges

FASTSTART = {"movflags": "faststart"}
# Times in ms of a rate that varies: dense, a pause, sparse.
UNEVEN = [*range(0, 1000, 20), *range(2600, 4000, 100), 4001, 4007, *range(4500, 6000, 250)]


def key(event: Frame | Gap):
    """Makes frames comparable."""
    if isinstance(event, Gap):
        return event
    return event.number, event.time_ms, event.pixels.shape, event.pixels.tobytes()


def read(data: bytes, fps=None, step_ms=None, colour=True) -> list[Frame | Gap]:
    """Reads a recording at once, or in steps."""
    file = io.BytesIO(data)
    info = probe(file)
    step_ms = step_ms or info.duration_ms
    parts = [(start, start + step_ms) for start in range(0, info.duration_ms, step_ms)]
    return [e for part in parts for e in read_frames(file, info, *part, fps, colour)]


def frames_of(events) -> list[Frame]:
    return [event for event in events if isinstance(event, Frame)]


def gaps_of(events) -> list[Gap]:
    return [event for event in events if isinstance(event, Gap)]


def nearest(pixels: np.ndarray, number: int) -> int:
    """Returns which of the drawn frames around a number the pixels look like most."""
    return min(
        range(number - 3, number + 4),
        key=lambda n: np.abs(videos.draw(n) - pixels.astype(int)).sum(),
    )


def damaged(data: bytes, at: float) -> bytes:
    """Returns the data with 1,500 bytes overwritten."""
    place = int(len(data) * at)
    noise = np.random.default_rng(0).integers(0, 256, 1500, dtype=np.uint8).tobytes()
    return data[:place] + noise + data[place + 1500 :]


@pytest.fixture(scope="module", params=videos.CONTAINERS)
def recording(request) -> bytes:
    return videos.make(request.param, 100)


def test_probe(recording):
    info = probe(io.BytesIO(recording))
    assert (info.width, info.height) == (videos.WIDTH, videos.HEIGHT)
    assert (info.duration_ms, info.readable_ms) == (4000, 4000)
    assert info.key_frames_ms[0] == 0 and len(info.key_frames_ms) > 3
    assert [number * 40 for number in info.key_frame_numbers] == list(info.key_frames_ms)
    assert info.is_seekable and info.holes == ()


def test_every_frame_has_its_number_its_time_and_its_picture(recording):
    frames = read(recording)
    assert [(frame.number, frame.time_ms) for frame in frames] == [(n, 40 * n) for n in range(100)]
    for frame in frames[::9]:
        assert nearest(frame.pixels, frame.number) == frame.number


@pytest.mark.parametrize("fps", [None, 3])
def test_splits_change_nothing(recording, fps):
    whole = [key(event) for event in read(recording, fps)]
    assert [key(event) for event in read(recording, fps, step_ms=333)] == whole
    file = io.BytesIO(recording)
    info = probe(file)
    parts = ranges(info, 800)
    assert len(parts) > 2
    assert [key(e) for part in parts for e in read_frames(file, info, *part, fps)] == whole


@pytest.mark.parametrize("name", ["closed.mp4", "hevc.mov", "h264.mkv"])
@pytest.mark.parametrize("fps", [None, 2, Fraction(1, 3), 7.5])
def test_variable_rate(name, fps):
    data = videos.make(name, times_ms=UNEVEN)
    whole = read(data, fps)
    assert [key(event) for event in read(data, fps, step_ms=701)] == [key(e) for e in whole]
    if fps is None:
        expected = list(enumerate(UNEVEN))
    else:
        first_of = {int(time * fps // 1000): time for time in reversed(UNEVEN)}
        expected = sorted(first_of.items())
    assert [(frame.number, frame.time_ms) for frame in whole] == expected


@pytest.mark.parametrize("name", ["closed.mp4", "open.mp4", "h264.ts", "mpeg2.ts"])
def test_open_groups_are_open(name):
    """Frames shown before a key frame, but stored after it, are what makes splitting hard."""
    with video.open_container(io.BytesIO(videos.make(name))) as container:
        packets = [packet for packet in video.demux(container) if packet.size]
    keys = [place for place, packet in enumerate(packets) if packet.is_keyframe]
    is_open = any(packets[place + 1].pts < packets[place].pts for place in keys[1:])
    assert is_open == (name != "closed.mp4")


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_turned(rotation):
    """What a player turns back on showing is upright."""
    data = videos.make("closed.mp4", 30, rotation=rotation)
    upright = np.rot90(videos.draw(29), rotation // 90)
    info = probe(io.BytesIO(data))
    assert (info.height, info.width) == upright.shape[:2]
    frame = read(data, step_ms=500)[-1]
    assert frame.pixels.flags.c_contiguous
    assert np.mean(np.abs(frame.pixels.astype(int) - upright)) < 12
    gray = read(data, colour=False)[-1].pixels
    assert np.mean(np.abs(gray - upright @ [0.299, 0.587, 0.114])) < 12


def test_sound_alone_and_cover_art_are_no_video():
    with pytest.raises(VideoError, match="no video stream, only: audio"):
        probe(io.BytesIO(videos.make_sound()))
    with pytest.raises(VideoError, match="no video stream but its cover art"):
        probe(io.BytesIO(videos.make_sound(cover=True)))


def test_sound_that_outlasts_the_picture_is_no_damage():
    info = probe(io.BytesIO(videos.make("h264.mkv", 50, sound_s=5)))
    assert (info.duration_ms, info.readable_ms) == (2000, 2000)


def test_what_cannot_be_opened():
    with pytest.raises(VideoError, match="cannot be opened: Invalid data"):
        probe(io.BytesIO(b"no recording" * 999))
    data = videos.make("closed.mp4")
    with pytest.raises(VideoError, match="mp4 and mov keep at their end is cut off"):
        probe(io.BytesIO(data[: len(data) // 2]))


def test_claims_beyond_bounds(monkeypatch):
    monkeypatch.setattr(video, "MAX_PIXELS", 90 * 60)
    with pytest.raises(VideoError, match="claims 96x64 pixels, expected at most 5,400"):
        probe(io.BytesIO(videos.make("closed.mp4", 3)))


def test_duration_beyond_bounds():
    data = videos.make("vp9.webm", 3)
    place = data.index(b"\x44\x89\x88") + 3  # Duration, a number of 8 bytes, in ms
    month = struct.pack(">d", 1000 * 60 * 60 * 24 * 30)
    with pytest.raises(VideoError, match=r"claims to last 30 days.*, expected at most 7 days"):
        probe(io.BytesIO(data[:place] + month + data[place + 8 :]))


@pytest.mark.parametrize(
    ("name", "options"),
    [("closed.mp4", FASTSTART), ("h264.mkv", {}), ("vp9.webm", {}), ("mpeg4.avi", {})],
)
@pytest.mark.parametrize("step_ms", [None, 450])
def test_cut_short(name, options, step_ms):
    data = videos.make(name, 150, options=options)
    events = read(data[: len(data) // 2], step_ms=step_ms)
    assert frames_of(events)[0].time_ms == 0 and len(frames_of(events)) > 40
    last = gaps_of(events)[-1]
    assert 2000 <= last.start_ms < 3100 and abs(last.end_ms - 6000) < 150
    assert last.message.startswith("recording is cut short: it claims ")


@pytest.mark.parametrize("name", ["closed.mp4", "open.mp4", "hevc.mov", "h264.mkv", "vp9.webm"])
@pytest.mark.parametrize("at", [0.3, 0.5])
def test_damage_is_a_gap_up_to_a_key_frame(name, at):
    data = damaged(videos.make(name, 150, options=FASTSTART if "." in name[-4:] else {}), at)
    events = read(data)
    (gap,) = gaps_of(events)
    assert gap.message == "frames cannot be decoded: data is damaged or missing"
    assert gap.end_ms in probe(io.BytesIO(data)).key_frames_ms
    times = [frame.time_ms for frame in frames_of(events)]
    assert set(times) == set(range(0, 6000, 40)) - set(range(gap.start_ms, gap.end_ms, 40))
    for frame in frames_of(events)[::5]:
        assert nearest(frame.pixels, frame.time_ms // 40) == frame.time_ms // 40


@pytest.mark.parametrize("name", videos.CONTAINERS)
@pytest.mark.parametrize("fps", [None, 2])
def test_splits_change_nothing_of_damage(name, fps):
    data = damaged(videos.make(name, 150), 0.5)
    whole = read(data, fps)
    assert gaps_of(whole) or name == "h264.avi"  # whose reader may step over whole frames
    assert [key(event) for event in read(data, fps, step_ms=410)] == [key(e) for e in whole]


def test_damaged_index_is_not_trusted():
    """Seeking in an AVI without the end of its index would end the reading there."""
    data = videos.make("h264.avi", 150)
    data = data[:-700] + bytes(range(256)) * 2 + data[-188:]
    info = probe(io.BytesIO(data))
    assert not info.is_seekable
    assert ranges(info, 1000) == [(0, 6000)]
    assert [frame.number for frame in read(data, step_ms=2500)] == list(range(150))


def test_errors_of_the_file_pass_through():
    class Failing(io.BytesIO):
        def read(self, size=-1):
            if self.tell() > 9_000:
                raise ConnectionResetError("lost the bucket")
            return super().read(size)

    with pytest.raises(ConnectionResetError, match="lost the bucket"):
        probe(Failing(videos.make("h264.mkv", 150)))


def test_ranges_of_a_short_recording():
    info = probe(io.BytesIO(videos.make("closed.mp4", 100)))
    assert ranges(info, 60_000) == [(0, 4000)]
    assert ranges(info, 3_000) == [(0, 4000)]  # the rest would be too short
    assert ranges(info, 2_000)[0][1] in info.key_frames_ms
