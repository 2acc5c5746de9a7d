"""Tokens counted for a response."""

from __future__ import annotations

from voicelive.models._base import Int, Model, Needed

__all__ = ("CachedTokenDetails", "InputTokenDetails", "OutputTokenDetails", "TokenUsage")


class CachedTokenDetails(Model):
    """Input tokens that were served from the cache, by kind. Since api-version 2025-10-01."""

    text_tokens: Needed[Int]
    """Cached tokens of text."""

    audio_tokens: Needed[Int]
    """Cached tokens of audio."""

    image_tokens: Needed[Int]
    """Cached tokens of images. Since api-version 2026-04-10."""


class InputTokenDetails(Model):
    """Input tokens by kind. Newer models also report ``cache_write_tokens``, kept as an unknown key.

    Since api-version 2025-10-01.
    """

    cached_tokens: Needed[Int]
    """Tokens that were served from the cache; part of the counts below."""

    text_tokens: Needed[Int]
    """Tokens of text, instructions and tool definitions included."""

    audio_tokens: Needed[Int]
    """Tokens of audio."""

    image_tokens: Needed[Int]
    """Tokens of images. Since api-version 2026-04-10."""

    cached_tokens_details: Needed[CachedTokenDetails]
    """The cached tokens by kind."""


class OutputTokenDetails(Model):
    """Output tokens by kind. Since api-version 2025-10-01."""

    text_tokens: Needed[Int]
    """Tokens of text, the transcript of spoken answers included."""

    audio_tokens: Needed[Int]
    """Tokens of audio."""

    reasoning_tokens: Int | None = None
    """Tokens spent on reasoning, which never show up in the answer. Since api-version 2026-04-10."""


class TokenUsage(Model):
    """Tokens that one response took. Later responses count the whole conversation so far as input again.

    Since api-version 2025-10-01.
    """

    total_tokens: Int
    """Input and output together."""

    input_tokens: Int
    """Tokens read: instructions, tools, and the conversation up to the response."""

    output_tokens: Int
    """Tokens written."""

    input_token_details: Needed[InputTokenDetails]
    """What the input consisted of."""

    output_token_details: Needed[OutputTokenDetails]
    """What the output consisted of."""
