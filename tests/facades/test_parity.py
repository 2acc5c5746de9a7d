"""Both facades have the same names, the same parameters and the same words for them."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest

import voicelive
import voicelive.aio
from voicelive.resources import Commands

FACADES = ["ResponseHandle", "VoiceLiveConnection", "connect"]
CLASSES = [name for name in voicelive.aio.__all__ if name.endswith("Resource")] + FACADES
# What only one language of the two has.
PROTOCOLS = {"__aiter__": "__iter__", "__anext__": "__next__", "__aenter__": "__enter__", "__aexit__": "__exit__"}


def members(cls: Any) -> dict[str, Any]:
    found = dict(inspect.getmembers(cls))
    return {
        PROTOCOLS.get(name, name): member
        for name, member in found.items()
        if not name.startswith("_") or name in (*PROTOCOLS, *PROTOCOLS.values())
    }


def parameters(member: Any) -> list[tuple[str, Any, Any]]:
    return [(item.name, item.kind, item.default) for item in inspect.signature(member).parameters.values()]


@pytest.mark.parametrize("name", CLASSES)
def test_both_facades_have_the_same_members(name: str) -> None:
    blocking, awaited = members(getattr(voicelive, name)), members(getattr(voicelive.aio, name))
    assert blocking.keys() == awaited.keys()
    for member in blocking:
        if callable(blocking[member]):
            assert parameters(blocking[member]) == parameters(awaited[member]), member


def test_both_ways_to_connect_take_the_same_arguments() -> None:
    assert inspect.signature(voicelive.connect) == inspect.signature(voicelive.aio.connect)


def test_both_connections_have_the_same_resources() -> None:
    blocking, awaited = (inspect.get_annotations(module.VoiceLiveConnection) for module in (voicelive, voicelive.aio))
    assert blocking == awaited


def test_the_words_differ_by_task_and_thread_only() -> None:
    for name in FACADES:
        blocking, awaited = members(getattr(voicelive, name)), members(getattr(voicelive.aio, name))
        for member, value in blocking.items():
            if not member.startswith("_") and inspect.getdoc(value):
                words = [re.sub("task|thread", "reader", inspect.getdoc(item)) for item in (value, awaited[member])]
                words = [re.sub("(An interrupted|A cancelled)", "A broken-off", text) for text in words]
                words = [re.sub("Inside a loop.*?``timeout``.\n\n", "", text, flags=re.DOTALL) for text in words]
                assert words[0] == words[1], member


def test_every_command_is_documented_and_takes_keywords_and_an_event_id() -> None:
    for name in CLASSES[: -len(FACADES)]:
        for member, value in members(getattr(voicelive, name)).items():
            if inspect.isfunction(value):
                assert inspect.getdoc(value), (name, member)
                first, *rest = inspect.signature(value).parameters.values()
                if member == "append_nowait":
                    # One line in a callback, where the audio is all there is; ``audio=`` as in ``append`` works too.
                    assert rest.pop(0).name == "audio"
                assert {item.kind for item in rest} == {inspect.Parameter.KEYWORD_ONLY}
                assert "event_id" in {item.name for item in rest}
                assert first.name == "self"


def test_the_async_package_exports_what_the_vendors_does() -> None:
    vendors = """
        ConnectionClosed ConnectionError ConversationItemResource ConversationResource InputAudioBufferResource
        InputAudioResource OutputAudioBufferResource ResponseResource SessionResource TranscriptionSessionResource
        VoiceLiveConnection WebsocketConnectionOptions connect
    """
    assert set(vendors.split()) <= set(voicelive.aio.__all__)


@pytest.mark.parametrize("module", [voicelive, voicelive.aio])
def test_everything_exported_exists(module: Any) -> None:
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert hasattr(module, name)


def test_resources_can_be_made_from_whatever_sends() -> None:
    """As in the vendor's package, where tests hand in a connection of their own."""
    sent = []

    class Fake:
        def send(self, event: Any) -> None:
            sent.append(event.as_dict())

        def send_bytes(self, frame: bytes | str) -> None:
            sent.append(frame)

    voicelive.SessionResource(Fake()).update(session={"voice": "alloy"})
    voicelive.ConversationResource(Fake()).item.delete(item_id="i")
    assert isinstance(voicelive.InputAudioResource(Fake()).turn, Commands)
    assert [event["type"] for event in sent] == ["session.update", "conversation.item.delete"]
