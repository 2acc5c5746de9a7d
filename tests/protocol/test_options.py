"""Connection options: what is accepted, refused and warned about."""

from __future__ import annotations

import dataclasses
import ssl
from typing import Any

import pytest

from voicelive.protocol.options import TransportOptions, WebsocketConnectionOptions, parse_options


def test_the_defaults() -> None:
    assert dataclasses.asdict(parse_options()) == {
        "ssl_context": None,
        "server_hostname": None,
        "proxy": True,
        "compression": None,
        "max_msg_size": 4 * 1024 * 1024,
        "heartbeat": 30.0,
        "autoclose": True,
        "autoping": True,
        "receive_timeout": None,
        "close_timeout": 5.0,
        "handshake_timeout": 30.0,
        "send_timeout": None,
        "max_queued_bytes": 1024 * 1024,
    }


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"compression": True}, {"compression": 15}),
        ({"compression": False}, {"compression": None}),
        ({"compression": 0}, {"compression": None}),
        ({"compression": 9}, {"compression": 9}),
        ({"max_msg_size": 1}, {"max_msg_size": 1}),
        ({"max_msg_size": 0}, {"max_msg_size": None}),
        ({"max_msg_size": None}, {"max_msg_size": None}),
        ({"heartbeat": None}, {"heartbeat": None}),
        ({"heartbeat": 1}, {"heartbeat": 1.0}),
        ({"autoclose": False, "autoping": False}, {"autoclose": False, "autoping": False}),
        ({"receive_timeout": 0.5}, {"receive_timeout": 0.5}),
        ({"close_timeout": None, "handshake_timeout": None}, {}),
        ({"close_timeout": 1, "handshake_timeout": 2}, {"close_timeout": 1.0, "handshake_timeout": 2.0}),
        ({"vendor_options": None}, {}),
        ({"vendor_options": {"ssl": True, "proxy": "http://p:1", "server_hostname": "n"}},
         {"proxy": "http://p:1", "server_hostname": "n"}),
    ],
)  # fmt: skip
def test_options_are_taken(given: WebsocketConnectionOptions, expected: dict[str, Any]) -> None:
    assert parse_options(given) == dataclasses.replace(TransportOptions(), **expected)


def test_arguments_go_before_vendor_options() -> None:
    ours, theirs = (ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) for _ in range(2))
    vendor = {"ssl": theirs, "proxy": "http://theirs:1"}
    options = parse_options({"vendor_options": vendor}, ssl_context=ours, proxy="http://ours:1")
    assert (options.ssl_context, options.proxy) == (ours, "http://ours:1")
    assert parse_options({"vendor_options": vendor}).ssl_context is theirs


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ([], TypeError),
        ({"compression": "yes"}, TypeError),
        ({"compression": 8}, ValueError),
        ({"compression": 16}, ValueError),
        ({"max_msg_size": -1}, ValueError),
        ({"max_msg_size": 1.5}, TypeError),
        ({"max_msg_size": True}, TypeError),
        ({"heartbeat": 0}, ValueError),
        ({"heartbeat": True}, TypeError),
        ({"autoping": 1}, TypeError),
        ({"receive_timeout": -1}, ValueError),
        ({"receive_timeout": "5"}, TypeError),
        ({"handshake_timeout": float("nan")}, ValueError),
        ({"handshake_timeout": float("inf")}, ValueError),
        ({"vendor_options": 1}, TypeError),
        ({"vendor_options": {"ssl": False}}, TypeError),
    ],
)
def test_wrong_values_are_refused(options: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        parse_options(options)


@pytest.mark.parametrize("proxy", [None, 1])
def test_wrong_proxies_are_refused(proxy: Any) -> None:
    with pytest.raises(TypeError, match="proxy must be a URL"):
        parse_options(proxy=proxy)


def test_an_unknown_option_is_ignored_with_a_warning_at_the_callers_line() -> None:
    options: Any = {"timeout": 20, "vendor_options": {"proxi": 1}}
    with pytest.warns(UserWarning) as caught:
        assert parse_options(options) == TransportOptions()
    assert [str(warning.message) for warning in caught] == [
        "connection option 'timeout' is unknown and ignored; the nearest is 'send_timeout'",
        "vendor option 'proxi' is unknown and ignored; the nearest is 'proxy'",
    ]
    assert {warning.filename for warning in caught} == {__file__}


def test_a_proxys_password_is_not_shown() -> None:
    assert "s3cret" not in repr(parse_options(proxy="http://u:s3cret@p:1"))
