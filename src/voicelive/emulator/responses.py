"""Responses: which one is active, which run beside it, and what each answers to."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

from voicelive.emulator.answers import settled
from voicelive.emulator.context import Context
from voicelive.emulator.conversation import Conversation
from voicelive.emulator.output import Output, Stage
from voicelive.emulator.refusal import Refusal, array, mapping, refuse, text
from voicelive.emulator.script import ScriptRun, Turn
from voicelive.emulator.speech import Answer, ConversationView, Failure, Reply
from voicelive.emulator.steps import Join, Step, Steps, Task

__all__ = ("Responses",)

Json = dict[str, Any]


@dataclass(slots=True)
class _Running:
    output: Output
    task: Task | None = None


class Responses:
    """The responses of a session.

    One at a time is active: it belongs to the conversation. Those that are not committed run beside it.

    Args:
        context: The session's surroundings.
        conversation: What they answer to, and where their items go.
        script: Where answers come from first.
        stage: What they share.
        listening: Returns the task that is still finding out what the user said, if there is one.
    """

    def __init__(
        self,
        context: Context,
        conversation: Conversation,
        script: ScriptRun,
        stage: Stage,
        listening: Callable[[], Task | None],
    ) -> None:
        self._context = context
        self._conversation = conversation
        self._script = script
        self._stage = stage
        self._listening = listening
        self._active: _Running | None = None
        self._beside: list[_Running] = []
        self._count = 0
        self.handlers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "response.create": self._create,
            "response.cancel": self._cancel,
        }

    @property
    def active(self) -> Task | None:
        """The task of the response that is under way."""
        return self._active.task if self._active else None

    def _create(self, event: Mapping[str, Any]) -> None:
        request = mapping(event.get("response") or {}, "response")
        more = event.get("additional_instructions")
        if more is not None:
            text(more, "additional_instructions")
        fields = self._context.settings.for_response(request)
        history = self._history(request)
        spoken = _pre_generated(request) if self._has("pre_generated_assistant_message") else None
        if fields["commit"] is not False:
            if self._active and not request.get("cancel_previous"):
                raise refuse("conversation_already_has_active_response", response_id=self._active.output.id)
            self.interrupt("client_cancelled")
        self.begin(fields, history, Reply(spoken) if spoken is not None else None, more or "")

    def _has(self, name: str) -> bool:
        return self._context.version.has_response_field(name)

    def _history(self, request: Json) -> list[Json] | None:
        """Return the items to answer to instead of the conversation's, or None for the conversation itself."""
        own = [self._described(request, "input_items"), self._described(request, "append_input_items")]
        if request.get("input_items") is None and not own[1]:
            return None
        before = own[0] if request.get("input_items") is not None else self._conversation.history()
        return before + own[1]

    def _described(self, request: Json, name: str) -> list[Json]:
        given = array(request.get(name) or [], f"response.{name}")
        return [self._conversation.build(item, f"response.{name}[{i}]").view() for i, item in enumerate(given)]

    def begin(
        self,
        fields: Json | None = None,
        history: list[Json] | None = None,
        reply: Reply | None = None,
        more_instructions: str = "",
    ) -> None:
        """Start a response; by default one that the session's settings describe, to the conversation as it is.

        A script's turn may have an error or the end of the connection in its place.
        """
        self._count += 1
        fields = self._context.settings.for_response({}) if fields is None else fields
        number, turn = (0, Turn(reply=reply)) if reply is not None else self._script.next_answer()
        if turn.error is not None or (turn.close is not None and turn.reply is None):
            self._context.spawn(self._check(number, turn, fields, history))
            if turn.error is not None:
                error = turn.error
                raise Refusal(error.message, error.code or "server_error", error.param, error.type)
            return
        self._stage.tools.prepare(fields["tools"])
        running = _Running(Output(self._context, self._conversation, fields, self._stage))
        if fields["commit"] is False:
            self._beside.append(running)
        else:
            self._active = running
        running.output.created()
        running.task = self._context.spawn(self._run(running, number, turn, history, more_instructions))

    def _check(self, number: int, turn: Turn, fields: Json, history: list[Json] | None) -> Steps:
        """Check a turn that gives no response, and end the connection if that is what it does."""
        if (listening := self._listening()) is not None:
            yield Join(listening)
        self._mismatch(number, turn, self._view(fields, history))
        if turn.close is not None:
            self._context.hang_up(*turn.close)

    def _mismatch(self, number: int, turn: Turn, view: ConversationView) -> str | None:
        """Return and send how what came differs from what the script expects."""
        mismatch = self._script.check(number, turn, view)
        if mismatch is None:
            return None
        where = {"type": "server_error", "code": "script_mismatch", "param": None, "event_id": None}
        self._context.emit("error", error={**where, "message": str(mismatch)})
        return str(mismatch)

    def _run(self, running: _Running, number: int, turn: Turn, history: list[Json] | None, more: str) -> Steps:
        output = running.output
        if (listening := self._listening()) is not None:
            yield Join(listening)
        yield from self._stage.tools.wait()
        try:
            view = self._view(output.fields, history, more)
            output.count_input(view)
            mismatch = self._mismatch(number, turn, view)
            reply = turn.reply if mismatch is None else Failure(mismatch, "script_mismatch")
            functions = {str(tool["name"]): dict(tool) for tool in reversed(view.tools)}
            yield from output.play(lambda: self._ask(reply, view), functions)
        except Exception as error:  # Whatever a replaceable part raises, the session outlives it.
            output.finish("failed", Failure(f"{type(error).__name__}: {error}"))
        self._ended(running)
        if turn.close is not None:
            self._context.hang_up(*turn.close)

    def _ask(self, reply: Answer | None, view: ConversationView) -> Generator[Step, Any, Answer]:
        if reply is not None:
            return reply
        answer: Answer = yield from settled(lambda: self._context.services.responder.respond(view))
        return answer

    def _view(self, fields: Json, history: list[Json] | None, more: str = "") -> ConversationView:
        items = self._conversation.history() if history is None else history
        tools, tool_choice = self._stage.tools.choice(fields["tools"] or (), fields["tool_choice"])
        return ConversationView(
            items=items,
            instructions="\n".join(part for part in (fields["instructions"] or "", more) if part),
            tools=tools,
            tool_choice=tool_choice,
            modalities=fields["modalities"],
            heard_seconds=self._heard_seconds(items),
            number=self._count,
            model=self._context.settings.model,
            metadata=fields["metadata"] or {},
            invoke_input=fields["invoke_input"],
        )

    def _heard_seconds(self, items: list[Json]) -> float | None:
        for wire in reversed(items):
            if wire["type"] == "message" and wire["role"] == "user":
                item = self._conversation.find(wire["id"])
                return item.seconds if item else None
        return None

    # Ends

    def _ended(self, running: _Running) -> None:
        if self._active is running:
            self._active = None
        elif running in self._beside:
            self._beside.remove(running)

    def interrupt(self, reason: str) -> None:
        """Cancel the active response, if there is one.

        Args:
            reason: ``client_cancelled`` or ``turn_detected``.
        """
        if self._active is not None:
            self._stop(self._active, reason)

    def _stop(self, running: _Running, reason: str) -> None:
        if running.task is not None:
            running.task.cancel()
        running.output.finish("cancelled", reason)
        self._ended(running)

    def _cancel(self, event: Mapping[str, Any]) -> None:
        wanted = event.get("response_id")
        if wanted is not None:
            text(wanted, "response_id")
        running = [*([self._active] if self._active else []), *self._beside]
        found = next((one for one in running if wanted in (None, one.output.id)), None)
        if found is None:
            raise refuse("response_cancel_not_active")
        self._stop(found, "client_cancelled")


def _pre_generated(request: Json) -> str | None:
    message = request.get("pre_generated_assistant_message")
    if message is None:
        return None
    where = "response.pre_generated_assistant_message"
    parts = array(mapping(message, where).get("content"), f"{where}.content")
    return " ".join(text(mapping(part, where).get("text"), f"{where}.content.text") for part in parts)
