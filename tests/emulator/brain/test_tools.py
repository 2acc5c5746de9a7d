"""Which function is called, with which arguments, and what is asked before."""

from __future__ import annotations

import jsonschema
import pytest

TEXT, WHOLE, NUMBER, SWITCH = ({"type": kind} for kind in ("string", "integer", "number", "boolean"))


@pytest.fixture
def tools(tool):
    unit = {"type": "string", "enum": ["celsius", "fahrenheit"]}
    topping = {"type": "string", "enum": ["cheese", "mushrooms", "olives", "salami"]}
    money = {"enum": ["USD", "EUR", "GBP"]}
    day = {"type": "string", "format": "date"}
    moment = {"type": "string", "format": "date-time"}
    return [
        tool("get_weather", "Get the current weather for a city", ["city"], city=TEXT, unit=unit),
        tool("book_table", "Reserve a table at a restaurant", ["party_size", "time"], party_size=WHOLE, date=day,
             time=TEXT, name={"type": "string", "description": "Name for the reservation"}),
        tool("send_email", "Send an email to someone", ["to", "body"], to=TEXT, subject=TEXT, body=TEXT),
        tool("set_timer", "Start a countdown timer", minutes=WHOLE),
        tool("turn_on_light", "Switch a light on", room=TEXT),
        tool("turn_off_light", "Switch a light off", room=TEXT),
        tool("playMusic", "Play a song or artist", query=TEXT),
        tool("add_to_shopping_list", "Add items to the list", items={"type": "array", "items": TEXT}),
        tool("get_stock_price", "Get the price of a stock", symbol=TEXT),
        tool("set_temperature", "Set the thermostat", degrees={"type": "number", "minimum": 5, "maximum": 30}),
        tool("search_web", "Search the web for information", query=TEXT),
        tool("create_event", "Create an event in the calendar", ["title", "start"], title=TEXT, start=moment,
             attendees={"type": "array", "items": TEXT}),
        tool("book_flight", "Book a flight", origin=TEXT, destination=TEXT, date=day,
             passengers={"type": "integer", "default": 1}),
        tool("translate_text", "Translate text", text=TEXT, language={"enum": ["french", "german", "spanish"]}),
        tool("order_pizza", "Order a pizza", size={"enum": ["small", "medium", "large"]},
             toppings={"type": "array", "items": topping}, extra_cheese=SWITCH),
        tool("call_contact", "Make a phone call", name=TEXT),
        tool("remind_me", "Set a reminder", text=TEXT, time=moment),
        tool("convert_currency", "Convert money", amount=NUMBER, from_currency=money, to_currency=money),
        tool("check_order_status", "Look up an order by its number", order_id=TEXT),
        tool("search_products", "Search the catalog", ["query"], query=TEXT, max_price=NUMBER),
        tool("send_message", "Send a text message", recipient=TEXT, message=TEXT),
        tool("end_call", "Hang up"),
        tool("set_volume", "Change the volume", level={"type": "number", "minimum": 0, "maximum": 1}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "name", "arguments"),
    [
        ("What's the weather in Seattle?", "get_weather", {"city": "Seattle"}),
        ("what is the weather like in new york in fahrenheit", "get_weather",
         {"city": "New York", "unit": "fahrenheit"}),
        ("will it rain in oslo tomorrow", "get_weather", {"city": "Oslo"}),
        ("do I need an umbrella in London?", "get_weather", {"city": "London"}),
        ("Paris weather please", "get_weather", {"city": "Paris"}),
        ("Please book a table for two at seven o'clock.", "book_table", {"party_size": 2, "time": "19:00"}),
        ("reserve a table for four people tomorrow at half past seven for Alice", "book_table",
         {"party_size": 4, "date": "2026-11-21", "time": "19:30", "name": "Alice"}),
        ("Send an email to bob@example.com saying I will be late", "send_email",
         {"to": "bob@example.com", "body": "I will be late"}),
        ("send an email to bob with the subject lunch saying see you at noon", "send_email",
         {"to": "Bob", "subject": "lunch", "body": "see you at noon"}),
        ("set a timer for ten minutes", "set_timer", {"minutes": 10}),
        ("set a timer for one and a half hours", "set_timer", {"minutes": 90}),
        ("turn on the light in the kitchen", "turn_on_light", {"room": "kitchen"}),
        ("switch the bedroom light off", "turn_off_light", {"room": "bedroom"}),
        ("play some jazz", "playMusic", {"query": "jazz"}),
        ("play bohemian rhapsody by queen", "playMusic", {"query": "bohemian rhapsody by queen"}),
        ("add milk, two eggs and bread to my shopping list please", "add_to_shopping_list",
         {"items": ["milk", "two eggs", "bread"]}),
        ("what is the stock price of Apple", "get_stock_price", {"symbol": "Apple"}),
        ("set the temperature to twenty one and a half degrees", "set_temperature", {"degrees": 21.5}),
        ("search the web for cheap flights to Lisbon", "search_web", {"query": "cheap flights to Lisbon"}),
        ("schedule a meeting with Bob and Carol tomorrow at three pm called budget review", "create_event",
         {"title": "budget review", "start": "2026-11-21T15:00:00+00:00", "attendees": ["Bob", "Carol"]}),
        ("book a flight from Paris to Rome on december fifth", "book_flight",
         {"origin": "Paris", "destination": "Rome", "date": "2026-12-05", "passengers": 1}),
        ('translate "good morning" to french', "translate_text", {"text": "good morning", "language": "french"}),
        ("order a large pizza with cheese and olives", "order_pizza",
         {"size": "large", "toppings": ["cheese", "olives"], "extra_cheese": False}),
        ("order a small pizza with olives and extra cheese", "order_pizza",
         {"size": "small", "toppings": ["olives", "cheese"], "extra_cheese": True}),
        ("call mom", "call_contact", {"name": "Mom"}),
        ("remind me to buy milk tomorrow at nine", "remind_me",
         {"text": "buy milk", "time": "2026-11-21T09:00:00+00:00"}),
        ("text mom I am on my way", "send_message", {"recipient": "Mom", "message": "I am on my way"}),
        ("convert twenty dollars to euros", "convert_currency",
         {"amount": 20, "from_currency": "USD", "to_currency": "EUR"}),
        ("what is twenty in pounds from euros converted", "convert_currency",
         {"amount": 20, "from_currency": "EUR", "to_currency": "GBP"}),
        ("check the status of order A123 please", "check_order_status", {"order_id": "A123"}),
        ("search for red shoes under 50 dollars", "search_products", {"query": "red shoes", "max_price": 50}),
        ("hang up now", "end_call", {}),
        ("set the volume to 30 percent", "set_volume", {"level": 0.3}),
    ],
)  # fmt: skip
def test_the_function_that_was_meant_is_called(talk, tools, said, name, arguments):
    assert talk(tools)(said).calls == [(name, arguments)]
    schema = next(tool["parameters"] for tool in tools if tool["name"] == name)
    jsonschema.validate(arguments, schema)


