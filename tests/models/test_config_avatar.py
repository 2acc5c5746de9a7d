"""Avatars and their video."""

from __future__ import annotations

from math import nan, pi
from typing import Any

import pytest
from pydantic import ValidationError

from voicelive.models._base import Model
from voicelive.models.avatar import AvatarConfig, Background, IceServer, Scene, VideoCrop, VideoParams, VideoResolution
from voicelive.models.enums import AvatarConfigTypes
from voicelive.models.session import RequestSession


def test_customized_is_sent_always() -> None:
    assert AvatarConfig(character="lisa").as_dict() == {"character": "lisa", "customized": False}
    assert AvatarConfig(character="lisa", customized=True).as_dict()["customized"] is True
    assert RequestSession(avatar={"character": "lisa"}).as_dict()["avatar"]["customized"] is False
    assert AvatarConfig.model_validate({"character": "lisa"}).as_dict() == {"character": "lisa"}


def test_the_kind_is_type_on_the_wire() -> None:
    by_name = AvatarConfig(character="lisa", avatar_type="video-avatar")
    by_wire_name = AvatarConfig(character="lisa", type="video-avatar")
    assert by_name == by_wire_name
    assert by_name["type"] == by_name.type == by_name.avatar_type == AvatarConfigTypes.VIDEO_AVATAR
    assert by_name.as_dict()["type"] == "video-avatar"
    by_name.type = "photo-avatar"
    assert by_name.avatar_type is AvatarConfigTypes.PHOTO_AVATAR


def test_a_photo_avatar_needs_a_model() -> None:
    with pytest.raises(ValueError, match="write model='vasa-1'"):
        AvatarConfig(character="lisa", avatar_type="photo-avatar")
    with pytest.raises(ValueError, match="write model='vasa-1'"):
        RequestSession(avatar={"character": "lisa", "type": "photo-avatar", "model": None})
    assert AvatarConfig(character="lisa", avatar_type="photo-avatar", model="vasa-1").model == "vasa-1"
    assert AvatarConfig.model_validate({"character": "lisa", "type": "photo-avatar"}).model is None


@pytest.mark.parametrize("video", [None, VideoParams(bitrate=1), {"bitrate": 1}])
def test_older_names_of_video_and_background(video: Any) -> None:
    made = AvatarConfig(character="lisa", video_params=video, background=Background(color="#000000"))
    expected = {**({"bitrate": 1} if video else {}), "background": {"color": "#000000"}}
    assert made.as_dict() == {"character": "lisa", "customized": False, "video": expected}
    assert made.video_params is made.video
    assert made.background == {"color": "#000000"}
    assert AvatarConfig({"character": "lisa", "background": {"color": "x"}}).as_dict()["video"] == {
        "background": {"color": "x"}
    }


def test_the_background_can_be_set_at_its_older_place() -> None:
    made = AvatarConfig(character="lisa")
    assert made.background is None
    made.background = Background(color="a")
    assert made.video is not None
    made.video.bitrate = 5
    made.background = Background(image_url="b")
    assert made.as_dict()["video"] == {"background": {"image_url": "b"}, "bitrate": 5}


def test_a_background_given_twice_is_refused() -> None:
    with pytest.raises(TypeError, match="'background' twice"):
        AvatarConfig(character="x", video={"background": None}, background=Background())


def test_a_background_is_a_color_or_a_picture() -> None:
    with pytest.raises(ValueError, match="only one of them"):
        Background(color="#000000", image_url="https://example.com/a.png")
    with pytest.raises(ValueError, match="only one of them"):
        AvatarConfig({"character": "x", "video": {"background": {"color": "a", "image_url": "b"}}})
    assert Background(color="#000000", image_url=None).as_dict() == {"color": "#000000", "image_url": None}


@pytest.mark.parametrize(
    ("model", "fields", "text"),
    [
        (VideoCrop, {"top_left": [0], "bottom_right": [1, 1]}, r"top_left\n  must be \[x, y\]"),
        (VideoCrop, {"top_left": [0, 0], "bottom_right": [1, -1]}, r"bottom_right\n  must be \[x, y\]"),
        (VideoCrop, {"top_left": [0, 0.5], "bottom_right": [1, 1]}, r"top_left.1\n  Input should be a valid integer"),
        (VideoResolution, {"width": 0, "height": 1}, "width\n  must be above 0 px"),
        (VideoParams, {"codec": "vp8"}, "codec\n  must be 'h264'"),
        (VideoParams, {"gop_size": 2001}, "gop_size\n  must be from 1 to 2000 frames"),
        (Scene, {"zoom": 0}, "zoom\n  must be above 0"),
        (Scene, {"position_x": 1.1}, "position_x\n  must be from -1 to 1 of the frame"),
        (Scene, {"rotation_z": pi + 0.01}, "rotation_z\n  must be from -3.14159 to 3.14159 rad"),
        (Scene, {"amplitude": 0}, "amplitude\n  must be above 0 and at most 1"),
        (Scene, {"amplitude": nan}, "amplitude\n  Input should be a finite number"),
    ],
)
def test_ranges(model: type[Model], fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        model(**fields)


@pytest.mark.parametrize(
    "made",
    [
        VideoCrop(top_left=[0, 0], bottom_right=[1, 1]),
        VideoParams(codec="h264", gop_size=1, bitrate=0),
        Scene(zoom=0.01, position_x=-1, position_y=1, rotation_x=-pi, rotation_y=pi, rotation_z=0, amplitude=1),
        VideoResolution(width=1, height=1),
    ],
)
def test_limits_are_included(made: Model) -> None:
    assert type(made).model_validate(made.as_dict()) == made


def test_what_the_service_sends_is_not_checked() -> None:
    wire = {
        "character": "lisa",
        "video": {"codec": "av1", "gop_size": 0, "crop": {"top_left": [], "bottom_right": [-1, 2, 3]}},
        "scene": {"zoom": 0, "amplitude": 0, "new": None},
        "output_protocol": "carrier-pigeon",
    }
    assert AvatarConfig.model_validate(wire).as_dict() == wire


def test_the_credential_of_an_ice_server_is_not_shown() -> None:
    ice = IceServer(urls=["turn:example.com"], username="me", credential="hunter2")
    assert ice.as_dict()["credential"] == "hunter2"
    assert "hunter2" not in repr(ice) + repr(AvatarConfig(character="x", ice_servers=[ice]))
