"""A program for the vendor's client, with nothing changed but the import path."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

from azure.core.credentials import AzureKeyCredential

from voicelive.aio import ConnectionClosed, VoiceLiveConnection, connect
from voicelive.models import (
    AudioEchoCancellation,
    AudioInputTranscriptionOptions,
    AudioNoiseReduction,
    AzureStandardVoice,
    FunctionCallOutputItem,
    FunctionTool,
    InputAudioFormat,
    InputTextContentPart,
    Modality,
    OutputAudioFormat,
    RequestSession,
    ServerEventType,
    ServerVad,
    ToolChoiceLiteral,
    UserMessageItem,
)

from .server import CREATED, Peer, Server

AUDIO = base64.b64encode(b"\0\1" * 240).decode()


class Assistant:
    """In the manner of the vendor's samples: a function-calling voice assistant."""

    def __init__(self, endpoint: str, credential: AzureKeyCredential, model: str) -> None:
        self.endpoint = endpoint
        self.credential = credential
        self.model = model
        self.log: list[Any] = []
        self.ready = False

    async def run(self) -> None:
        try:
            async with connect(
                endpoint=self.endpoint,
                credential=self.credential,
                model=self.model,
                api_version="2025-10-01",
                connection_options={"max_msg_size": 10 * 1024 * 1024, "heartbeat": 20, "handshake_timeout": 20},
            ) as connection:
                await self.setup(connection)
                await self.process(connection)
        except ConnectionClosed as e:
            self.log.append(("closed", e.code, e.reason))

    async def setup(self, connection: VoiceLiveConnection) -> None:
        await connection.session.update(
            session=RequestSession(
                modalities=[Modality.TEXT, Modality.AUDIO],
                instructions="You are helpful.",
                voice=AzureStandardVoice(name="en-US-AvaNeural"),
                input_audio_format=InputAudioFormat.PCM16,
                output_audio_format=OutputAudioFormat.PCM16,
                turn_detection=ServerVad(threshold=0.5, prefix_padding_ms=300, silence_duration_ms=500),
                input_audio_echo_cancellation=AudioEchoCancellation(),
                input_audio_noise_reduction=AudioNoiseReduction(type="azure_deep_noise_suppression"),
                input_audio_transcription=AudioInputTranscriptionOptions(model="whisper-1"),
                tools=[
                    FunctionTool(
                        name="get_weather",
                        description="Weather of a city",
                        parameters={"type": "object", "properties": {"city": {"type": "string"}}},
                    )
                ],
                tool_choice=ToolChoiceLiteral.AUTO,
            )
        )

    async def process(self, connection: VoiceLiveConnection) -> None:
        async for event in connection:
            await self.handle(event, connection)

    async def handle(self, event: Any, connection: VoiceLiveConnection) -> None:
        if event.type == ServerEventType.SESSION_UPDATED:
            self.log.append(("ready", event.session.id))
            self.ready = True
            await connection.conversation.item.create(
                item=UserMessageItem(content=[InputTextContentPart(text="Weather in Rome?")])
            )
            await connection.response.create()
            await connection.input_audio_buffer.append(audio=AUDIO)
        elif event.type == ServerEventType.INPUT_AUDIO_BUFFER_SPEECH_STARTED:
            await connection.response.cancel()
            await connection.output_audio_buffer.clear()
        elif event.type == ServerEventType.RESPONSE_FUNCTION_CALL_ARGUMENTS_DONE:
            self.log.append((event.name, event.arguments))
            await connection.conversation.item.create(
                previous_item_id=event.item_id,
                item=FunctionCallOutputItem(call_id=event.call_id, output='{"degrees": 20}'),
            )
        elif event.type == ServerEventType.RESPONSE_AUDIO_TRANSCRIPT_DELTA:
            self.log.append(event.get("delta"))
        elif event.type == ServerEventType.RESPONSE_DONE:
            self.log.append((event["response"]["status"], event.response.id))
        elif event.type == ServerEventType.ERROR:
            self.log.append(event.error.message)


async def service(peer: Peer) -> None:
    await peer.send(CREATED)
    update = await peer.recv()
    await peer.send({"type": "session.updated", "event_id": "e", "session": {"id": "sess_1", **update["session"]}})
    for _ in range(3):
        await peer.recv()
    await peer.send({"type": "input_audio_buffer.speech_started", "event_id": "e", "audio_start_ms": 1, "item_id": "i"})
    for _ in range(2):
        await peer.recv()
    await peer.send(
        {
            "type": "response.function_call_arguments.done",
            "event_id": "e",
            "response_id": "r",
            "item_id": "i2",
            "output_index": 0,
            "call_id": "c",
            "arguments": '{"city": "Rome"}',
            "name": "get_weather",
        }
    )
    await peer.recv()
    await peer.send(
        {
            "type": "response.audio_transcript.delta",
            "event_id": "e",
            "response_id": "r",
            "item_id": "i",
            "output_index": 0,
            "content_index": 0,
            "delta": "20 degrees",
        },
        {"type": "response.done", "event_id": "e", "response": {"id": "r", "status": "completed", "output": []}},
        {"type": "error", "event_id": "e", "error": {"type": "t", "message": "late"}},
    )
    await peer.close(1011, "over")


def test_a_program_for_the_vendors_client_runs() -> None:
    with Server(service) as server:
        assistant = Assistant(server.endpoint, AzureKeyCredential("key"), "gpt-realtime")
        asyncio.run(assistant.run())
        assert assistant.log == [
            ("ready", "sess_1"),
            ("get_weather", '{"city": "Rome"}'),
            "20 degrees",
            ("completed", "r"),
            "late",
            ("closed", 1011, "over"),
        ]
        assert "api-version=2025-10-01" in server.requests[0].path
        sent = server.frames
        assert [event["type"] for event in sent] == [
            "session.update",
            "conversation.item.create",
            "response.create",
            "input_audio_buffer.append",
            "response.cancel",
            "output_audio_buffer.clear",
            "conversation.item.create",
        ]
        assert sent[0]["session"] == {
            "modalities": ["text", "audio"],
            "instructions": "You are helpful.",
            "voice": {"type": "azure-standard", "name": "en-US-AvaNeural"},
            "input_audio_format": "pcm16",
            "output_audio_format": "pcm16",
            "turn_detection": {
                "type": "server_vad",
                "threshold": 0.5,
                "prefix_padding_ms": 300,
                "silence_duration_ms": 500,
            },
            "input_audio_echo_cancellation": {"type": "server_echo_cancellation"},
            "input_audio_noise_reduction": {"type": "azure_deep_noise_suppression"},
            "input_audio_transcription": {"model": "whisper-1"},
            "tools": [
                {
                    "type": "function",
                    "name": "get_weather",
                    "description": "Weather of a city",
                    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
                }
            ],
            "tool_choice": "auto",
        }
        assert sent[-1].pop("event_id").startswith("event_")
        assert sent[-1] == {
            "type": "conversation.item.create",
            "previous_item_id": "i2",
            "item": {"type": "function_call_output", "call_id": "c", "output": '{"degrees": 20}'},
        }
