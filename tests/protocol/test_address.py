"""The URL and the headers of the handshake."""

from __future__ import annotations

import platform
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelive._version import __version__
from voicelive.models._base import VoiceLiveEnum
from voicelive.protocol.address import (
    API_VERSION,
    Address,
    build_address,
    build_headers,
    check_headers,
    user_agent,
)

HOST = "https://r.services.ai.azure.com"


def build(endpoint: str = HOST, **arguments: Any) -> Address:
    if "agent_name" not in arguments and "model" not in arguments:
        arguments["model"] = "m"
    return build_address(endpoint, **arguments)


def parameters(address: Address) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(address.url).query, keep_blank_values=True)


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("https://h", "wss://h:443/voice-live/realtime"),
        ("https://h/", "wss://h:443/voice-live/realtime"),
        ("wss://h:8443", "wss://h:8443/voice-live/realtime"),
        ("http://localhost", "ws://localhost:80/voice-live/realtime"),
        ("ws://127.0.0.1:8080/", "ws://127.0.0.1:8080/voice-live/realtime"),
        ("HTTPS://H.Example", "wss://h.example:443/voice-live/realtime"),
        ("https://[::1]:1234", "wss://[::1]:1234/voice-live/realtime"),
        ("https://h/base/path/", "wss://h:443/base/path/voice-live/realtime"),
        ("https://h/voice-live/realtime", "wss://h:443/voice-live/realtime"),
        ("https://h/voice-live/realtime/", "wss://h:443/voice-live/realtime"),
        ("https://h/base/voice-live/realtime", "wss://h:443/base/voice-live/realtime"),
        ("https://h/a b".replace(" ", "%20"), "wss://h:443/a%20b/voice-live/realtime"),
        ("https://h/50%", "wss://h:443/50%25/voice-live/realtime"),
        ("https://h/ä", "wss://h:443/%C3%A4/voice-live/realtime"),
        ("https://bücher.example", "wss://xn--bcher-kva.example:443/voice-live/realtime"),
        ("https://h#fragment", "wss://h:443/voice-live/realtime"),
        (" https://h\n", "wss://h:443/voice-live/realtime"),
    ],
)
def test_endpoints_become_websocket_urls(endpoint: str, url: str) -> None:
    assert build(endpoint).display == url


def test_the_parameters_come_in_the_documented_order() -> None:
    address = build(
        agent_name="a b",
        project_name="p",
        agent_version="3",
        conversation_id="c",
        authentication_identity_client_id="cid",
        foundry_resource_override="fro",
    )
    assert parameters(address) == [
        ("api-version", "2026-07-15"),
        ("x-ms-client-sdk", user_agent()),
        ("agent-name", "a b"),
        ("agent-project-name", "p"),
        ("agent-version", "3"),
        ("conversation-id", "c"),
        ("agent-authentication-identity-client-id", "cid"),
        ("foundry-resource-override", "fro"),
    ]


def test_query_goes_before_arguments_and_arguments_before_the_endpoint() -> None:
    address = build(
        f"{HOST}?api-version=e&model=e&x=e&y=e", api_version="a", model="a", query={"api-version": "q", "x": "q"}
    )
    assert [pair for pair in parameters(address) if pair[0] != "x-ms-client-sdk"] == [
        ("api-version", "q"),
        ("model", "a"),
        ("x", "q"),
        ("y", "e"),
    ]


def test_the_model_may_come_with_the_endpoint_or_the_query() -> None:
    assert ("model", "e") in parameters(build_address(f"{HOST}?model=e"))
    assert ("model", "q") in parameters(build_address(HOST, query={"model": "q"}))


def test_repeated_and_blank_values_of_the_endpoint_are_kept() -> None:
    assert parameters(build(f"{HOST}?a=1&b=&a=2"))[-3:] == [("a", "1"), ("a", "2"), ("b", "")]


class Colour(VoiceLiveEnum):
    RED = "red"


def test_query_values_become_text() -> None:
    query = {"t": True, "f": False, "i": 3, "x": 1.5, "l": [1, True, "a"], "e": "", "c": Colour.RED, "none": []}
    assert parameters(build(query=query))[3:] == [
        ("t", "true"),
        ("f", "false"),
        ("i", "3"),
        ("x", "1.5"),
        ("l", "1"),
        ("l", "true"),
        ("l", "a"),
        ("e", ""),
        ("c", "red"),
    ]


@pytest.mark.parametrize(
    ("value", "error"),
    [(None, ValueError), ([None], ValueError), (b"x", TypeError), ({}, TypeError), (float("nan"), TypeError)],
)
def test_query_values_without_a_text_are_refused(value: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="query\\['k'\\]"):
        build(query={"k": value})


