"""What a file is by its first bytes, whatever its name says.

Signatures are those of the formats' specifications; where one is short enough to be met in text
as well, more of the header is asked for.
"""

import re

HEAD = 512  # bytes that tell: a header of tar, and three packets of MPEG-TS

_IMAGES = re.compile(
    rb"\xff\xd8\xff"  # JPEG
    rb"|\x89PNG\r\n\x1a\n"
    rb"|GIF8[79]a"
    rb"|RIFF....WEBP"
    rb"|BM.{4}\0\0\0\0.{4}[\x0c\x28\x34\x38\x40\x6c\x7c]\0\0\0"  # BMP, with the size of its header
    rb"|II[*+]\0|MM\0[*+]"  # TIFF and BigTIFF
    rb"|P[1-6]\s+(#[^\n]*\n\s*)*[0-9]"  # PBM, PGM, PPM
    rb"|\0\0\0\x0cjP  \r\n\x87\n|\xff\x4f\xff\x51"  # JPEG 2000, in its box or bare
    rb"|....ftyp(avi[fs]|hei[cmsx]|hev[cmsx]|mif1|msf1)",  # AVIF and HEIC
    re.DOTALL,
)
_VIDEOS = re.compile(
    rb"....(ftyp|styp|moov|moof|mdat|wide|free|skip|pnot)"  # mp4, and mov before it had brands
    rb"|\x1a\x45\xdf\xa3"  # Matroska and WebM
    rb"|RIFF....AVI |\0\0\x01[\xba\xb3]"  # AVI; MPEG program stream or bare MPEG video
    rb"|FLV\x01|OggS\0"
    rb"|\x30\x26\xb2\x75\x8e\x66\xcf\x11"  # ASF and WMV
    rb"|\x06\x0e\x2b\x34\x02\x05\x01\x01",  # MXF
    re.DOTALL,
)
_ZIP = re.compile(rb"PK(\x03\x04|\x05\x06|\x07\x08)")
_COMPRESSIONS = {
    "gzip": re.compile(rb"\x1f\x8b\x08"),
    "bzip2": re.compile(rb"BZh[1-9](\x31\x41\x59\x26\x53\x59|\x17\x72\x45\x38\x50\x90)"),
    "xz": re.compile(rb"\xfd7zXZ\0"),
}
_TS_PACKET = 188  # bytes; Blu-ray's m2ts has 4 more in front of each
_CHECKSUM = slice(148, 156)  # of a header of tar


def kind_of(head: bytes) -> str | None:
    """Tells by the first HEAD bytes of a file what reads it: "image", "zip", "tar" or "video".

    None where nothing does. What is compressed is taken for a tar, and a sound file of a
    recording's format for a video: both show when they are opened.
    """
    if _ZIP.match(head):
        return "zip"
    if compression_of(head) or _is_tar(head):
        return "tar"
    if _IMAGES.match(head):
        return "image"
    return "video" if _VIDEOS.match(head) or _is_transport_stream(head) else None


def compression_of(head: bytes) -> str | None:
    """Returns "gzip", "bzip2" or "xz" for a file compressed as a whole, else None."""
    for name, pattern in _COMPRESSIONS.items():
        if pattern.match(head):
            return name
    return None


def _is_tar(head: bytes) -> bool:
    """Tells whether the sum in a header of tar is right: the oldest tars have no signature."""
    digits = head[_CHECKSUM].strip(b" \0")
    if len(head) < 512 or not re.fullmatch(rb"[0-7]+", digits):
        return False
    blank = head[: _CHECKSUM.start] + b" " * 8 + head[_CHECKSUM.stop : 512]
    return sum(blank) == int(digits, 8)


def _is_transport_stream(head: bytes) -> bool:
    """Tells whether packets of MPEG-TS follow each other: each begins with a G."""
    for packet, first in ((_TS_PACKET, 0), (_TS_PACKET + 4, 4)):
        if head[first::packet][:3] == b"GGG":
            return True
    return False
