"""Avatars: negotiation, when they speak, and their video over the WebSocket."""

from __future__ import annotations

import base64
import json
from struct import unpack

import pytest

from voicelive.emulator import sdp, video

AZURE = "gpt-4.1"
AVATAR = {"character": "lisa", "style": "casual-sitting", "customized": False}
SOCKET = {**AVATAR, "output_protocol": "websocket"}
OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 46117317 2 IN IP4 127.0.0.1",
        "s=-",
        "t=0 0",
        "a=group:BUNDLE 0 1 2",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0",
        "c=IN IP4 0.0.0.0",
        "a=ice-ufrag:abcd",
        "a=ice-pwd:secretsecretsecretsecret",
        "a=fingerprint:sha-256 AA:BB",
        "a=setup:actpass",
        "a=mid:0",
        "a=recvonly",
        "a=rtcp-mux",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "a=rtpmap:63 red/48000/2",
        "a=rtpmap:0 PCMU/8000",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 102",
        "a=mid:1",
        "a=sendrecv",
        "a=rtpmap:96 VP8/90000",
        "a=rtpmap:102 H264/90000",
        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
        "a=mid:2",
        "a=sctp-port:5000",
        "",
    ]
)


@pytest.fixture
def client(serve, dial):
    return dial(serve(), AZURE)


def test_session_tells_the_relays_and_the_modality(client):
    session = client.update(avatar=AVATAR)
    assert session["modalities"] == ["audio", "text", "avatar"]
    (relay,) = session["avatar"]["ice_servers"]
    assert relay["urls"][0].startswith("turn:127.0.0.1")
    assert relay["username"]
    assert relay["credential"]
    assert session["avatar"]["output_protocol"] == "webrtc"
    own = [{"urls": ["stun:stun.example.test"]}]
    assert client.update(avatar={**AVATAR, "ice_servers": own})["avatar"]["ice_servers"] == own
    without = client.update(avatar=None)
    assert (without["avatar"], without["modalities"]) == (None, ["audio", "text"])


@pytest.mark.parametrize(
    ("avatar", "param"),
    [
        ({"customized": False}, "session.avatar.character"),
        ({**AVATAR, "type": "hologram"}, "session.avatar.type"),
        ({**AVATAR, "type": "photo-avatar"}, "session.avatar.model"),
        ({**AVATAR, "output_protocol": "carrier-pigeon"}, "session.avatar.output_protocol"),
        (
            {**AVATAR, "video": {"background": {"color": "#FFFFFFFF", "image_url": "https://example.test"}}},
            "session.avatar.video.background",
        ),
    ],
)
def test_avatars_that_cannot_be_are_refused(client, avatar, param):
    client.send("session.update", session={"avatar": avatar})
    assert client.error()["param"] == param


@pytest.mark.parametrize("wrapped", [False, True])
def test_the_answer_comes_in_the_form_of_the_offer(client, wrapped):
    client.update(avatar=AVATAR)
    offer = base64.b64encode(json.dumps({"type": "offer", "sdp": OFFER}).encode()).decode() if wrapped else OFFER
    client.send("session.avatar.connect", client_sdp=offer)
    answer = client.expect("session.avatar.connecting")["server_sdp"]
    if wrapped:
        description = json.loads(base64.b64decode(answer))
        assert description["type"] == "answer"
        answer = description["sdp"]
    assert answer.startswith("v=0\r\n")


def test_the_answer_accepts_each_medium_of_the_offer():
    answer = sdp.answer(OFFER)
    head, *media = answer.removesuffix("\r\n").split("\r\nm=")
    assert "a=group:BUNDLE 0 1 2" in head.split("\r\n")
    assert [medium.split("\r\n")[0] for medium in media] == [
        "audio 9 UDP/TLS/RTP/SAVPF 111",
        "video 9 UDP/TLS/RTP/SAVPF 102",
        "application 9 UDP/DTLS/SCTP webrtc-datachannel",
    ]
    audio, video_lines, data = (medium.split("\r\n")[1:] for medium in media)
    assert {"a=mid:0", "a=sendonly", "a=setup:active", "a=rtcp-mux", "a=rtpmap:111 opus/48000/2"} <= set(audio)
    assert {"a=mid:1", "a=sendrecv", "a=rtpmap:102 H264/90000"} <= set(video_lines)
    assert {"a=mid:2", "a=sctp-port:5000", "a=setup:active"} <= set(data)
    for lines in (audio, video_lines, data):
        assert len([line for line in lines if line.startswith(("a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:"))]) == 3
        assert not [line for line in lines if "secret" in line]
    assert not [line for line in answer.split("\r\n") if "PCMU" in line or "VP8" in line]