@given(st.dictionaries(st.text(min_size=1), st.text(), max_size=5))
def test_any_text_comes_through_the_query(query: dict[str, str]) -> None:
    query = {f"q{key}": value for key, value in query.items() if (key + value).isprintable()}
    address = build(query=query)
    assert dict(parameters(address)[3:]) == query
    assert address.resource.isascii()
    assert not set(address.resource) & set(' "<>#\\^`{|}')


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("r.services.ai.azure.com", "no scheme"),
        ("localhost:8080", "no scheme"),
        ("ftp://h", "'ftp'"),
        ("https://", "no host"),
        ("https:///path", "no host"),
        ("https://h:99999", "port"),
        ("https://h:x", "port"),
        ("https://h:0", "port"),
        ("https://u:p@h", "credential="),
        ("https://a b", "spaces"),
        ("https://h\r\nX: y", "control"),
        ("https://[h", "not a URL"),
        ("https://" + "ä" * 80, "DNS"),
    ],
)
def test_bad_endpoints_say_what_to_write(endpoint: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(endpoint)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "neither model nor an agent"),
        ({"model": ""}, "neither model nor an agent"),
        ({"model": "m", "agent_name": "a", "project_name": "p"}, "leave model out"),
        ({"agent_name": "a"}, "agent_name is given without project_name"),
        ({"project_name": "p"}, "project_name is given without agent_name"),
        ({"model": "m", "agent_version": "1"}, "agent-version: given without an agent"),
        ({"model": "m", "conversation_id": "1"}, "conversation-id: given without an agent"),
        ({"model": "m", "api_version": ""}, "api_version is empty"),
    ],
)
def test_combinations_that_cannot_work_are_refused(arguments: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build_address(HOST, **arguments)


@pytest.mark.parametrize("name", ["model", "api_version", "agent_name", "conversation_id"])
def test_arguments_that_are_no_text_are_refused(name: str) -> None:
    with pytest.raises(TypeError, match=f"{name} must be a text, not int"):
        build_address(HOST, **{name: 1})


def test_an_address_shows_no_query() -> None:
    address = build(query={"key": "s3cret"})
    assert "s3cret" in address.url
    assert "s3cret" not in f"{address!r} {address.display}"


@pytest.mark.parametrize("host", ["localhost", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_this_machine_is_known(host: str) -> None:
    assert build(f"http://{host}").loopback


@pytest.mark.parametrize("host", ["10.0.0.1", "localhost.example", "127.0.0.1.example", "[::2]", "h"])
def test_other_machines_are_known(host: str) -> None:
    assert not build(f"http://{host}").loopback


def test_the_default_version_is_one_constant() -> None:
    assert API_VERSION == "2026-07-15"


def test_the_user_agent_names_package_python_and_platform() -> None:
    assert user_agent() == f"voicelive/{__version__} Python/{platform.python_version()} ({platform.platform()})"


def test_the_callers_headers_replace_ours_whatever_the_case() -> None:
    headers = build_headers(("api-key", "ours"), check_headers({"API-Key": "theirs", "X-More": 1, "user-AGENT": "me"}))
    assert headers == (("API-Key", "theirs"), ("X-More", "1"), ("user-AGENT", "me"))


def test_headers_without_the_callers() -> None:
    assert build_headers(("Authorization", "Bearer t")) == (
        ("User-Agent", user_agent()),
        ("Authorization", "Bearer t"),
    )


@pytest.mark.parametrize(
    ("headers", "error", "message"),
    [
        ({"X": "a\nb"}, ValueError, "line break"),
        ({"X": "a\r\nInjected: yes"}, ValueError, "line break"),
        ({"X": "ä"}, ValueError, "non-ASCII"),
        ({"X": "\0"}, ValueError, "control"),
        ({"X\n": "a"}, ValueError, "not a header name"),
        ({"": "a"}, ValueError, "not a header name"),
        ({"X:": "a"}, ValueError, "not a header name"),
        ({"a": "1", "A": "2"}, ValueError, "twice"),
        ({"Host": "h"}, ValueError, "handshake"),
        ({"Sec-WebSocket-Key": "h"}, ValueError, "handshake"),
        ({"X": None}, TypeError, "not NoneType"),
        ({"X": b"a"}, TypeError, "not bytes"),
        ({1: "a"}, TypeError, "must be a text"),
        ([("X", "a")], TypeError, "mapping"),
    ],
)
def test_bad_headers_are_refused(headers: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        check_headers(headers)


def test_no_message_quotes_the_value_of_a_header() -> None:
    with pytest.raises(ValueError, match="strip") as caught:
        check_headers({"api-key": "s3cret\n"})
    assert "s3cret" not in str(caught.value)
