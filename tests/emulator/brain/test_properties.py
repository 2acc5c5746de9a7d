"""Whatever is said and whatever tools there are: no exception, the same answer every time, and valid arguments."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from voicelive.emulator import ConversationView, FunctionCall, Reply
from voicelive.emulator.brain import Brain

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)

VOCABULARY = """
    what is the weather in Seattle tomorrow at seven please book a table for two people and play some jazz for Alice Bob
    twenty five hundred point plus times divided by zero percent of square root minus on off not without to from half
    past noon march 3rd next friday ( ) + - * / ^ 3 12 2.5 7pm "quoted words" bob@example.com repeat after me
    say always capital of France mercury gold who are you never mind 2026-12-01 25:99 02/30/2026 , . ? ! ' " red blue
"""
WORDS = st.sampled_from(VOCABULARY.split())
SAID = st.one_of(st.text(max_size=80), st.lists(WORDS, max_size=14).map(" ".join))
PARAMETER_NAMES = "city location to recipient date time start query message count people minutes room is_on items x"
NAMES = st.one_of(
    st.sampled_from(PARAMETER_NAMES.split()),
    st.text(min_size=1, max_size=6),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def view(said, tools=(), choice="auto", instructions=""):
    items = [{"id": "i", "type": "message", "role": "user", "content": [{"type": "input_text", "text": said}]}]
    return ConversationView(items=items, tools=list(tools), tool_choice=choice, instructions=instructions)


def respond(*args, **kwargs):
    brain = Brain(clock=lambda: NOW)
    answer = brain.respond(view(*args, **kwargs))
    assert answer == brain.respond(view(*args, **kwargs))
    if isinstance(answer, str):
        return Reply(answer)
    return Reply(calls=[answer]) if isinstance(answer, FunctionCall) else answer


def limits(low, high, *, floats=False):
    number = st.floats(-1000, 1000) if floats else st.integers(-1000, 1000)
    return st.fixed_dictionaries({}, optional={low: number, high: number}).filter(
        lambda schema: not (low in schema and high in schema) or schema[low] + 2 < schema[high]
    )


def described(schemas):
    return st.tuples(schemas, st.fixed_dictionaries({}, optional={"description": SAID})).map(lambda p: {**p[0], **p[1]})


TEXTS = st.fixed_dictionaries(
    {"type": st.just("string")},
    optional={
        "format": st.sampled_from(["date", "time", "date-time", "email", "uri", "duration", "uuid", "weird"]),
        "minLength": st.integers(0, 5),
        "maxLength": st.integers(6, 20),
    },
)
NUMBERS = st.one_of(
    limits("minimum", "maximum").map(lambda more: {"type": "integer", **more}),
    limits("exclusiveMinimum", "exclusiveMaximum").map(lambda more: {"type": "integer", **more}),
    limits("minimum", "maximum", floats=True).map(lambda more: {"type": "number", **more}),
)
CHOICE = st.one_of(st.sampled_from(["red", "blue", "dark_red", "celsius"]), JSON)
CHOICES = st.lists(CHOICE, min_size=1, max_size=4).map(lambda values: {"enum": values})
OTHERS = st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}, {"const": 5}, {}])
LEAVES = described(st.one_of(TEXTS, NUMBERS, CHOICES, OTHERS))


def compound(inner):
    objects = st.dictionaries(NAMES, inner, max_size=3).flatmap(
        lambda properties: st.sets(st.sampled_from(sorted(properties)) if properties else st.nothing()).map(
            lambda required: {"type": "object", "properties": properties, "required": sorted(required)}
        )
    )
    arrays = st.tuples(inner, st.integers(0, 2)).map(lambda p: {"type": "array", "items": p[0], "minItems": p[1]})
    return st.one_of(objects, arrays, inner.map(lambda schema: {"anyOf": [schema, {"type": "null"}]}))


PARAMETERS = st.recursive(LEAVES, compound, max_leaves=6)
SCHEMAS = st.dictionaries(NAMES, PARAMETERS, max_size=4).flatmap(
    lambda properties: st.sets(st.sampled_from(sorted(properties)) if properties else st.nothing()).map(
        lambda required: {"type": "object", "properties": properties, "required": sorted(required)}
    )
)


def tool(schema, name="set_weather"):
    return {"type": "function", "name": name, "description": "Set the weather", "parameters": schema}


@given(SAID, st.one_of(SAID, st.just("You are Ada. Always say hi.")))
def test_anything_said_is_answered(said, instructions):
    assert respond(said, instructions=instructions).text.strip() or not said.strip()


@given(SAID, SCHEMAS)
def test_calls_that_must_be_made_have_valid_arguments(said, schema):
    (call,) = respond(said, [tool(schema)], {"type": "function", "name": "set_weather"}).calls[:1]
    jsonschema.validate(call.arguments, schema)


@given(SAID, SCHEMAS)
def test_calls_that_may_be_made_have_valid_arguments(said, schema):
    answer = respond(f"set the weather {said}", [tool(schema)])
    assert answer.text or answer.calls
    for call in answer.calls:
        jsonschema.validate(call.arguments, schema)


@given(SAID, JSON, st.sampled_from(["auto", "required", "none"]))
def test_any_json_as_a_schema_raises_nothing(said, schema, choice):
    respond(said, [tool(schema), tool({"properties": schema}, "other"), tool({"$ref": "#"}, "same")], choice)


KEYWORDS = "type properties required enum items anyOf $ref minimum format pattern default const maxLength description"


@given(st.dictionaries(st.sampled_from(KEYWORDS.split()), JSON))
def test_schemas_with_wrong_values_raise_nothing(schema):
    within = {"type": "object", "properties": {"city": schema}, "required": ["city"]}
    respond("set the weather to 5 in Paris", [tool(within)])
    respond("set the weather to 5 in Paris", [tool(schema)], "required")


@given(JSON.map(json.dumps) | SAID, NAMES | st.sampled_from(["get_weather", "turn_on_light", "add_to_list"]), JSON)
def test_any_output_is_spoken_about(output, name, arguments):
    items = [
        {"type": "function_call", "name": name, "call_id": "c", "arguments": json.dumps(arguments)},
        {"type": "function_call_output", "call_id": "c", "output": output},
    ]
    assert Brain().respond(ConversationView(items=items)).strip()


@given(st.lists(st.tuples(st.sampled_from(["user", "assistant"]), SAID), max_size=8), SCHEMAS)
def test_any_conversation_is_answered(messages, schema):
    unheard = {"type": "audio", "transcript": None}
    items = [
        {"type": "message", "role": role, "content": [{"type": "text", "text": text}, unheard]}
        for role, text in messages
    ]
    Brain(clock=lambda: NOW).respond(ConversationView(items=items, tools=[tool(schema)]))
