"""Holds the conversation of tests/clients with pydantic-ai-slim. Arguments: model, file with a turn of speech."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from pathlib import Path

from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, PartDeltaEvent, PartEndEvent, PartStartEvent, SpeechPart
from pydantic_ai.realtime import RealtimeSession, RealtimeSessionErrorEvent
from pydantic_ai.realtime.azure import AzureRealtimeModel, AzureRealtimeModelSettings

agent = Agent(instructions="Be brief.")


def see(what: str, **fields: object) -> None:
    print(json.dumps({"saw": what, **fields}), flush=True)


@agent.tool_plain
def get_weather(city: str) -> dict[str, str]:
    """Tells the weather of a city."""
    see("call", name="get_weather", arguments={"city": city})
    return {"weather": "snow"}


async def speak(session: RealtimeSession, speech: bytes) -> None:
    for start in range(0, len(speech), 4800):
        await session.send_audio(speech[start : start + 4800])


async def converse(session: RealtimeSession, speech: bytes) -> None:
    turns = 1
    audio = b""
    await speak(session, speech)
    async for event in session:
        match event:
            case PartEndEvent(part=SpeechPart(speaker="user") as part):
                see("user", transcript=part.transcript)
            case PartStartEvent(part=SpeechPart(speaker="assistant")):
                audio = b""
            case PartDeltaEvent(delta=delta) if chunk := getattr(delta, "audio_chunk", None):
                audio += chunk
                if len(audio) == len(chunk) and turns == 2:
                    turns += 1
                    await speak(session, speech)
                elif len(audio) == len(chunk) and turns == 4:
                    turns += 1
                    await session.interrupt(played_ms=50)
            case PartEndEvent(part=SpeechPart(speaker="assistant") as part):
                # The user may have interrupted it, and be the last one by now.
                answers = [message for message in session.all_messages() if isinstance(message, ModelResponse)]
                answer = answers[-1]
                interrupted = answer.state == "interrupted"
                digest = hashlib.sha256(audio).hexdigest()
                see("reply", transcript=part.transcript, interrupted=interrupted, bytes=len(audio), sha256=digest)
                if turns == 5:
                    return
                if not interrupted:
                    turns += 1
                    await speak(session, speech)
            case RealtimeSessionErrorEvent():
                see("error", message=event.message)


async def main(model: str, speech: bytes) -> None:
    settings = AzureRealtimeModelSettings(
        azure_voice_live=True,
        azure_voice_live_voice="en-US-AvaNeural",
        azure_voice_live_turn_detection={"type": "server_vad", "silence_duration_ms": 500},
    )
    async with agent.realtime(AzureRealtimeModel(model, settings=settings)).session() as session:
        await converse(session, speech)
    see("end")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]).read_bytes()))
