"""The ``voicelive`` command."""

from __future__ import annotations

from voicelive.cli.main import main

__all__ = ("main",)
