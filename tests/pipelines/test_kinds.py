"""The kind of a file by its first bytes: real files of each kind, and what only looks like one."""

import io
import tarfile
import zipfile

import numpy as np
import pytest
import videos
from PIL import Image

from pipelines.media.kinds import HEAD, compression_of, kind_of


def image(format_name: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.zeros((16, 16), np.uint8)).save(file, format_name)
    return file.getvalue()


def tar(mode: str, tar_format: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode, format=tar_format) as archive:
        archive.addfile(tarfile.TarInfo("a"), io.BytesIO())
    return file.getvalue()


def v7_tar() -> bytes:
    """A tar as of 1979: without the signature and what follows it."""
    header = bytearray(tar("w")[:512])
    header[257:] = bytes(255)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return bytes(header) + bytes(1024)


def zip_file(*names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return file.getvalue()


FORMATS = ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "AVIF", "JPEG2000"]


@pytest.mark.parametrize("name", FORMATS)
def test_images(name):
    assert kind_of(image(name)[:HEAD]) == "image"


@pytest.mark.parametrize("name", ["closed.mp4", "hevc.mov", "h264.mkv", "vp9.webm", "mpeg4.avi"])
def test_recordings(name):
    assert kind_of(videos.make(name, 3)[:HEAD]) == "video"


def test_transport_streams():
    data = videos.make("mpeg2.ts", 10)
    assert kind_of(data[:HEAD]) == "video"
    packets = (data[start : start + 188] for start in range(0, 1880, 188))
    assert kind_of(b"".join(b"\0\0\0\0" + packet for packet in packets)[:HEAD]) == "video"


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_tars(mode):
    head = tar(mode)[:HEAD]
    names = {"w": None, "w:gz": "gzip", "w:bz2": "bzip2", "w:xz": "xz"}
    assert (kind_of(head), compression_of(head)) == ("tar", names[mode])


def test_tars_of_other_ages():
    assert kind_of(tar("w", tarfile.GNU_FORMAT)[:HEAD]) == "tar"
    assert kind_of(v7_tar()[:HEAD]) == "tar"


@pytest.mark.parametrize("names", [("a",), ()])
def test_zips(names):
    assert kind_of(zip_file(*names)[:HEAD]) == "zip"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"P",
        b"BM is a bank, and this is its letter to you" * 20,
        b"P5 is an image format, P6 another one " * 20,
        b"GGG GGG" * 10,
        b"emotion,pixels,Usage\n0,1 2 3,Training\n",
        bytes(HEAD),
        b"RIFF\x24\0\0\0WAVEfmt ",
        b"%PDF-1.7",
    ],
)
def test_nothing_of_ours(head):
    assert kind_of(head) is None