@pytest.mark.parametrize("offer", ["", "hello", "e30=", "WzFd", "bm90IGpzb24=", "v=0\r\nm=audio\r\n"])
def test_offers_that_are_none_are_refused(client, offer):
    client.update(avatar=AVATAR)
    client.send("session.avatar.connect", client_sdp=offer)
    error = client.error()
    assert (error["code"], error["param"]) == ("invalid_value", "client_sdp")


def test_there_is_nothing_to_negotiate_over_the_websocket(client):
    client.update(avatar=SOCKET)
    client.expect("response.video.delta")
    client.send("session.avatar.connect", client_sdp=OFFER)
    assert client.error()["param"] == "client_sdp"


def test_the_avatar_speaks_while_audio_comes(client, tools):
    client.update(avatar=AVATAR)
    events = [*client.respond(), client.receive()]
    kinds = tools.types(events)
    assert kinds.index("session.avatar.switch_to_speaking") < kinds.index("response.audio.delta")
    assert kinds[-2:] == ["response.done", "session.avatar.switch_to_idle"]
    assert events[-1]["turn_id"] == events[kinds.index("session.avatar.switch_to_speaking")]["turn_id"]
    assert "session.avatar.switch_to_speaking" not in tools.types(client.respond(response={"modalities": ["text"]}))


@pytest.mark.parametrize("stop", ["response.cancel", "output_audio_buffer.clear"])
def test_what_stops_the_reply_stops_the_avatar(serve, dial, tools, stop):
    client = dial(serve(speed=1), AZURE)
    client.update(avatar=AVATAR)
    client.send("response.create")
    client.until("response.audio.delta")
    client.send(stop)
    events = client.until("session.avatar.switch_to_idle")
    assert events[-2]["response"]["status_details"]["reason"] == "client_cancelled"


def boxes(data):
    position = 0
    while position < len(data):
        size, kind = unpack(">I4s", data[position : position + 8])
        yield kind.decode(), data[position + 8 : position + size]
        position += size


def test_video_is_fragmented_mp4_as_long_as_the_audio(client, tools):
    client.update(avatar=SOCKET)
    opening = client.expect("response.video.delta")
    events = client.respond()
    deltas = [opening, *(event for event in events if event["type"] == "response.video.delta")]
    assert {(delta["codec"], delta["output_index"]) for delta in deltas} == {("h264", 0)}
    stream = b"".join(base64.b64decode(delta["delta"]) for delta in deltas)
    found = list(boxes(stream))
    assert [kind for kind, _ in found[:2]] == ["ftyp", "moov"]
    assert [kind for kind, _ in found[2:]] == ["moof", "mdat"] * (len(found) // 2 - 1)
    frames = 0
    for kind, body in found:
        if kind == "moof":
            parts = dict(boxes(dict(boxes(body))["traf"]))
            assert unpack(">IQ", parts["tfdt"]) == (0x01000000, frames)
            frames += unpack(">I", parts["trun"][4:8])[0]
    seconds = len(tools.audio_of(events)) / 48000
    assert abs(frames - 1 - seconds * video.FRAMES_PER_SECOND) <= 1


def test_pictures_are_h264():
    """Sizes in the boxes and types of the NAL units; that decoders take it was tried by hand (FFmpeg 8)."""
    (_, moof), (_, mdat) = boxes(video.fragment(0, 0, 3))
    run = dict(boxes(dict(boxes(moof))["traf"]))["trun"]
    sizes = unpack(">6I", run[12:])[::2]
    assert sum(sizes) == len(mdat)
    assert unpack(">i", run[8:12])[0] == len(moof) + 8 + 8
    position, types = 0, []
    for size in sizes:
        (length,) = unpack(">I", mdat[position : position + 4])
        assert length == size - 4
        types.append(mdat[position + 4] & 0x1F)
        position += size
    assert types == [5, 1, 1]
