"""Whatever bytes arrive, the same uint8 [48, 48, 1] comes out, or a sentence that says why not."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tfrecords.faces import (
    FaceError,
    decode_gray,
    face_from_bytes,
    fit_face,
    gray_from_rgb,
)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def gray(pixels: np.ndarray) -> Image.Image:
    return Image.fromarray(pixels.reshape(pixels.shape[:2]))


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM"])
def test_gray_48_passes_through_unchanged(face, kind):
    np.testing.assert_array_equal(face_from_bytes(encoded(gray(face), kind)), face)


def test_gray_jpeg_is_what_the_decoder_says(face):
    data = encoded(gray(face), "JPEG")
    expected = np.asarray(Image.open(io.BytesIO(data)))[..., None]
    np.testing.assert_array_equal(face_from_bytes(data), expected)


@pytest.mark.parametrize("factor", [2, 3, 5])
def test_larger_image_is_area_averaged(generator, factor):
    pixels = generator.integers(0, 256, (48 * factor, 48 * factor), dtype=np.uint8)
    means = pixels.reshape(48, factor, 48, factor).mean(axis=(1, 3))
    got = face_from_bytes(encoded(gray(pixels)))[..., 0]
    np.testing.assert_allclose(got, means, atol=0.5001)


def test_area_average_weighs_fractions_of_pixels():
    # 72 to 48: each target covers one and a half source pixels.
    pixels = np.zeros((72, 72), np.uint8)
    pixels[:, 0] = 90
    got = face_from_bytes(encoded(gray(pixels)))[..., 0]
    np.testing.assert_array_equal(got[:, 0], 60)
    np.testing.assert_array_equal(got[:, 1:], 0)


def test_area_average_keeps_the_mean(generator):
    pixels = generator.integers(0, 256, (131, 131), dtype=np.uint8)
    assert abs(fit_face(pixels).mean() - pixels.mean()) < 0.5


def test_smaller_image_is_enlarged_smoothly():
    ramp = np.tile(np.arange(0, 240, 10, dtype=np.uint8), (24, 1))
    got = face_from_bytes(encoded(gray(ramp)))[..., 0].astype(int)
    assert (np.diff(got[0]) >= 0).all() and np.diff(got[0]).max() <= 6


def test_centre_square_of_a_wide_image(face):
    wide = np.concatenate([np.zeros((48, 9, 1), np.uint8), face, np.zeros((48, 9, 1), np.uint8)], 1)
    np.testing.assert_array_equal(face_from_bytes(encoded(gray(wide))), face)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
def test_exif_orientation_is_applied(orientation, kind):
    upright = np.full((48, 48), 20, np.uint8)
    upright[:24, :24] = 220  # bright upper left
    to_stored = {1: "", 2: "h", 3: "hv", 4: "v", 5: "t", 6: "tv", 7: "thv", 8: "th"}[orientation]
    stored = upright
    for step in to_stored:
        stored = {"h": np.fliplr, "v": np.flipud, "t": np.transpose}[step](stored)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(gray(np.ascontiguousarray(stored)), kind, exif=exif)
    got = face_from_bytes(data)[..., 0]
    assert got[12, 12] > 200 and got[12, 36] < 40 and got[36, 12] < 40


def test_colour_becomes_bt601_luma():
    red = Image.new("RGB", (48, 48), (255, 0, 0))
    assert np.unique(face_from_bytes(encoded(red))).tolist() == [76]


def test_cmyk_is_not_inverted():
    cyan_free = Image.new("CMYK", (48, 48), (0, 0, 0, 51))  # 20 % black ink
    got = face_from_bytes(encoded(cyan_free, "JPEG", quality=95))
    np.testing.assert_allclose(got, 204, atol=2)


def test_16_bits_are_scaled_and_not_clipped():
    ramp = np.tile(np.linspace(0, 65_535, 48).astype(np.uint16), (48, 1))
    for kind in ("PNG", "TIFF"):
        got = face_from_bytes(encoded(Image.fromarray(ramp), kind))[..., 0]
        np.testing.assert_array_equal(got, ramp >> 8)


def test_palette_is_looked_up():
    image = Image.new("P", (48, 48), 1)
    image.putpalette([255, 255, 255, 0, 0, 255])
    assert np.unique(face_from_bytes(encoded(image))).tolist() == [29]


def test_transparency_shows_white_and_not_what_is_hidden():
    palette = Image.new("P", (48, 48), 0)
    palette.putpalette([0, 0, 0, 200, 200, 200])
    palette.paste(1, (0, 0, 24, 48))
    got = face_from_bytes(encoded(palette, transparency=0))[..., 0]
    assert np.unique(got[:, :24]).tolist() == [200] and np.unique(got[:, 24:]).tolist() == [255]
    clear = Image.new("RGBA", (48, 48), (0, 0, 0, 0))
    assert np.unique(face_from_bytes(encoded(clear))).tolist() == [255]
    half = Image.new("LA", (48, 48), (0, 128))
    np.testing.assert_allclose(face_from_bytes(encoded(half)), 127, atol=1)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_first_frame_of_an_animation(kind):
    frames = [Image.new("L", (48, 48), level) for level in (50, 200)]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)
    np.testing.assert_allclose(face_from_bytes(data), 50, atol=1)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "LAB", "I;16"])
def test_every_mode_becomes_a_face(mode):
    kind = "TIFF" if mode in ("CMYK", "LAB") else "PNG"
    got = face_from_bytes(encoded(Image.new(mode, (50, 60)), kind))
    assert (got.shape, got.dtype) == ((48, 48, 1), np.uint8)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    body = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + body + struct.pack(">I", 0) + b"IDAT" + b"\0" * 4


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "^file is empty$"),
        (b"just some text\n" * 9, "^not an image of a known format$"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "^not an image of a known format$"),
        (png_header(9_000, 9_000), "^image is too large: 9000x9000 pixels, at most 67108864 acc"),
        (png_header(100_000, 100_000), "^image is too large, at most 67108864 pixels accepted$"),
        (encoded(Image.new("L", (1, 1))), "^image is 1x1 pixels; a face needs 8 on each side$"),
        (encoded(Image.new("L", (500, 7))), "^image is 500x7 pixels; a face needs 8"),
        (
            encoded(Image.effect_noise((64, 64), 50), "JPEG")[:-400],
            "^image is damaged: .*truncated",
        ),
        (encoded(Image.effect_noise((64, 64), 50))[:-900], "^image is damaged: "),
        (encoded(Image.new("F", (48, 48)), "TIFF"), "^image has F pixels"),
    ],
)
def test_what_is_no_face_says_why(data, message):
    with pytest.raises(FaceError, match=message):
        face_from_bytes(data)


def test_bound_on_pixels_is_the_callers():
    data = encoded(Image.new("L", (100, 100)))
    assert decode_gray(data, max_pixels=10_000).shape == (100, 100)
    with pytest.raises(FaceError, match="100x100 pixels, at most 9999 accepted"):
        decode_gray(data, max_pixels=9_999)


def test_colours_in_memory_turn_gray_as_those_of_files_do(generator):
    pixels = generator.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    expected = decode_gray(encoded(Image.fromarray(pixels)))
    np.testing.assert_array_equal(gray_from_rgb(pixels), expected)


def test_gray_in_three_channels_is_the_same_gray():
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(gray_from_rgb(np.dstack([levels] * 3)), levels)