@pytest.mark.parametrize(
    "said",
    ["Tell me a joke", "how are you", "what is the capital of France", "how much is two plus two", "thanks",
     "I read a book about weather balloons", "My name is Bob"],
)  # fmt: skip
def test_nothing_is_called_where_nothing_fits(talk, tools, said):
    answer = talk(tools)(said)
    assert (answer.calls, bool(answer.said)) == ([], True)


@pytest.mark.parametrize(
    ("said", "calls"),
    [
        ("what is the weather in Paris and turn on the light in the kitchen",
         [("get_weather", {"city": "Paris"}), ("turn_on_light", {"room": "kitchen"})]),
        ("Turn off the light in the hall. Then play some jazz.",
         [("turn_off_light", {"room": "hall"}), ("playMusic", {"query": "jazz"})]),
        ("What's the weather in Paris and in London?",
         [("get_weather", {"city": "Paris"}), ("get_weather", {"city": "London"})]),
        ("send an email to Bob saying I am late and the weather in Oslo is bad",
         [("send_email", {"to": "Bob", "body": "I am late and the weather in Oslo is bad"})]),
    ],
)  # fmt: skip
def test_several_functions_are_called_where_several_things_are_asked_for(talk, tools, said, calls):
    assert talk(tools)(said).calls == calls


@pytest.mark.parametrize(
    ("turns", "questions", "call"),
    [
        (["What's the weather?", "Seattle please"], ["Which city do you mean?"], ("get_weather", {"city": "Seattle"})),
        (["what's the weather", "I mean in new york"], ["Which city do you mean?"],
         ("get_weather", {"city": "New York"})),
        (["book a table", "for four people", "at seven thirty"],
         ["What party size should it be?", "At what time?"], ("book_table", {"party_size": 4, "time": "19:30"})),
        (["book a table at eight", "two, for Alice"],
         ["What party size should it be?"], ("book_table", {"party_size": 2, "time": "08:00", "name": "Alice"})),
        (["send an email", "bob", "I will be late"], ["Who is it for?", "What should the body be?"],
         ("send_email", {"to": "Bob", "body": "I will be late"})),
        (["order a pizza", "the large one", "olives and cheese"],
         ["Which size do you mean: small, medium or large?", "Which toppings do you mean?"],
         ("order_pizza", {"size": "large", "toppings": ["olives", "cheese"], "extra_cheese": False})),
        (["order a small pizza", "none"], ["Which toppings do you mean?"],
         ("order_pizza", {"size": "small", "toppings": [], "extra_cheese": False})),
        (["set the temperature", "forty", "twenty"],
         ["What degrees should it be?", "What degrees should it be?"], ("set_temperature", {"degrees": 20})),
        (["turn on the light", "the living room"], ["Which room do you mean?"],
         ("turn_on_light", {"room": "living room"})),
    ],
)  # fmt: skip
def test_what_is_missing_is_asked_for(talk, tools, turns, questions, call):
    conversation = talk(tools)
    for turn, question in zip(turns, questions, strict=False):
        assert (conversation(turn).said.replace("How many", "What"), conversation.calls) == (question, [])
    assert conversation(turns[-1]).calls == [call]


