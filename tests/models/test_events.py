"""Events, items and parts, as they are written and read."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest

from voicelive import models
from voicelive.exceptions import ConnectionClosed, InvalidAudioError
from voicelive.models import (
    AssistantMessageItem,
    ClientEventConversationItemCreate,
    ClientEventInputAudioBufferAppend,
    ClientEventSessionAvatarConnect,
    ClientEventSessionUpdate,
    ContentPart,
    InputAudioContentPart,
    InputTextContentPart,
    InvalidServerEvent,
    Lost,
    MCPApprovalResponseRequestItem,
    OutputTextContentPart,
    Reconnected,
    Reconnecting,
    RequestAudioContentPart,
    RequestImageContentPart,
    RequestTextContentPart,
    ResponseCreateParams,
    ResponseMessageItem,
    ServerEvent,
    ServerEventConversationItemCreated,
    ServerEventErrorDetails,
    ServerEventResponseAudioDelta,
    ServerEventResponseDone,
    ServerEventResponseVideoDelta,
    ServerEventSessionAvatarConnecting,
    ServerEventSessionCreated,
    TokenUsage,
    UnknownContentPart,
    UnknownConversationRequestItem,
    UnknownMessageItem,
    UnknownResponseItem,
    UnknownResponseStatusDetails,
    UnknownServerEvent,
    UserMessageItem,
)
from voicelive.protocol.wire import decode_client_event, decode_event, encode_event, encode_json

from .contract import CLIENT, SERVER, row_id

PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)


def read(**event: Any) -> Any:
    return decode_event(json.dumps(event))


def audio_delta(delta: str = "AAEC") -> Any:
    return read(
        type="response.audio.delta",
        event_id="event_1",
        response_id="resp_1",
        item_id="item_1",
        output_index=0,
        content_index=0,
        delta=delta,
    )


# Every event of the contract


@pytest.mark.parametrize("row", SERVER, ids=row_id)
def test_server_events_are_read_as_their_class_and_nothing_is_lost(row: dict[str, Any]) -> None:
    for frame in (json.dumps(row["event"]), json.dumps(row["event"], ensure_ascii=False).encode()):
        event = decode_event(frame)
        assert type(event).__name__ == (row["model"] or "UnknownServerEvent")
        assert isinstance(event, ServerEvent)
        assert event["type"] == row["event"]["type"]
        assert event.as_dict() == row["event"]
        assert event == row["event"]
        assert json.loads(encode_json(event)) == row["event"]


@pytest.mark.parametrize("row", CLIENT, ids=row_id)
def test_client_events_are_written_as_they_stand(row: dict[str, Any]) -> None:
    assert json.loads(encode_event(row["event"])) == row["event"]
    if row["model"]:
        built = getattr(models, row["model"])(row["event"])
        assert json.loads(encode_event(built)) == row["event"]
    seen = decode_client_event(encode_event(row["event"]))
    assert type(seen).__name__ == (row["model"] or "UnknownClientEvent")
    assert seen.as_dict() == row["event"]
    assert json.loads(encode_event(seen)) == row["event"]


@pytest.mark.parametrize("row", SERVER, ids=row_id)
def test_server_events_survive_pickling(row: dict[str, Any]) -> None:
    event = decode_event(json.dumps(row["event"]))
    again = pickle.loads(pickle.dumps(event))
    assert again == event
    assert type(again) is type(event)


# Audio and secrets


def test_audio_is_bytes_beside_the_text_that_came() -> None:
    event = audio_delta()
    assert (event.delta, event.audio) == ("AAEC", b"\x00\x01\x02")
    assert event.audio is event.audio
    assert event.as_dict()["delta"] == "AAEC"
    assert "audio" not in event.as_dict()


def test_audio_that_is_not_base64_says_so_when_it_is_used() -> None:
    for text in ("AAE", "A\nAEC", "----", "é"):
        event = audio_delta(text)
        assert event.delta == text
        with pytest.raises(InvalidAudioError, match="event_1"):
            _ = event.audio


def test_video_is_bytes_too() -> None:
    event = read(type="response.video.delta", output_index=0, codec="h264", delta="AAEC")
    assert isinstance(event, ServerEventResponseVideoDelta)
    assert event.video == b"\x00\x01\x02"


def test_audio_given_as_bytes_is_encoded() -> None:
    for audio in (b"\x00\x01\x02", bytearray(b"\x00\x01\x02"), memoryview(b"\x00\x01\x02"), "AAEC"):
        assert ClientEventInputAudioBufferAppend(audio=audio).audio == "AAEC"
        assert InputAudioContentPart(audio=audio).audio == "AAEC"
        assert RequestAudioContentPart(audio=audio).audio == "AAEC"
    with pytest.raises(ValueError, match="base64"):
        ClientEventInputAudioBufferAppend(audio="no base64")


def test_neither_audio_nor_passwords_are_shown() -> None:
    sdp = "a=ice-pwd:hunter2"
    shown = [
        audio_delta("SECRETAUDIO="),
        ClientEventInputAudioBufferAppend(audio="SECRETAUDIO="),
        RequestAudioContentPart(audio="SECRETAUDIO="),
        ClientEventSessionAvatarConnect(client_sdp=sdp),
        ServerEventSessionAvatarConnecting(server_sdp=sdp),
        decode_event('{"type": "response.audio.delta", "delta": "SECRETAUDIO="}'),
        decode_event('{"type": "future", "key": "hunter2"}'),
    ]
    for event in shown:
        assert "SECRET" not in repr(event) + str(event)
        assert "hunter2" not in repr(event) + str(event)


# Reading as the vendor's package does


def test_events_read_like_the_mapping_they_came_from() -> None:
    event = read(type="session.created", event_id="e", session={"id": "s", "voice": {"type": "openai", "name": "x"}})
    assert isinstance(event, ServerEventSessionCreated)
    assert event["session"]["id"] == "s"
    assert event["session"]["voice"]["name"] == "x"
    assert event["session"] == {"id": "s", "voice": {"type": "openai", "name": "x"}}
    assert event.get("session") is event.session
    assert event["session"].get("model") is None
    assert event.session.model is None
    assert "model" not in event["session"]
    assert sorted(event) == sorted(event.keys()) == ["event_id", "session", "type"]
    assert dict(event.items())["event_id"] == "e"
    with pytest.raises(KeyError):
        event["session"]["model"]


def test_events_are_built_from_one_mapping() -> None:
    event = ServerEventResponseDone({"type": "response.done", "response": {"id": "r", "status": "completed"}})
    assert event.response.id == "r"
    assert event == {"type": "response.done", "response": {"id": "r", "status": "completed"}}


def test_events_cannot_be_assigned_to() -> None:
    event = audio_delta()
    with pytest.raises(ValueError, match="frozen"):
        event.delta = "AAAA"
    assert event.delta == "AAEC"


# Kinds and values this version does not know


def test_unknown_kinds_are_open_objects_at_every_level() -> None:
    item = {"type": "poem", "id": "i", "lines": [1]}
    event = read(type="conversation.item.created", item=item)
    assert isinstance(event, ServerEventConversationItemCreated)
    assert isinstance(event.item, UnknownResponseItem)
    assert (event.item.id, event.item["lines"], event.item["type"]) == ("i", [1], "poem")

    message = {"type": "message", "role": "robot", "status": "odd", "content": [{"type": "smell", "of": "rain"}]}
    event = read(type="conversation.item.created", item=message)
    assert isinstance(event.item, ResponseMessageItem)
    assert (event.item.role, event.item.status) == ("robot", "odd")
    assert isinstance(event.item.content[0], UnknownContentPart)
    assert event.as_dict()["item"] == message

    event = read(type="response.done", response={"status_details": {"type": "completed", "by": "x"}})
    assert isinstance(event.response.status_details, UnknownResponseStatusDetails)


def test_a_broken_object_of_a_known_kind_does_not_pass_as_unknown() -> None:
    event = read(type="conversation.item.created", item={"type": "function_call", "name": 5})
    assert isinstance(event, InvalidServerEvent)
    with pytest.raises(ValueError, match="text"):
        UserMessageItem(content=[{"type": "input_text", "text": 5}])
    with pytest.raises(ValueError, match="content"):
        ClientEventConversationItemCreate(item={"type": "message", "role": "user"})


def test_items_of_unknown_kind_or_role_can_be_sent() -> None:
    for item, kind in (
        ({"type": "poem", "lines": 1}, UnknownConversationRequestItem),
        ({"type": "message", "role": "robot", "content": []}, UnknownMessageItem),
    ):
        event = ClientEventConversationItemCreate(item=item)
        assert isinstance(event.item, kind)
        assert event.as_dict() == {"type": "conversation.item.create", "item": item}


def test_the_service_cannot_send_events_of_this_side() -> None:
    for kind in ("reconnecting", "reconnected", "invalid"):
        event = read(type=kind, attempt=1, error="e", raw="r")
        assert isinstance(event, UnknownServerEvent)
        assert event["type"] == kind


def test_what_is_lost_is_named_without_its_content() -> None:
    lost = Lost(kind="item", id="item_1", type="message", reason="refused", code="too_long")
    event = Reconnected(session_id="s", restored=["item_0"], resent=[], lost=[lost])
    assert event.as_dict()["lost"] == [
        {"kind": "item", "id": "item_1", "type": "message", "reason": "refused", "code": "too_long"}
    ]
    again = Reconnecting(attempt=2, delay=0.5, error=ConnectionClosed(1012, "restart"))
    assert again.as_dict() == {"type": "reconnecting", "attempt": 2, "delay": 0.5, "error": str(again.error)}
    with pytest.raises(ValueError, match="frozen"):
        again.attempt = 3


def test_unknown_events_keep_all_their_data() -> None:
    event = read(type="future.event", event_id="e", item={"id": None})
    assert isinstance(event, UnknownServerEvent)
    assert (event.event_id, event["item"], event.item) == ("e", {"id": None}, {"id": None})


# What may be missing


def test_what_the_service_leaves_out_is_still_asked_of_those_who_build_by_hand() -> None:
    for cls, given in (
        (RequestAudioContentPart, {}),
        (ServerEventErrorDetails, {"message": "m"}),
        (TokenUsage, {"total_tokens": 1, "input_tokens": 1, "output_tokens": 0}),
        (ClientEventConversationItemCreate, {}),
    ):
        with pytest.raises(ValueError, match="Field required"):
            cls(**given)
    error = read(type="error", error={"message": "m"})
    assert (error.error.type, error.error.message) == (None, "m")
    usage = read(type="response.done", response={"usage": {"total_tokens": 3, "input_tokens": 1, "output_tokens": 2}})
    assert usage.response.usage.input_token_details is None


# Items and parts


def test_a_message_is_built_from_parts_of_every_kind() -> None:
    item = UserMessageItem(
        content=[
            InputTextContentPart(text="a"),
            RequestTextContentPart(text="b"),
            RequestImageContentPart(image_url="https://example.test/x.png", detail="low"),
            {"type": "input_audio", "audio": b"\x00\x01\x02"},
            UnknownContentPart(type="smell", of="rain"),
        ]
    )
    assert all(isinstance(part, ContentPart) for part in item.content)
    assert isinstance(item.content[3], InputAudioContentPart)
    assert item.as_dict() == {
        "type": "message",
        "role": "user",
        "content": [
            {"type": "input_text", "text": "a"},
            {"type": "input_text", "text": "b"},
            {"type": "input_image", "image_url": "https://example.test/x.png", "detail": "low"},
            {"type": "input_audio", "audio": "AAEC"},
            {"type": "smell", "of": "rain"},
        ],
    }


def test_what_is_put_into_a_list_later_is_sent_without_a_word() -> None:
    item = UserMessageItem(content=[])
    item.content.append(RequestTextContentPart(text="a"))
    item.content.append({"type": "input_audio", "audio": "AAEC", "new": None})
    assert item.as_dict()["content"] == [
        {"type": "input_text", "text": "a"},
        {"type": "input_audio", "audio": "AAEC", "new": None},
    ]


def test_part_names_of_older_code_are_taken() -> None:
    text = RequestTextContentPart(type="text", text="a")
    assert text.as_dict() == {"type": "input_text", "text": "a"}
    audio = RequestAudioContentPart(type="audio", audio=b"\x00\x01\x02")
    assert audio.as_dict() == {"type": "input_audio", "audio": "AAEC"}
    item = AssistantMessageItem(content=[text, OutputTextContentPart(text="b")])
    assert [part["type"] for part in item.content] == ["text", "text"]


def test_images_are_given_by_address_or_as_bytes() -> None:
    image = RequestImageContentPart(url="https://example.test/x.png")
    assert image.as_dict() == {"type": "input_image", "image_url": "https://example.test/x.png"}
    assert image.url == image.image_url
    data = RequestImageContentPart(base64=PNG)
    assert (data.url or "").startswith("data:image/png;base64,iVBORw0KGgo")
    for start, kind in ((b"\xff\xd8\xff\xe0", "jpeg"), (b"GIF89a", "gif"), (b"RIFF\x00\x00\x00\x00WEBP", "webp")):
        assert f"image/{kind};" in (RequestImageContentPart(base64=start + bytes(9)).image_url or "")
    with pytest.raises(ValueError, match="neither PNG"):
        RequestImageContentPart(base64=b"no image at all")
    with pytest.raises(ValueError, match="not both"):
        RequestImageContentPart(base64=PNG, image_url="https://example.test")


def test_an_mcp_approval_is_an_item() -> None:
    event = ClientEventConversationItemCreate(
        item=MCPApprovalResponseRequestItem(approval_request_id="item_1", approve=True)
    )
    assert json.loads(encode_event(event)) == {
        "type": "conversation.item.create",
        "item": {"type": "mcp_approval_response", "approval_request_id": "item_1", "approve": True},
    }


# Responses and sessions


def test_response_settings_of_older_code_are_taken() -> None:
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}
    params = ResponseCreateParams(max_response_output_tokens=5, input=[item], conversation="none")
    assert params.as_dict() == {"max_output_tokens": 5, "input_items": [item], "commit": False}
    assert ResponseCreateParams(conversation="auto").as_dict() == {}
    with pytest.raises(ValueError, match="commit"):
        ResponseCreateParams(conversation="none", commit=True)
    with pytest.raises(ValueError, match="'auto' or 'none'"):
        ResponseCreateParams(conversation="new")


def test_token_limits_are_a_number_or_inf() -> None:
    for given, sent in ((4096, 4096), ("inf", "inf"), ("5", 5)):
        assert ResponseCreateParams(max_output_tokens=given).as_dict() == {"max_output_tokens": sent}
    for given in (0, 4097, "many", 1.5):
        with pytest.raises(ValueError, match="max_output_tokens"):
            ResponseCreateParams(max_output_tokens=given)


def test_an_event_takes_mappings_for_what_it_holds_and_sends_an_explicit_null() -> None:
    event = ClientEventSessionUpdate(session={"turn_detection": None, "voice": "alloy"})
    assert event.as_dict() == {"type": "session.update", "session": {"turn_detection": None, "voice": "alloy"}}
    assert isinstance(event.session, models.RequestSession)
    with pytest.raises(ValueError, match="session.voice"):
        ClientEventSessionUpdate(session={"voice": 5})


def test_isinstance_tells_families_apart() -> None:
    assert issubclass(ServerEventResponseAudioDelta, ServerEvent)
    assert not issubclass(ServerEvent, models.ClientEvent)
    assert issubclass(UserMessageItem, models.ConversationRequestItem)
