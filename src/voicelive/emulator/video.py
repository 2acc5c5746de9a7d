"""A still gray picture as video: H.264 in fragmented MP4, which is what the service streams of an avatar.

It decodes and plays, so that what a client does with it can be tried, but shows nobody: 512 x 512 pixels, 25 frames a
second, Constrained Baseline profile, one key frame per fragment. The live service's is High profile with a face and an
AAC track. Written after ISO/IEC 14496-10 (H.264) and 14496-12 (the file format).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from struct import pack

__all__ = ("CODEC", "FRAMES_PER_SECOND", "fragment", "opening")

CODEC = "h264"
FRAMES_PER_SECOND = 25
_SIZE = 512
_BLOCKS = _SIZE // 16
_PROFILE, _CONSTRAINTS, _LEVEL = 66, 0xC0, 30


# --- H.264 -----------------------------------------------------------------------------------------------------------


class _Bits:
    """Writes the bits of a NAL unit."""

    def __init__(self) -> None:
        self._bits: list[str] = []

    def u(self, value: int, width: int) -> _Bits:
        """Append an unsigned number of that many bits."""
        self._bits.append(f"{value:0{width}b}")
        return self

    def ue(self, *values: int) -> _Bits:
        """Append Exp-Golomb codes (clause 9.1)."""
        for value in values:
            digits = f"{value + 1:b}"
            self._bits.append("0" * (len(digits) - 1) + digits)
        return self

    def unit(self, header: int) -> bytes:
        """Return the NAL unit, with its trailing bits and emulation prevention."""
        bits = "".join(self._bits) + "1"
        bits += "0" * (-len(bits) % 8)
        payload = int(bits, 2).to_bytes(len(bits) // 8, "big")
        out = bytearray([header])
        zeros = 0
        for byte in payload:
            if zeros >= 2 and byte <= 3:
                out.append(3)
                zeros = 0
            out.append(byte)
            zeros = 0 if byte else zeros + 1
        return bytes(out)


def _sequence_parameters() -> bytes:
    bits = _Bits().u(_PROFILE, 8).u(_CONSTRAINTS, 8).u(_LEVEL, 8)
    # id, frame_num of 4 bits, output in the order of decoding, one reference frame.
    bits.ue(0, 0, 2, 1).u(0, 1).ue(_BLOCKS - 1, _BLOCKS - 1)
    return bits.u(1, 1).u(1, 1).u(0, 1).u(0, 1).unit(0x67)


def _picture_parameters() -> bytes:
    bits = _Bits().ue(0, 0).u(0, 2).ue(0, 0, 0).u(0, 3)
    return bits.ue(0, 0, 0).u(0, 3).unit(0x68)


@lru_cache(maxsize=2)
def _key_frame(picture: int) -> bytes:
    bits = _Bits().ue(0, 7, 0).u(0, 4).ue(picture).u(0, 2).ue(0)
    for _ in range(_BLOCKS * _BLOCKS):
        # Intra 16 x 16 predicted from nothing, hence gray: type 3, chroma prediction 0, QP change 0, no coefficients.
        bits.ue(3, 0, 0).u(1, 1)
    return bits.unit(0x65)


@lru_cache(maxsize=16)
def _same_frame(number: int) -> bytes:
    return _Bits().ue(0, 5, 0).u(number, 4).u(0, 3).ue(0, _BLOCKS * _BLOCKS).unit(0x41)


# --- MP4 -------------------------------------------------------------------------------------------------------------


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return pack(">I4s", len(body) + 8, kind) + body


def _full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(kind, pack(">I", version << 24 | flags), *parts)


_MATRIX = pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def _description() -> bytes:
    sequence, picture = _sequence_parameters(), _picture_parameters()
    configuration = _box(
        b"avcC",
        bytes([1, _PROFILE, _CONSTRAINTS, _LEVEL, 0xFF, 0xE1]),
        pack(">H", len(sequence)) + sequence,
        b"\x01" + pack(">H", len(picture)) + picture,
    )
    entry = pack(">6xH16xHHIII H32xHh", 1, _SIZE, _SIZE, 0x480000, 0x480000, 0, 1, 24, -1)
    return _full(b"stsd", 0, 0, pack(">I", 1), _box(b"avc1", entry, configuration))


def _track() -> bytes:
    empty = (_full(kind, 0, 0, bytes(4)) for kind in (b"stts", b"stsc", b"stco"))
    table = _box(b"stbl", _description(), *empty, _full(b"stsz", 0, 0, bytes(8)))
    data = _box(b"dinf", _full(b"dref", 0, 0, pack(">I", 1), _full(b"url ", 0, 1)))
    media = _box(
        b"mdia",
        _full(b"mdhd", 0, 0, pack(">IIIIHH", 0, 0, FRAMES_PER_SECOND, 0, 0x55C4, 0)),
        _full(b"hdlr", 0, 0, pack(">4x4s12x", b"vide"), b"\0"),
        _box(b"minf", _full(b"vmhd", 0, 1, bytes(8)), data, table),
    )
    header = _full(
        b"tkhd", 0, 3, pack(">IIIII8xHHHH", 0, 0, 1, 0, 0, 0, 0, 0, 0), _MATRIX, pack(">II", _SIZE << 16, _SIZE << 16)
    )
    return _box(b"trak", header, media)


@lru_cache(maxsize=1)
def opening() -> bytes:
    """Return what the stream begins with: ``ftyp`` and ``moov``."""
    brands = _box(b"ftyp", b"isom", pack(">I", 512), b"isomiso6mp41")
    times = pack(">IIIIIH10x", 0, 0, FRAMES_PER_SECOND, 0, 0x10000, 0x0100)
    header = _full(b"mvhd", 0, 0, times, _MATRIX, bytes(24), pack(">I", 2))
    extends = _box(b"mvex", _full(b"trex", 0, 0, pack(">IIIII", 1, 1, 1, 0, 0)))
    return brands + _box(b"moov", header, _track(), extends)


def fragment(number: int, first: int, count: int) -> bytes:
    """Return frames of the stream: ``moof`` and ``mdat``.

    Args:
        number: The fragment's, counted from 0.
        first: How many frames came before.
        count: How many frames it holds.
    """
    frames = [_key_frame(number % 2), *(_same_frame(index % 16) for index in range(1, count))]
    samples = [pack(">I", len(frame)) + frame for frame in frames]
    head = _moof(number, first, samples, 0)
    return _moof(number, first, samples, len(head) + 8) + _box(b"mdat", *samples)


def _moof(number: int, first: int, samples: Iterable[bytes], offset: int) -> bytes:
    # The first frame stands alone, the others need it.
    sizes = [pack(">II", len(sample), 0x01010000 if i else 0x02000000) for i, sample in enumerate(samples)]
    run = _full(b"trun", 0, 0x601, pack(">Ii", len(sizes), offset), *sizes)
    times = _full(b"tfdt", 1, 0, pack(">Q", first))
    # Offsets count from here.
    track = _box(b"traf", _full(b"tfhd", 0, 0x20000, pack(">I", 1)), times, run)
    return _box(b"moof", _full(b"mfhd", 0, 0, pack(">I", number + 1)), track)
