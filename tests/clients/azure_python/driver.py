"""Holds the conversation of tests/clients with azure-ai-voicelive. Arguments: model, file with a turn of speech."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import os
import sys
from pathlib import Path

from azure.ai.voicelive.aio import VoiceLiveConnection, connect
from azure.ai.voicelive.models import (
    AudioInputTranscriptionOptions,
    AzureStandardVoice,
    FunctionCallOutputItem,
    FunctionTool,
    InputAudioFormat,
    Modality,
    OutputAudioFormat,
    RequestSession,
    ServerEventType,
    ServerVad,
)
from azure.core.credentials import AzureKeyCredential


def see(what: str, **fields: object) -> None:
    print(json.dumps({"saw": what, **fields}), flush=True)


async def speak(connection: VoiceLiveConnection, speech: bytes) -> None:
    for start in range(0, len(speech), 4800):
        await connection.input_audio_buffer.append(audio=base64.b64encode(speech[start : start + 4800]).decode())


def settings() -> RequestSession:
    return RequestSession(
        modalities=[Modality.TEXT, Modality.AUDIO],
        instructions="Be brief.",
        voice=AzureStandardVoice(name="en-US-AvaNeural"),
        input_audio_format=InputAudioFormat.PCM16,
        output_audio_format=OutputAudioFormat.PCM16,
        input_audio_transcription=AudioInputTranscriptionOptions(model="azure-speech"),
        turn_detection=ServerVad(threshold=0.5, prefix_padding_ms=300, silence_duration_ms=500),
        tools=[
            FunctionTool(
                name="get_weather",
                description="Tells the weather of a city",
                parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
            )
        ],
    )


async def converse(connection: VoiceLiveConnection, speech: bytes) -> None:
    turns = 0
    transcript, audio = "", b""
    async for event in connection:
        match event.type:
            case ServerEventType.SESSION_CREATED:
                await connection.session.update(session=settings())
            case ServerEventType.SESSION_UPDATED:
                turns += 1
                await speak(connection, speech)
            case ServerEventType.CONVERSATION_ITEM_INPUT_AUDIO_TRANSCRIPTION_COMPLETED:
                see("user", transcript=event.transcript)
            case ServerEventType.RESPONSE_CREATED:
                transcript, audio = "", b""
            case ServerEventType.RESPONSE_AUDIO_TRANSCRIPT_DELTA:
                transcript += event.delta
            case ServerEventType.RESPONSE_AUDIO_DELTA:
                audio += event.delta
                if len(audio) == len(event.delta) and turns == 2:
                    turns += 1
                    await speak(connection, speech)
                elif len(audio) == len(event.delta) and turns == 4:
                    turns += 1
                    await connection.conversation.item.truncate(
                        item_id=event.item_id, content_index=event.content_index, audio_end_ms=50
                    )
                    await connection.response.cancel()
            case ServerEventType.RESPONSE_FUNCTION_CALL_ARGUMENTS_DONE:
                see("call", name=event.name, arguments=json.loads(event.arguments))
                output = FunctionCallOutputItem(call_id=event.call_id, output=json.dumps({"weather": "snow"}))
                await connection.conversation.item.create(item=output)
            case ServerEventType.RESPONSE_DONE if event.response.output and event.response.output[0].type == "message":
                interrupted = event.response.status == "cancelled"
                digest = hashlib.sha256(audio).hexdigest()
                see("reply", transcript=transcript, interrupted=interrupted, bytes=len(audio), sha256=digest)
                if turns == 5:
                    return
                if not interrupted:
                    turns += 1
                    await speak(connection, speech)
            case ServerEventType.RESPONSE_DONE if event.response.status == "completed":
                await connection.response.create()
            case ServerEventType.ERROR:
                see("error", message=event.error.message)


async def main(model: str, speech: bytes) -> None:
    endpoint = os.environ["AZURE_VOICELIVE_ENDPOINT"]
    credential = AzureKeyCredential(os.environ["AZURE_VOICELIVE_API_KEY"])
    async with connect(endpoint=endpoint, credential=credential, model=model) as connection:
        await converse(connection, speech)
    see("end")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]).read_bytes()))
