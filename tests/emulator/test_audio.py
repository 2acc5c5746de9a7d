"""G.711, resampling, levels and WAV files."""

from __future__ import annotations

import hashlib
import math
import struct
import wave
from array import array
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicelive.emulator.audio import (
    WavError,
    decode,
    encode,
    level_dbfs,
    read_wav,
    resample,
    samples,
    to_pcm,
    write_wav,
)
from voicelive.emulator.recording import PATH, TRANSCRIPT, recording

pcm16 = st.lists(st.integers(-32768, 32767), max_size=400).map(lambda values: to_pcm(array("h", values)))


def tone(hertz: float, rate: int, seconds: float = 0.5, peak: float = 16000) -> bytes:
    count = int(rate * seconds)
    return to_pcm(array("h", [round(peak * math.sin(2 * math.pi * hertz * n / rate)) for n in range(count)]))


def strength(pcm: bytes, hertz: float, rate: int) -> float:
    """Peak of one frequency, the ends left out."""
    values = samples(pcm)
    values = values[len(values) // 5 : len(values) * 4 // 5]
    turns = [2 * math.pi * hertz * n / rate for n in range(len(values))]
    real = sum(value * math.cos(turn) for value, turn in zip(values, turns, strict=True))
    imaginary = sum(value * math.sin(turn) for value, turn in zip(values, turns, strict=True))
    return 2 * math.hypot(real, imaginary) / len(values)


@pytest.mark.parametrize("law", ["g711_ulaw", "g711_alaw"])
class TestG711:
    def test_every_code_survives_decoding_and_encoding(self, law: str) -> None:
        codes = bytes(range(256))
        # 0x7F is mu-law's second zero; silence is always written as the first.
        assert encode(decode(codes, law), law) == (codes.replace(b"\x7f", b"\xff") if law == "g711_ulaw" else codes)

    @given(pcm=pcm16)
    def test_encoding_keeps_every_sample_within_a_step(self, law: str, pcm: bytes) -> None:
        for before, after in zip(samples(pcm), samples(decode(encode(pcm, law), law)), strict=True):
            assert abs(before - after) <= max(16, abs(before) // 24)

    def test_encoding_is_stable(self, law: str) -> None:
        once = encode(recording(8000), law)
        assert encode(decode(once, law), law) == once


def test_known_codes_of_the_g711_tables() -> None:
    assert list(samples(decode(b"\x00\x80\xff\x7f\xf0", "g711_ulaw"))) == [-32124, 32124, 0, 0, 120]
    assert list(samples(decode(b"\x2a\xaa\xd5\x55", "g711_alaw"))) == [-32256, 32256, 8, -8]


def test_pcm16_passes_through_in_all_its_spellings() -> None:
    for name in ("pcm16", "pcm16_8000hz", "pcm16-16000hz"):
        assert decode(b"\x01\x02", name) == encode(b"\x01\x02", name) == b"\x01\x02"


def test_what_is_not_audio_is_refused() -> None:
    with pytest.raises(ValueError, match="audio format 'mp3' is not known"):
        decode(b"", "mp3")
    with pytest.raises(ValueError, match="not 3 bytes"):
        decode(b"abc", "pcm16")
    with pytest.raises(ValueError, match="not 1 bytes"):
        encode(b"a", "g711_ulaw")


RATES = [(24000, 16000), (16000, 24000), (24000, 8000), (8000, 24000), (44100, 24000), (22050, 16000), (16000, 48000)]


@pytest.mark.parametrize(("rate_in", "rate_out"), RATES)
def test_resampling_keeps_length_pitch_and_level(rate_in: int, rate_out: int) -> None:
    changed = resample(tone(1000, rate_in), rate_in, rate_out)
    assert len(changed) // 2 == rate_out // 2
    assert strength(changed, 1000, rate_out) == pytest.approx(16000, rel=0.005)
    # Nothing else came in: all of the level is that of the tone.
    middle = changed[len(changed) // 10 * 2 : -(len(changed) // 10 * 2)]
    assert level_dbfs(middle) == pytest.approx(20 * math.log10(16000 / 32768 / math.sqrt(2)), abs=0.05)


@pytest.mark.parametrize(
    ("rate_in", "rate_out", "hertz"), [(24000, 16000, 10000), (24000, 8000, 5500), (48000, 8000, 7000)]
)
def test_resampling_down_leaves_no_aliases(rate_in: int, rate_out: int, hertz: float) -> None:
    changed = resample(tone(hertz, rate_in), rate_in, rate_out)
    middle = changed[len(changed) // 10 * 2 : -(len(changed) // 10 * 2)]
    assert level_dbfs(middle) < level_dbfs(tone(hertz, rate_in)) - 60


@given(pcm=pcm16, rate_in=st.integers(1, 96000), rate_out=st.integers(4000, 48000))
@settings(max_examples=30, deadline=None)
def test_any_rates_give_the_same_duration(pcm: bytes, rate_in: int, rate_out: int) -> None:
    pcm = pcm[: 2 * max(1, 2000 * rate_in // rate_out)]
    changed = resample(pcm, rate_in, rate_out)
    assert abs(len(changed) // 2 - len(pcm) // 2 * rate_out / rate_in) <= 1


def test_resampling_refuses_rates_that_are_none() -> None:
    with pytest.raises(ValueError, match="rates are positive, not 0 and 16000"):
        resample(b"", 0, 16000)


def test_levels_are_relative_to_full_scale() -> None:
    assert level_dbfs(to_pcm(array("h", [-32768] * 10))) == 0
    assert level_dbfs(tone(1000, 24000, peak=32767)) == pytest.approx(-3.01, abs=0.01)
    assert level_dbfs(b"") == level_dbfs(bytes(100)) == -math.inf


def wav_bytes(
    body: bytes, *, bits: int, channels: int = 1, rate: int = 16000, tag: int = 1, length: int | None = None
) -> bytes:
    fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits)
    if tag == 0xFFFE:
        fmt += struct.pack("<HHIH14s", 22, bits, 4, 1, bytes(14))
    chunks = b"LIST\x03\0\0\0abc\0" + b"fmt " + struct.pack("<I", len(fmt)) + fmt
    chunks += b"data" + struct.pack("<I", len(body) if length is None else length) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def test_what_was_written_is_read(tmp_path: Path) -> None:
    pcm = tone(440, 24000)
    write_wav(tmp_path / "a.wav", pcm, 24000)
    assert read_wav(tmp_path / "a.wav") == (pcm, 24000)
    with wave.open(str(tmp_path / "a.wav")) as wav:
        assert wav.getparams()[:4] == (1, 2, 24000, 12000)


@pytest.mark.parametrize("tag", [1, 0xFFFE])
@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_every_width_and_the_extensible_header_are_read(tmp_path: Path, bits: int, tag: int) -> None:
    values = [0, 0x1200, -0x1200, 0x7F00, -0x8000]
    scaled = [value << bits - 16 if bits >= 16 else (value >> 8) + 128 for value in values]
    body = b"".join(value.to_bytes(bits // 8, "little", signed=bits > 8) for value in scaled)
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(body, bits=bits, tag=tag))
    assert read_wav(path) == (to_pcm(array("h", values)), 16000)


def test_channels_are_mixed(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(struct.pack("<6h", 100, 300, -32768, -32768, 32767, 32767), bits=16, channels=2))
    assert list(samples(read_wav(path)[0])) == [200, -32768, 32767]


def test_a_streamed_file_with_unknown_length_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(wav_bytes(struct.pack("<3h", 1, 2, 3) + b"!", bits=16, length=0xFFFFFFFF))
    assert list(samples(read_wav(path)[0])) == [1, 2, 3]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"<html>not found</html>", "not a WAV file"),
        (b"RIFF\0\0\0\0WAVE", "no data chunk"),
        (wav_bytes(b"", bits=16), "holds no audio"),
        (wav_bytes(b"\0", bits=16), "holds no audio"),
        (wav_bytes(bytes(8), bits=32, tag=3), r"not integer PCM of 8 to 32 bits \(format 3, 32 bits\)"),
        (wav_bytes(bytes(8), bits=16, channels=0), "header is damaged"),
        (wav_bytes(bytes(8), bits=16, rate=0), "header is damaged"),
        (b"RIFF\0\0\0\0WAVEdata\x02\0\0\0ab", "fmt chunk is missing"),
    ],
)
def test_other_files_are_refused_with_the_reason(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(WavError, match=message):
        read_wav(path)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_wav(tmp_path / "none.wav")


@given(cut=st.integers(0, 80), junk=st.binary(max_size=40))
def test_no_damage_raises_anything_else(tmp_path_factory: pytest.TempPathFactory, cut: int, junk: bytes) -> None:
    path = tmp_path_factory.mktemp("wav") / "a.wav"
    path.write_bytes(wav_bytes(bytes(20), bits=24, channels=2)[:cut] + junk)
    try:
        pcm, rate = read_wav(path)
    except WavError:
        return
    assert pcm and len(pcm) % 2 == 0 and rate > 0


def test_the_recording_is_what_its_notes_say() -> None:
    notes = PATH.with_suffix(".txt").read_text(encoding="utf-8")
    assert hashlib.sha256(PATH.read_bytes()).hexdigest() in notes
    assert TRANSCRIPT in notes
    pcm, rate = read_wav(PATH)
    assert (len(pcm) // 2, rate) == (52640, 16000)
    assert len(recording()) // 2 == 78960
