"""Audio in plain Python: G.711, resampling, levels and WAV files.

Samples are mono 16-bit signed little-endian PCM ("pcm16") throughout, as ``bytes``. Nothing here keeps state between
calls and nothing needs an install: the standard library's own ``audioop`` left it in Python 3.13.
"""

from __future__ import annotations

import math
import os
import struct
import sys
import wave
from array import array
from functools import lru_cache
from operator import mul
from pathlib import Path

__all__ = ("WavError", "decode", "encode", "level_dbfs", "read_wav", "resample", "samples", "to_pcm", "write_wav")

_FULL_SCALE = 32768
_ZERO_CROSSINGS = 16
_KAISER_BETA = 7.0
_MAX_PHASES = 1024
_WAVE_FORMAT_PCM = 1
_WAVE_FORMAT_EXTENSIBLE = 0xFFFE


class WavError(ValueError):
    """The file was read, but holds no audio that can be used; the message says why."""


def samples(pcm: bytes) -> array[int]:
    """Unpack pcm16 into an array of integers from -32768 to 32767.

    Raises:
        ValueError: The bytes are not a whole number of 2-byte samples.
    """
    if len(pcm) % 2:
        raise ValueError(f"pcm16 audio is a whole number of 2-byte samples, not {len(pcm)} bytes")
    values = array("h")
    values.frombytes(pcm)
    if sys.byteorder == "big":
        values.byteswap()
    return values


def to_pcm(values: array[int]) -> bytes:
    """Pack an array made by :func:`samples` (typecode ``"h"``) into pcm16."""
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values.tobytes()


# --- G.711 -----------------------------------------------------------------------------------------------------------


def decode(data: bytes, format: str) -> bytes:  # noqa: A002 - the wire's word
    """Turn audio of a wire format into pcm16 at the same rate.

    Args:
        data: Audio bytes.
        format: ``"g711_ulaw"``, ``"g711_alaw"``, or ``"pcm16"`` in any spelling (``"pcm16_16000hz"``).

    Raises:
        ValueError: The format is not one of these, or pcm16 is not a whole number of samples.
    """
    law = _law(format)
    if law is None:
        samples(data)
        return bytes(data)
    # Two translations and two strided copies run in C; a loop over the samples would take 50 times as long.
    low, high = _decoding_tables(law)
    pcm = bytearray(2 * len(data))
    pcm[0::2] = bytes(data).translate(low)
    pcm[1::2] = bytes(data).translate(high)
    return bytes(pcm)


def encode(pcm: bytes, format: str) -> bytes:  # noqa: A002
    """Turn pcm16 into a wire format at the same rate; the reverse of :func:`decode`.

    Raises:
        ValueError: The format is not known, or the audio is not a whole number of samples.
    """
    law = _law(format)
    values = samples(pcm)
    if law is None:
        return bytes(pcm)
    table = _encoding_table(law)
    return bytes([table[value] for value in values])


def _law(name: str) -> str | None:
    if name in ("g711_ulaw", "g711_alaw"):
        return name[-4:]
    if name == "pcm16" or name.startswith(("pcm16_", "pcm16-")):
        return None
    raise ValueError(f"audio format {name!r} is not known: use 'pcm16', 'g711_ulaw' or 'g711_alaw'")


