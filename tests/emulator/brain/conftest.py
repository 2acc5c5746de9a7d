"""Conversations with the brain, without a service around it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from voicelive.emulator import Brain, ConversationView, FunctionCall, Reply

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)


def function(
    name: str, description: str = "", required: list[str] | None = None, /, **properties: Any
) -> dict[str, Any]:
    """A function tool; all its parameters are required unless told otherwise."""
    needed = list(properties) if required is None else required
    schema = {"type": "object", "properties": properties, "required": needed}
    return {"type": "function", "name": name, "description": description, "parameters": schema}


class Talk:
    """A conversation: what the user says, what the brain says and calls."""

    def __init__(self, tools: list[dict[str, Any]] | None = None, instructions: str = "", choice: Any = "auto") -> None:
        self.brain = Brain(clock=lambda: NOW)
        self.items: list[dict[str, Any]] = []
        self.options = {"tools": tools or [], "instructions": instructions, "tool_choice": choice}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.said = ""

    def __call__(self, text: str) -> Talk:
        """Say something; the answer is in ``said`` and ``calls``."""
        part = {"type": "input_text", "text": text}
        self.items.append({"type": "message", "role": "user", "content": [part]})
        return self._answer()

    def give(self, *outputs: Any) -> str:
        """Give the outputs of the functions called last and return what is said about them."""
        called = [item for item in self.items if item["type"] == "function_call"][-len(outputs) :]
        for call, output in zip(called, outputs, strict=True):
            text = output if isinstance(output, str) else json.dumps(output)
            self.items.append({"type": "function_call_output", "call_id": call["call_id"], "output": text})
        return self._answer().said

    def _answer(self) -> Talk:
        answer = self.brain.respond(ConversationView(items=self.items, **self.options))
        if isinstance(answer, str):
            answer = Reply(answer)
        elif isinstance(answer, FunctionCall):
            answer = Reply(calls=[answer])
        assert isinstance(answer, Reply)
        self.said, self.calls = answer.text, [(call.name, dict(call.arguments)) for call in answer.calls]
        if answer.text:
            part = {"type": "audio", "transcript": answer.text}
            self.items.append({"type": "message", "role": "assistant", "content": [part]})
        for call in answer.calls:
            item = {"type": "function_call", "name": call.name, "arguments": json.dumps(call.arguments)}
            self.items.append({**item, "call_id": f"call_{len(self.items)}"})
        return self


@pytest.fixture
def talk() -> Callable[..., Talk]:
    return Talk


@pytest.fixture
def tool() -> Callable[..., dict[str, Any]]:
    return function
