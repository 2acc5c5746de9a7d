"""What comes with the transcript of the user's speech."""

from __future__ import annotations

from voicelive.models._base import Float, Int, Model, Str

__all__ = ("LogProbProperties", "TranscriptionPhrase", "TranscriptionWord")


class LogProbProperties(Model):
    """How sure the transcription was of one token. Since api-version 2025-10-01."""

    token: Str
    """The token as text."""

    logprob: Float
    """Natural logarithm of its probability: 0 is certain, below 0 is less so."""

    bytes: list[Int]
    """The token's UTF-8 bytes, 0 to 255. A character may be spread over several tokens."""


class TranscriptionWord(Model):
    """A word and when it was spoken. Since api-version 2026-04-10."""

    text: Str
    """The word."""

    offset_milliseconds: Int
    """Where it begins, in ms from the start of the item's audio."""

    duration_milliseconds: Int
    """How long it lasts, in ms."""


class TranscriptionPhrase(Model):
    """A phrase and when it was spoken. Since api-version 2026-04-10."""

    offset_milliseconds: Int
    """Where it begins, in ms from the start of the item's audio."""

    duration_milliseconds: Int
    """How long it lasts, in ms."""

    text: Str
    """The phrase as written text."""

    words: list[TranscriptionWord] | None = None
    """Its words, where the transcription model times them."""

    locale: Str | None = None
    """Language that was recognized, a BCP 47 tag such as ``"en-US"``."""

    confidence: Float | None = None
    """How sure the transcription was, from 0 to 1."""
