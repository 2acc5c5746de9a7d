"""What a web search did, and what a file search found."""

from __future__ import annotations

from typing import Literal

from voicelive.models._base import Float, Model, Str

__all__ = ("ActionFind", "ActionOpenPage", "ActionSearch", "ActionSearchSource", "FileSearchResult")


class ActionFind(Model):
    """A web search looked for text within a page. Since api-version 2026-04-10."""

    type: Literal["find"] = "find"
    """Which kind of action this is."""

    pattern: Str
    """The text it looked for."""

    url: Str
    """Address of the page."""


class ActionOpenPage(Model):
    """A web search opened a page. Since api-version 2026-04-10."""

    type: Literal["open_page"] = "open_page"
    """Which kind of action this is."""

    url: Str
    """Address of the page."""


class ActionSearchSource(Model):
    """A page that a web search used. Since api-version 2026-04-10."""

    type: Literal["url"] = "url"
    """Which kind of action this is."""

    url: Str
    """Address of the page."""


class ActionSearch(Model):
    """A web search put a query. Since api-version 2026-04-10."""

    type: Literal["search"] = "search"
    """Which kind of action this is."""

    query: Str | None = None
    """What was searched for."""

    sources: list[ActionSearchSource] | None = None
    """The pages it used."""


class FileSearchResult(Model):
    """A passage that a file search found. Since api-version 2026-04-10."""

    attributes: dict[Str, Str] | None = None
    """What was attached to the file when it was stored."""

    file_id: Str | None = None
    """Id of the file."""

    filename: Str | None = None
    """Name of the file."""

    score: Float | None = None
    """How well the passage fits the query, from 0 to 1."""

    text: Str | None = None
    """The passage."""
