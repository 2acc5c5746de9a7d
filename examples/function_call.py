"""Let the model call functions: declare them, run what it asks for, hand the results back, and let it speak."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from voicelive.aio import VoiceLiveConnection, connect
from voicelive.emulator import Emulator
from voicelive.models import (
    FunctionCallOutputItem,
    FunctionTool,
    InputTextContentPart,
    RequestSession,
    ResponseFunctionCallItem,
    UserMessageItem,
)


def get_weather(city: str) -> dict[str, Any]:
    return {"city": city, "sky": "sunny", "degrees": 21}


FUNCTIONS: dict[str, Callable[..., object]] = {"get_weather": get_weather}
WEATHER = FunctionTool(
    name="get_weather",
    description="The weather in a city, now.",
    parameters={"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
)


def run(call: ResponseFunctionCallItem) -> str:
    """The output of a call as JSON. A call that fails needs one too: the model waits for it."""
    try:
        output = FUNCTIONS[call.name](**json.loads(call.arguments))
    except Exception as error:
        output = {"error": f"{type(error).__name__}: {error}"}
    print(f"{call.name}({call.arguments}) -> {output}")
    return json.dumps(output)


async def answer(conn: VoiceLiveConnection) -> None:
    """Follow the conversation until a response calls no function."""
    await conn.response.create()
    async for event in conn:
        if event.type == "response.audio_transcript.done":
            print(event.transcript)
        elif event.type == "response.done":
            calls = [item for item in event.response.output or () if isinstance(item, ResponseFunctionCallItem)]
            for call in calls:
                await conn.conversation.item.create(item=FunctionCallOutputItem(call_id=call.call_id, output=run(call)))
            if not calls:
                return
            # Only now, with all outputs there: while a response is active, another one is refused.
            await conn.response.create()


async def main() -> None:
    async with (
        Emulator() as service,
        connect(endpoint=service.endpoint, credential=service.api_key, model="gpt-realtime") as conn,
    ):
        await conn.session.update(session=RequestSession(tools=[WEATHER]))
        question = InputTextContentPart(text="What is the weather in Paris?")
        await conn.conversation.item.create(item=UserMessageItem(content=[question]))
        await answer(conn)


asyncio.run(main())
