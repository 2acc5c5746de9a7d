"""What type checkers know of models and events. Checked by mypy and pyright, never run."""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from typing import assert_type

from voicelive import VoiceLiveError
from voicelive.models import (
    AssistantMessageItem,
    ClientEventConversationItemCreate,
    ClientEventInputAudioBufferAppend,
    ClientEventResponseCreate,
    ClientEventUnion,
    FunctionCallOutputItem,
    InputAudioContentPart,
    InputTextContentPart,
    InvalidServerEvent,
    Lost,
    MessageRole,
    OutputTextContentPart,
    Reconnected,
    Reconnecting,
    RequestAudioContentPart,
    RequestTextContentPart,
    Response,
    ResponseAudioContentPart,
    ResponseCancelledDetails,
    ResponseCreateParams,
    ResponseFunctionCallItem,
    ResponseItemStatus,
    ResponseItemUnion,
    ResponseMessageItem,
    ResponseSession,
    ResponseStatus,
    ResponseTextContentPart,
    ServerEvent,
    ServerEventConversationItemCreated,
    ServerEventError,
    ServerEventResponseAudioDelta,
    ServerEventResponseDone,
    ServerEventResponseTextDelta,
    ServerEventSessionCreated,
    ServerEventType,
    ServerEventUnion,
    TokenUsage,
    UnknownServerEvent,
    UserMessageItem,
)
from voicelive.protocol import decode_event, encode_event


def events_narrow_by_type(frame: bytes) -> None:
    event = decode_event(frame)
    assert_type(event, ServerEventUnion)
    assert_type(event.event_id, str | None)
    if event.type == "response.audio.delta":
        assert_type(event, ServerEventResponseAudioDelta)
        assert_type(event.audio, bytes)
        assert_type(event.delta, str)
        assert_type(event.output_index, int)
    elif event.type == "session.created":
        assert_type(event, ServerEventSessionCreated)
        assert_type(event.session, ResponseSession)
    elif event.type == "error":
        assert_type(event, ServerEventError)
        assert_type(event.error.message, str)
        assert_type(event.error.type, str | None)
    elif event.type == "invalid":
        assert_type(event, InvalidServerEvent)
        assert_type(event.raw, str | bytes)
    elif event.type == "reconnecting":
        assert_type(event, Reconnecting)
        assert_type(event.error, VoiceLiveError | None)
    elif event.type == "reconnected":
        assert_type(event, Reconnected)
        assert_type(event.lost, list[Lost])


def events_narrow_by_match_on_their_type(event: ServerEventUnion) -> None:
    match event.type:
        case "response.done":
            assert_type(event, ServerEventResponseDone)
        case "conversation.item.created":
            assert_type(event, ServerEventConversationItemCreated)
        case _:
            pass


def events_narrow_by_match_on_their_class(event: ServerEventUnion) -> bytes | str | None:
    match event:
        case ServerEventResponseAudioDelta(audio=audio):
            return audio
        case ServerEventResponseTextDelta(delta=delta):
            return delta
        case UnknownServerEvent() | InvalidServerEvent():
            return None
        case _:
            return event.event_id


def events_narrow_by_isinstance(event: ServerEventUnion) -> None:
    assert isinstance(event, ServerEvent)
    if isinstance(event, ServerEventResponseDone):
        assert_type(event.response, Response)
        assert_type(event.response.status, ResponseStatus | str | None)


def comparing_with_an_enum_is_no_error(event: ServerEventUnion, response: Response, item: ResponseMessageItem) -> None:
    if event.type == ServerEventType.RESPONSE_DONE:
        assert_type(event.event_id, str | None)
    if response.status == ResponseStatus.COMPLETED or response.status == "completed":
        assert_type(response.id, str | None)
    if item.role == MessageRole.USER:
        assert_type(item.status, ResponseItemStatus | str)


def items_and_parts_narrow(item: ResponseItemUnion) -> None:
    if item.type == "message":
        assert_type(item, ResponseMessageItem)
        for part in item.content:
            if part.type == "audio":
                assert_type(part, ResponseAudioContentPart)
            elif part.type == "text":
                assert_type(part, ResponseTextContentPart)
            elif part.type == "input_audio":
                assert_type(part, RequestAudioContentPart)
                assert_type(part.audio, str | None)
    elif item.type == "function_call":
        assert_type(item, ResponseFunctionCallItem)
        assert_type(item.arguments, str)


def details_narrow(response: Response) -> None:
    details = response.status_details
    if details is not None and details.type == "cancelled":
        assert_type(details, ResponseCancelledDetails)
    if response.usage is not None:
        assert_type(response.usage, TokenUsage)
        assert_type(response.usage.total_tokens, int)
        if response.usage.input_token_details is not None:
            assert_type(response.usage.input_token_details.cached_tokens, int | None)


def messages_take_parts_of_every_kind() -> None:
    message = UserMessageItem(content=[InputTextContentPart(text="a"), RequestTextContentPart(text="b")])
    event = ClientEventConversationItemCreate(item=message)
    ClientEventConversationItemCreate(item=FunctionCallOutputItem(call_id="c", output="{}"), previous_item_id=None)
    AssistantMessageItem(content=[OutputTextContentPart(text="a")], status="completed")
    ResponseCreateParams(max_output_tokens="inf", modalities=["audio"], input_items=[message])
    assert_type(encode_event(event), bytes)
    encode_event({"type": "response.create"})


def client_events_narrow(event: ClientEventUnion) -> None:
    if event.type == "input_audio_buffer.append":
        assert_type(event, ClientEventInputAudioBufferAppend)
    elif event.type == "response.create":
        assert_type(event, ClientEventResponseCreate)
        assert_type(event.response, ResponseCreateParams | None)


# What must stay an error


def mistakes_are_reported(event: ServerEventResponseAudioDelta, anything: ServerEventUnion) -> None:
    UserMessageItem()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    UserMessageItem(content=[], rol="user")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    InputTextContentPart(text=5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    RequestAudioContentPart()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    InputAudioContentPart()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    ClientEventConversationItemCreate()  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    _ = event.output_indx  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    _ = anything.response  # type: ignore[union-attr]  # pyright: ignore[reportAttributeAccessIssue]
    decode_event(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    encode_event("response.create")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
