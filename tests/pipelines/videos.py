"""Recordings for tests, made with PyAV: every frame shows its number and is unlike the others."""

import io
import pathlib
import tempfile
from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np

WIDTH, HEIGHT = 96, 64  # pixels, as coded

# Every fourth frame is a P, every sixth of these a key frame; the three B before it refer to it.
_OPEN = {"g": "24", "x264-params": "open-gop=1:bframes=3:b-adapt=0:b-pyramid=0:scenecut=0"}

# name -> (format, codec, options of the codec)
CONTAINERS: dict[str, tuple[str, str, dict[str, str]]] = {
    "closed.mp4": ("mp4", "libx264", {"g": "25"}),
    "open.mp4": ("mp4", "libx264", _OPEN),
    "hevc.mov": ("mov", "libx265", {"g": "25", "x265-params": "log-level=none:pools=1"}),
    "h264.mkv": ("matroska", "libx264", {"g": "25"}),
    "vp9.webm": ("webm", "libvpx-vp9", {"g": "25", "deadline": "realtime", "cpu-used": "8"}),
    "mpeg4.avi": ("avi", "mpeg4", {"g": "25", "bf": "2", "b": "2000k"}),
    "h264.avi": ("avi", "libx264", {"g": "25", "bf": "3"}),
    "h264.ts": ("mpegts", "libx264", _OPEN),
    "mpeg2.ts": ("mpegts", "mpeg2video", {"g": "25", "bf": "2", "b": "2000k"}),
}


def draw(number: int) -> np.ndarray:
    """Returns a moving picture's frame, uint8 [64, 96, 3]: shades, a square, a corner in red."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    shade = (rows * 2 + columns + 3 * number) % 256
    pixels = np.stack([shade, shade[::-1], np.full_like(shade, (7 * number) % 200)], axis=-1)
    left = 20 + number % 40
    pixels[20:44, left : left + 24] = 255 - (5 * number) % 128
    pixels[:16, :16] = (255, 0, 0)
    return pixels.astype(np.uint8)


def make(
    name: str,
    frames: int = 100,
    *,
    times_ms: Sequence[int] | None = None,
    rotation: int = 0,
    sound_s: float = 0,
    options: dict[str, str] | None = None,
) -> bytes:
    """Returns a recording of a kind in CONTAINERS: at 25 frames/s, or at the times given."""
    container_format, codec, codec_options = CONTAINERS[name]
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, name)  # faststart reads what was written: no file in memory
        with av.open(str(path), "w", format=container_format, options=options or {}) as output:
            video = output.add_stream(codec, rate=25, options=codec_options)
            video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            video.thread_count = 1
            if times_ms:
                video.codec_context.time_base = Fraction(1, 1000)
            if rotation:
                video.set_display_rotation(rotation)
            sound = output.add_stream("aac", rate=8_000) if sound_s else None
            for number, time_ms in enumerate(times_ms or range(0, 40 * frames, 40)):
                output.mux(video.encode(_frame(number, time_ms)))
            output.mux(video.encode(None))
            if sound:
                _mux_silence(output, sound, sound_s)
        return path.read_bytes()


def make_sound(cover: bool = False) -> bytes:
    """Returns a recording without a picture, or with none but its cover."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as output:
        sound = output.add_stream("aac", rate=8_000)
        art = output.add_stream("png", rate=1) if cover else None
        if art:
            art.width, art.height, art.pix_fmt = WIDTH, HEIGHT, "rgb24"
            art.disposition = av.stream.Disposition.attached_pic
            output.mux(art.encode(_frame(0, 0)))
            output.mux(art.encode(None))
        _mux_silence(output, sound, 1)
    return file.getvalue()


def _frame(number: int, time_ms: int) -> av.VideoFrame:
    frame = av.VideoFrame.from_ndarray(draw(number), format="rgb24")
    frame.time_base = Fraction(1, 1000)
    frame.pts = time_ms
    return frame


def _mux_silence(output, sound, seconds: float) -> None:
    for start in range(0, int(8_000 * seconds), 1024):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
        frame.sample_rate, frame.pts, frame.time_base = 8_000, start, Fraction(1, 8_000)
        output.mux(sound.encode(frame))
    output.mux(sound.encode(None))
