"""What is said about the outputs of functions."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def say(talk, tool):
    """Has a function called whatever was said, gives its output and returns what is said about that."""

    def say(name, output, **arguments):
        conversation = talk([tool(name)], choice="required")("go on")
        if arguments:
            conversation.items[-1]["arguments"] = json.dumps(arguments)
        return conversation.give(output)

    return say


@pytest.mark.parametrize(
    ("name", "arguments", "output", "said"),
    [
        ("get_weather", {"location": "Seattle"}, {"temperature": 18, "condition": "cloudy", "location": "Seattle"},
         "The weather in Seattle is 18 degrees and cloudy."),
        ("get_weather", {"city": "Paris"}, {"city": "Paris", "sky": "sunny", "degrees": 21},
         "The weather in Paris is sunny and 21 degrees."),
        ("getWeather", {"city": "Oslo"}, {"temperature": 21.5, "unit": "celsius", "humidity": 0.6, "wind_kph": 12},
         "The weather in Oslo is 21.5 degrees Celsius, with humidity 60 percent and wind 12 kilometers an hour."),
        ("get_weather", {"city": "Oslo"}, "-3", "The weather in Oslo is -3."),
        ("get_weather", {"city": "Oslo"}, "It is sunny in Oslo.", "It is sunny in Oslo."),
        ("turn_on_light", {"room": "hall"}, {"success": True}, "I have turned on the light."),
        ("send_email", {"to": "Bob"}, "ok", "I have sent the email."),
        ("book_table", {"party_size": 2}, {"status": "confirmed", "party_size": 2, "time": "2026-11-21T19:00:00"},
         "I have booked the table. The time is Saturday, November 21, 2026 at 7 PM."),
        ("add_to_shopping_list", {"items": ["apples", "pears"]}, {"ok": True},
         "I have added apples and pears to the shopping list."),
        ("navigate_to", {"destination": "the airport"}, "ok", "I have navigated to the airport."),
        ("remind_me", {"text": "milk"}, "null", "I have reminded you."),
        ("cancel_order", {}, {"message": "Your order has been cancelled."}, "Your order has been cancelled."),
        ("search_web", {}, {"results": [{"title": "A", "url": "x"}, {"title": "B"}]}, "I found 2 results: A and B."),
        ("search_web", {}, [], "I found no results."),
        ("list_tasks", {}, ["a", "b", "c", "d", "e", "f"], "I found 6 tasks: a, b, c, d and 2 more."),
        ("get_stock_price", {"symbol": "X"}, {"symbol": "X", "price": 4.5, "currency": "USD"},
         "The stock price is 4.5 dollars."),
        ("calculate", {}, {"result": 4}, "The answer is 4."),
        ("translate_text", {"text": "hi"}, {"translation": "salut"}, "The translation is salut."),
        ("is_open", {}, "true", "Yes."),
        ("get_order_status", {}, {"status": "shipped", "eta": "2026-11-25"},
         "The order status is shipped, with eta Wednesday, November 25, 2026."),
        # Failures
        ("get_weather", {"city": "Oslo"}, {"error": "city not found"},
         "I am sorry, I could not get the weather: city not found."),
        ("get_weather", {}, {"error": {"code": 503, "message": "Try later."}},
         "I am sorry, I could not get the weather: Try later."),
        ("turn_on_light", {}, {"success": False, "message": "bulb is broken"},
         "I am sorry, I could not turn on the light: bulb is broken."),
        ("book_table", {}, "Error: timeout", "I am sorry, I could not book the table: timeout."),
        ("get_weather", {}, {"error": "KeyError: 'city'"}, "I am sorry, I could not get the weather: 'city'."),
        ("send_email", {}, "false", "I am sorry, I could not send the email."),
    ],
)  # fmt: skip
def test_outputs_are_spoken_about(say, name, arguments, output, said):
    assert say(name, output, **arguments) == said


def test_outputs_of_several_functions_are_spoken_about_together(talk, tool):
    city = {"type": "string"}
    tools = [tool("get_weather", city=city), tool("turn_on_light", room=city)]
    conversation = talk(tools)("what is the weather in Paris and turn on the light in the hall")
    said = conversation.give({"temperature": 18}, {"error": "no power"})
    assert said == "The weather in Paris is 18 degrees. I am sorry, I could not turn on the light: no power."