def test_a_question_may_be_declined_or_left_for_another(talk, tools):
    conversation = talk(tools)
    assert conversation("what's the weather").said == "Which city do you mean?"
    assert conversation("never mind").said == "All right."
    assert conversation("Paris").calls == []
    conversation("what's the weather")
    assert conversation("turn on the light in the hall").calls == [("turn_on_light", {"room": "hall"})]
    conversation("what's the weather")
    assert conversation("what is the capital of France?").said == "The capital of France is Paris."


def test_what_can_be_called_is_called_before_asking_for_the_rest(talk, tools):
    conversation = talk(tools)("turn on the light and what's the weather in Rome")
    assert (conversation.said, conversation.calls) == ("Which room do you mean?", [("get_weather", {"city": "Rome"})])
    conversation.give({"temperature": 20})
    assert conversation("the hall").calls == [("turn_on_light", {"room": "hall"})]


@pytest.mark.parametrize(
    ("choice", "said", "called"),
    [
        ("none", "what is the weather in Oslo", []),
        ("auto", "tell me a joke", []),
        ("required", "tell me a joke", ["get_weather"]),
        ("required", "turn off the light", ["turn_off_light"]),
        ({"type": "function", "name": "set_timer"}, "tell me a joke", ["set_timer"]),
        ({"type": "function", "name": "set_timer"}, "what is the weather in Oslo", ["set_timer"]),
        ({"type": "function", "function": {"name": "set_timer"}}, "hello", ["set_timer"]),
        ("set_timer", "hello", ["set_timer"]),
        ({"type": "function", "name": "unknown"}, "hello", []),
    ],
)
def test_tool_choice_is_honoured(talk, tools, choice, said, called):
    calls = talk(tools, choice=choice)(said).calls
    assert [name for name, _ in calls] == called
    for name, arguments in calls:
        jsonschema.validate(arguments, next(tool["parameters"] for tool in tools if tool["name"] == name))


def test_a_fixed_answer_goes_before_functions(talk, tools):
    assert talk(tools, "Always say no.")("what is the weather in Oslo").said == "no."


def test_tools_of_other_kinds_and_tools_without_a_schema(talk, tool):
    tools = [{"type": "mcp", "server_label": "x"}, {"type": "function", "name": "lock_door"}, {"type": "function"}]
    assert talk(tools)("lock the door").calls == [("lock_door", {})]


@pytest.mark.parametrize(
    ("schema", "said", "value"),
    [
        ({"type": "string", "format": "email"}, "bob at example dot com", "bob@example.com"),
        ({"type": "string", "format": "uri"}, "https://example.com/a?b=c.", "https://example.com/a?b=c"),
        ({"type": "string", "format": "date"}, "next friday", "2026-11-27"),
        ({"type": "string", "format": "time"}, "at half past six", "18:30:00+00:00"),
        ({"type": "string", "format": "date-time"}, "tomorrow at noon", "2026-11-21T12:00:00+00:00"),
        ({"type": "string", "format": "duration"}, "for ten minutes", "PT600S"),
        ({"type": ["integer", "null"]}, "twenty five", 25),
        ({"type": "integer", "enum": [1, 2, 3]}, "number 2", 2),
        ({"type": "array", "items": {"type": "number"}}, "one point five and minus two", [1.5, -2]),
        ({"anyOf": [{"type": "null"}, {"type": "integer", "maximum": 9}]}, "seven", 7),
        ({"$ref": "#/$defs/colour"}, "the dark red one", "dark_red"),
        ({"allOf": [{"type": "integer"}, {"minimum": 5}]}, "3 or 7", 7),
        ({"const": "x"}, "whatever", "x"),
        ({"type": "string", "pattern": "^[A-Z]{3}$", "default": "EUR"}, "dollars", "EUR"),
        ({"type": "object", "properties": {"n": WHOLE}, "required": ["n"]}, "four", {"n": 4}),
    ],
)
def test_values_follow_their_schema(talk, tool, schema, said, value):
    given = tool("set_widget", "", widget_value=schema)
    given["parameters"]["$defs"] = {"colour": {"enum": ["red", "dark_red", "blue"]}}
    answer = talk([given])(f"set the widget: {said}")
    assert answer.calls == [("set_widget", {"widget_value": value})], answer.said
    jsonschema.validate(answer.calls[0][1], given["parameters"])