def _expand(law: str, code: int) -> int:
    """The 16-bit value of a G.711 code (ITU-T G.711 tables 1 and 2, scaled to 16 bits)."""
    if law == "ulaw":
        code ^= 0xFF
        value = ((((code & 0x0F) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
        return -value if code & 0x80 else value
    code ^= 0x55
    exponent, mantissa = (code & 0x70) >> 4, code & 0x0F
    value = (mantissa << 4) + 8 if exponent == 0 else ((mantissa << 4) + 0x108) << (exponent - 1)
    return value if code & 0x80 else -value


@lru_cache(maxsize=2)
def _decoding_tables(law: str) -> tuple[bytes, bytes]:
    values = [_expand(law, code) & 0xFFFF for code in range(256)]
    return bytes(value & 0xFF for value in values), bytes(value >> 8 for value in values)


@lru_cache(maxsize=2)
def _encoding_table(law: str) -> bytes:
    """The code whose value is nearest, for every sample; negative samples index from the end, as Python does."""
    values = sorted((_expand(law, code), code) for code in range(256))
    # mu-law has two zeros; silence is the positive one, 0xFF.
    values = [(value, 0xFF if law == "ulaw" and value == 0 else code) for value, code in values]
    table = bytearray(65536)
    position = 0
    for sample in range(-32768, 32768):
        while position < 255 and abs(values[position + 1][0] - sample) <= abs(values[position][0] - sample):
            position += 1
        table[sample] = values[position][1]
    return bytes(table)


# --- Resampling ------------------------------------------------------------------------------------------------------


def resample(pcm: bytes, rate_in: int, rate_out: int) -> bytes:
    """Change the sampling rate of a whole stretch of pcm16.

    A windowed-sinc filter (Kaiser, 16 zero crossings a side) keeps what lies below 0.39 of the lower rate and
    suppresses aliases by more than 60 dB. The filter is centred, so the audio is not delayed.

    Args:
        pcm: Audio. Stretches resampled one by one do not join seamlessly: pass whole utterances.
        rate_in: Its rate in Hz.
        rate_out: The rate wanted, in Hz.

    Raises:
        ValueError: A rate is not positive, or the audio is not a whole number of samples.
    """
    if rate_in <= 0 or rate_out <= 0:
        raise ValueError(f"sampling rates are positive, not {rate_in} and {rate_out}")
    values = samples(pcm)
    if rate_in == rate_out or not values:
        return bytes(pcm)
    divisor = math.gcd(rate_in, rate_out)
    up, down = rate_out // divisor, rate_in // divisor
    filters, reach = _filters(up, down)
    width = 2 * reach
    padding = [0.0] * reach
    source = padding + [float(value) for value in values] + padding + [0.0]
    phases = len(filters)
    result = array("h")
    for index in range(max(1, round(len(values) * up / down))):
        whole, fraction = divmod(index * down, up)
        coefficients = filters[fraction * phases // up]
        value = sum(map(mul, coefficients, source[whole + 1 : whole + 1 + width]))
        result.append(max(-32768, min(32767, round(value))))
    return to_pcm(result)


@lru_cache(maxsize=16)
def _filters(up: int, down: int) -> tuple[list[list[float]], int]:
    """One filter per position of an output sample between two input samples, and how far it reaches to each side."""
    cutoff = 0.92 * min(1.0, up / down)
    reach = math.ceil(_ZERO_CROSSINGS / cutoff)
    phases = min(up, _MAX_PHASES)
    scale = _bessel(_KAISER_BETA)
    filters: list[list[float]] = []
    for phase in range(phases):
        coefficients: list[float] = []
        for tap in range(1 - reach, reach + 1):
            distance = tap - phase / phases
            inside = max(0.0, 1 - (distance / reach) ** 2)
            window = _bessel(_KAISER_BETA * math.sqrt(inside)) / scale
            angle = math.pi * cutoff * distance
            coefficients.append(window * (math.sin(angle) / angle if angle else 1.0))
        gain = sum(coefficients)
        filters.append([value / gain for value in coefficients])
    return filters, reach


def _bessel(x: float) -> float:
    """The modified Bessel function of the first kind, order 0, as its power series."""
    total = term = 1.0
    order = 1
    while term > 1e-10 * total:
        term *= (x / (2 * order)) ** 2
        total += term
        order += 1
    return total


# --- Levels ----------------------------------------------------------------------------------------------------------


def level_dbfs(pcm: bytes) -> float:
    """The level of pcm16 in dB relative to full scale: 0 is the loudest square wave, -3 the loudest sine.

    Digital silence, and no audio at all, is ``-math.inf``.
    """
    values = samples(pcm)
    power = sum(map(mul, values, values)) / len(values) if values else 0.0
    return 10 * math.log10(power / _FULL_SCALE**2) if power else -math.inf


# --- WAV files -------------------------------------------------------------------------------------------------------


def read_wav(path: str | os.PathLike[str]) -> tuple[bytes, int]:
    """Read a WAV file as mono pcm16; several channels are mixed into one.

    Args:
        path: A RIFF WAVE file of 8, 16, 24 or 32-bit integer PCM.

    Returns:
        The audio, and its rate in Hz.

    Raises:
        OSError: The file cannot be read.
        WavError: It is empty, is not a WAV file, holds no audio, or audio of another encoding.
    """
    data = Path(path).read_bytes()
    if not data:
        raise WavError("the file is empty")
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise WavError("not a WAV file: it does not begin with a RIFF WAVE header")
    encoding, body = _chunks(data)
    channels, rate, bits = _encoding(encoding)
    frame = channels * (bits // 8)
    body = body[: len(body) // frame * frame]
    if not body:
        raise WavError("the WAV file holds no audio")
    return _mix(_to_16_bit(body, bits), channels), rate


def write_wav(path: str | os.PathLike[str], pcm: bytes, rate: int) -> None:
    """Write mono pcm16 as a WAV file.

    Raises:
        OSError: The file cannot be written.
        ValueError: The audio is not a whole number of samples.
    """
    samples(pcm)
    with Path(path).open("wb") as file, wave.open(file, "wb") as wav:
        wav.setnchannels(1)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(pcm)


def _chunks(data: bytes) -> tuple[bytes, bytes]:
    """The ``fmt`` and ``data`` chunks. Programs that stream WAV give lengths beyond the file's end; it ends there."""
    encoding, position = b"", 12
    while position + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, position)
        body = data[position + 8 : position + 8 + length]
        if name == b"fmt ":
            encoding = body
        elif name == b"data":
            return encoding, body
        position += 8 + length + length % 2
    raise WavError("the WAV file holds no audio: it has no data chunk")


def _encoding(chunk: bytes) -> tuple[int, int, int]:
    if len(chunk) < 16:
        raise WavError("the WAV file does not say how its audio is encoded: its fmt chunk is missing or cut short")
    tag, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", chunk)
    if tag == _WAVE_FORMAT_EXTENSIBLE and len(chunk) >= 26:
        (tag,) = struct.unpack_from("<H", chunk, 24)
    if tag != _WAVE_FORMAT_PCM or bits not in (8, 16, 24, 32):
        raise WavError(f"the WAV file is not integer PCM of 8 to 32 bits (format {tag}, {bits} bits): convert it first")
    if not channels or not rate:
        raise WavError("the WAV file's header is damaged: it names no channels or no sampling rate")
    return channels, rate, bits


def _to_16_bit(body: bytes, bits: int) -> bytes:
    if bits == 16:
        return body
    pcm = bytearray(len(body) // (bits // 8) * 2)
    if bits == 8:
        # 8-bit WAV is unsigned: flipping the top bit makes it signed.
        pcm[1::2] = body.translate(bytes(value ^ 0x80 for value in range(256)))
    else:
        width = bits // 8
        pcm[0::2] = body[width - 2 :: width]
        pcm[1::2] = body[width - 1 :: width]
    return bytes(pcm)


def _mix(pcm: bytes, channels: int) -> bytes:
    if channels == 1:
        return pcm
    values = samples(pcm)
    frames = zip(*(values[channel::channels] for channel in range(channels)), strict=True)
    return to_pcm(array("h", [sum(frame) // channels for frame in frames]))
