"""One response as the client sees it: its events in order, and its items."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

from voicelive.emulator import search
from voicelive.emulator.answers import AnswerReader
from voicelive.emulator.avatar import Avatar
from voicelive.emulator.context import Context, new_id
from voicelive.emulator.conversation import Conversation, Item
from voicelive.emulator.interim import Interim
from voicelive.emulator.mcp_tools import McpCall, McpTools
from voicelive.emulator.message import TEXT_PAUSE, Message
from voicelive.emulator.playback import Playback
from voicelive.emulator.speech import Answer, ConversationView, Failure, FunctionCall
from voicelive.emulator.steps import Join, Pause, Step, Steps
from voicelive.emulator.usage import Usage

__all__ = ("Ask", "Output", "Stage")

Json = dict[str, Any]
Ask = Callable[[], Generator[Step, Any, Answer]]

_ARGUMENTS_PIECE = 16


@dataclass(frozen=True, slots=True)
class Stage:
    """What the responses of a session share."""

    playback: Playback
    avatar: Avatar
    tools: McpTools
    interim: Interim


class Output:
    """What a response sends.

    Args:
        context: The session's surroundings.
        conversation: Where the items go, unless the response is not to be committed.
        fields: What holds for this response, as ``Settings.for_response`` gives it.
        stage: What it shares with the session's other responses.
    """

    def __init__(self, context: Context, conversation: Conversation, fields: Json, stage: Stage) -> None:
        self._context = context
        self._conversation = conversation
        self.fields = fields
        self._stage = stage
        self.id = new_id("resp")
        self._status = "in_progress"
        self._details: Json | None = None
        self._items: list[Item] = []
        self._is_open = False
        self._message: Message | None = None
        self._reader: AnswerReader | None = None
        self._sentence: str | None = None
        self._citations: list[search.Search] = []
        self._searches = 0
        self._said = False
        self._usage = Usage()

    # The response object

    def _wire(self) -> Json:
        realtime = self._context.settings.realtime
        fields = self.fields
        limit = fields["max_output_tokens"]
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": self._status,
            "status_details": self._details,
            "output": [item.wire for item in self._items],
            "usage": None if self._status == "in_progress" else self._usage.wire(self._items),
            "conversation_id": self._conversation.id if realtime else "",
            "modalities": fields["modalities"],
            "voice": fields["voice"],
            "output_audio_format": fields["output_audio_format"],
            "temperature": fields["temperature"],
            "max_output_tokens": None if limit == "inf" and not realtime else limit,
            "metadata": fields["metadata"],
        }

    def created(self) -> None:
        """Send ``response.created``."""
        self._context.emit("response.created", response=self._wire())

    def count_input(self, view: ConversationView) -> None:
        """Count what the model is given to read and to hear."""
        self._usage.count_input(view, self._conversation.find)

    def play(self, ask: Ask, functions: Mapping[str, Json]) -> Steps:
        """Say and call everything in the answer, while it is still being made, then send ``response.done``.

        Args:
            ask: Returns the answer.
            functions: What it may call, by name.
        """
        try:
            yield from self._begin(ask)
            reader = self._reader
            assert reader is not None
            self._invoke(reader)
            while self._sentence is not None:
                yield from self._search(reader)
                yield from self._say(self._sentence)
                self._sentence = yield from reader.sentence()
            yield from self._search(reader)
        finally:
            if self._reader is not None:
                self._reader.close(self._context.spawn)
        if reader.failure is not None:
            self.finish("failed", reader.failure)
            return
        if not self._said and not reader.calls:
            yield from self._say("")
        self._annotate(reader)
        self._close_item("completed")
        calls: list[McpCall] = []
        if reader.incomplete is None:
            calls = yield from self._call_all(reader.calls, functions)
        self.finish("completed" if reader.incomplete is None else "incomplete", reader.incomplete)
        for call in calls:
            self._stage.tools.start(call)

    def finish(self, status: str, reason: str | Failure | None = None) -> None:
        """Close whatever is open and send ``response.done``."""
        if self._status != "in_progress":
            return
        self._close_item("completed" if status == "completed" else "incomplete")
        self._status = status
        if isinstance(reason, Failure):
            error = {"type": reason.type, "code": reason.code, "message": reason.message}
            self._details = {"type": status, "error": error}
        elif reason is not None:
            self._details = {"type": status, "reason": reason}
        self._context.emit("response.done", response=self._wire())
        self._stage.avatar.rest()

    # The answer's beginning, and what is said until it is there

    def _begin(self, ask: Ask) -> Steps:
        """Ask, and wait for the first sentence; if that takes too long, say something meanwhile."""
        interim, config = self._stage.interim, self.fields["interim_response"]
        seconds = interim.after(config)
        if seconds is None:
            yield from self._read(ask)
            return
        failures: list[Exception] = []
        task = self._context.spawn(self._read_apart(ask, failures))
        try:
            if not (yield Join(task, seconds)):
                yield from self._say_meanwhile()
                yield Join(task)
        finally:
            task.cancel()
        if failures:
            raise failures[0]

    def _read(self, ask: Ask) -> Steps:
        limit = self.fields["max_output_tokens"]
        answer = yield from ask()
        self._reader = AnswerReader(answer, limit if isinstance(limit, int) else None)
        self._sentence = yield from self._reader.sentence()

    def _read_apart(self, ask: Ask, failures: list[Exception]) -> Steps:
        try:
            yield from self._read(ask)
        except Exception as error:  # It is raised where the answer is waited for.
            failures.append(error)

    def _say_meanwhile(self) -> Steps:
        text = self._stage.interim.text(self.fields["interim_response"])
        if not text:
            return
        yield from self._say(text)
        # The model does not take it for what it said itself.
        self._items[-1].unheeded = True
        self._close_item("completed")
        self._said = False

    def _invoke(self, reader: AnswerReader) -> None:
        if (given := self.fields["invoke_input"]) is not None:
            for delta in reader.invocations or [given]:
                self._context.emit("response.invocation.delta", delta=dict(delta))

    # Items

    def _emit(self, event_type: str, **fields: Any) -> None:
        item = self._items[-1]
        where = {"response_id": self.id, "item_id": item.id, "output_index": len(self._items) - 1}
        self._context.emit(event_type, **where, **fields)

    def _emit_part(self, event_type: str, **fields: Any) -> None:
        # A face belongs to the whole message.
        part = {} if event_type == "response.animation_blendshapes.done" else {"content_index": 0}
        self._emit(event_type, **part, **fields)

    def _open_item(self, wire: Json) -> Item:
        self._close_item("completed")
        prefix = "item" if self._context.settings.realtime else "msg"
        item = Item({"id": new_id(prefix), "object": "realtime.item", **wire})
        self._items.append(item)
        self._is_open = True
        where = {"response_id": self.id, "output_index": len(self._items) - 1}
        self._context.emit("response.output_item.added", **where, item=dict(item.wire))
        if self.fields["commit"] is not False:
            self._conversation.add(item)
            self._conversation.announce(item)
        return item

    def _close_item(self, status: str) -> None:
        if not self._is_open:
            return
        self._is_open = False
        if self._message is not None:
            self._message.close()
            self._message = None
        item = self._items[-1]
        if "status" in item.wire:
            item.wire = {**item.wire, "status": status}
        where = {"response_id": self.id, "output_index": len(self._items) - 1}
        self._context.emit("response.output_item.done", **where, item=dict(item.wire))

    # Messages

    def _say(self, sentence: str) -> Steps:
        self._said = True
        if self._message is None:
            self._message = self._open_message()
        yield from self._message.say(sentence)

    def _open_message(self) -> Message:
        status = "in_progress" if self._context.settings.realtime else "incomplete"
        item = self._open_item({"type": "message", "status": status, "role": "assistant", "content": []})
        stage = self._stage
        return Message(self._context, self.fields, item, self._emit_part, stage.playback, stage.avatar)

    def _annotate(self, reader: AnswerReader) -> None:
        if self._message is not None:
            length = len(self._message.transcript)
            found = [citation for one in self._citations for citation in search.citations(one, length)]
            self._message.annotate([*found, *reader.annotations])

    # Searches

    def _search(self, reader: AnswerReader) -> Steps:
        while reader.searches:
            one = reader.searches.pop(0)
            if not self._context.version.has("searches"):
                continue
            item = self._open_item(search.started(one))
            kind = item.wire["type"]
            for state in search.STATES:
                item.wire = {**item.wire, "status": state}
                self._emit(f"response.{kind}.{state}", sequence_number=self._searches)
                self._searches += 1
                yield Pause(TEXT_PAUSE / self._context.speed)
            results = "file_search_call.results" in (self._context.settings["include"] or ())
            item.wire = {**item.wire, **search.finished(one, results=results)}
            self._close_item("completed")
            self._citations.append(one)

    # Calls

    def _call_all(
        self, calls: list[FunctionCall], functions: Mapping[str, Json]
    ) -> Generator[Step, Any, list[McpCall]]:
        """Send the calls; returns those that the service makes itself once the response is done."""
        ready: list[McpCall] = []
        if calls and not self._said and self._stage.interim.on_tool(self.fields["interim_response"]):
            yield from self._say_meanwhile()
        for call in calls:
            arguments = call.arguments
            if not isinstance(arguments, str):
                # As the service writes them; clients compare the text.
                arguments = json.dumps(dict(arguments), ensure_ascii=False, separators=(",", ":"))
            function = functions.get(call.name) or {}
            if "server_label" in function:
                made = yield from self._call_mcp(function, arguments)
                ready += [made] if made is not None else []
            else:
                yield from self._call(call, arguments)
        return ready

    def _call(self, call: FunctionCall, arguments: str) -> Steps:
        call_id = call.call_id or new_id("call")
        head = {"type": "function_call", "status": "in_progress", "name": call.name, "call_id": call_id}
        item = self._open_item({**head, "arguments": ""})
        yield from self._stream("response.function_call_arguments", arguments, call_id=call_id)
        item.wire = {**item.wire, "arguments": arguments}
        done = {"call_id": call_id, "arguments": arguments, "name": call.name}
        self._emit("response.function_call_arguments.done", **done)
        self._close_item("completed")

    def _call_mcp(self, function: Json, arguments: str) -> Generator[Step, Any, McpCall | None]:
        tools = self._stage.tools
        head = {"id": new_id("mcp"), "type": "mcp_call", "server_label": function["server_label"]}
        unset = {"approval_request_id": None, "output": None, "error": None}
        item = self._open_item({**head, "name": function["name"], "arguments": "", **unset})
        call = McpCall(item, self.id, len(self._items) - 1)
        yield from self._stream("response.mcp_call_arguments", arguments)
        item.wire = {**item.wire, "arguments": arguments}
        self._emit("response.mcp_call_arguments.done", arguments=arguments)
        # It is done when it was called, which is after the response.
        self._is_open = False
        if not tools.needs_approval(function):
            return call
        asked = {"id": new_id("mcpr"), "type": "mcp_approval_request", "server_label": function["server_label"]}
        request = self._open_item({**asked, "name": function["name"], "arguments": arguments})
        self._close_item("completed")
        tools.ask(request.id, call)
        return None

    def _stream(self, event_type: str, arguments: str, **fields: Any) -> Steps:
        for start in range(0, len(arguments), _ARGUMENTS_PIECE):
            self._emit(f"{event_type}.delta", **fields, delta=arguments[start : start + _ARGUMENTS_PIECE])
            yield Pause(TEXT_PAUSE / self._context.speed)
