"""Searches in the web and in files that a reply brings along: what happens while one runs. Nothing is searched."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from voicelive.emulator.speech import FileSearch, WebSearch

__all__ = ("STATES", "Search", "citations", "finished", "started")

Json = dict[str, Any]
Search = WebSearch | FileSearch

STATES = ("in_progress", "searching", "completed")
"""What a search goes through, in order; each is an event."""


def started(search: Search) -> Json:
    """Return the item of a search that begins."""
    if isinstance(search, WebSearch):
        return {"type": "web_search_call", "status": "in_progress"}
    return {"type": "file_search_call", "status": "in_progress", "queries": list(search.queries), "results": None}


def finished(search: Search, *, results: bool) -> Json:
    """Return what the item has when the search is over; ``results`` tells whether the session asked for those."""
    if isinstance(search, WebSearch):
        sources = [{"type": "url", "url": url} for url in search.urls]
        return {"action": {"type": "search", "query": search.query, "sources": sources}}
    return {"results": [dict(result) for result in search.results]} if results else {}


def citations(search: Search, length: int) -> Iterator[Json]:
    """Yield the annotations of what is said after the search, which is that many characters long."""
    if isinstance(search, WebSearch):
        for url in search.urls:
            yield {"type": "url_citation", "url": url, "title": url, "start_index": 0, "end_index": length}
        return
    for index, result in enumerate(search.results):
        if (file_id := result.get("file_id")) is not None:
            yield {"type": "file_citation", "file_id": file_id, "filename": result.get("filename"), "index": index}
