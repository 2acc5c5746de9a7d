"""The avatar that speaks a response, and how its video is made and sent."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, cast

from pydantic import Field

from voicelive.models._base import Between, Bool, Float, Int, Model, OpenEnum, Rule, Secret, Str
from voicelive.models.enums import AvatarConfigTypes, AvatarOutputProtocol, PhotoAvatarBaseModes

__all__ = (
    "AvatarConfig",
    "Background",
    "IceServer",
    "Scene",
    "VideoCrop",
    "VideoParams",
    "VideoResolution",
)


class IceServer(Model):
    """A STUN or TURN server that WebRTC finds its way by. Since api-version 2025-10-01."""

    urls: list[Str]
    """Its addresses, such as ``"turn:relay.example.com:3478"``."""

    username: Str | None = None
    """Who logs in, where it asks for that."""

    credential: Secret[str] | None = None
    """What with. Not shown in a ``repr``."""


class _Corner(Rule):
    def refusal(self, value: Any) -> str | None:
        corner = cast("list[int]", value)
        return None if len(corner) == 2 and min(corner) >= 0 else "must be [x, y], both at least 0 px"


class VideoCrop(Model):
    """The part of the picture that is sent. Since api-version 2025-10-01."""

    top_left: Annotated[list[Int], _Corner()]
    """Its upper left corner as ``[x, y]``, in pixels from the upper left of the picture. At least 0."""

    bottom_right: Annotated[list[Int], _Corner()]
    """Its lower right corner as ``[x, y]``, in pixels from the upper left of the picture. At least 0."""


class VideoResolution(Model):
    """The size of the picture. Since api-version 2025-10-01."""

    width: Annotated[Int, Between(0, unit="px", above=True)]
    """Width in pixels. Above 0."""

    height: Annotated[Int, Between(0, unit="px", above=True)]
    """Height in pixels. Above 0."""


class Background(Model):
    """What is behind the avatar: a color or a picture, not both. Since api-version 2025-10-01."""

    color: Str | None = None
    """A color in hexadecimal, such as ``"#00FF00FF"`` (red, green, blue, opacity)."""

    image_url: Str | None = None
    """Address of a picture."""

    def _check(self) -> None:
        if self.color is not None and self.image_url is not None:
            raise ValueError("Background takes a color or an image_url: write only one of them")


class _OnlyH264(Rule):
    def refusal(self, value: Any) -> str | None:
        return None if value == "h264" else "must be 'h264', the only codec there is"


class VideoParams(Model):
    """How the avatar's video is encoded and framed. Since api-version 2025-10-01."""

    bitrate: Int | None = None
    """Bit rate in bit/s. The service's default: 2000000."""

    codec: Annotated[OpenEnum[Literal["h264"] | Str] | None, _OnlyH264()] = None
    """The codec: ``"h264"``, which is the service's default."""

    crop: VideoCrop | None = None
    """The part of the picture to send. The service's default: all of it."""

    resolution: VideoResolution | None = None
    """The size of the picture."""

    background: Background | None = None
    """What is behind the avatar."""

    gop_size: Annotated[Int | None, Between(1, 2000, "frames")] = None
    """Frames from one key frame to the next, from 1 to 2000. The service's default: 10."""


class Scene(Model):
    """Where the avatar stands in the picture, and how much it moves. Since api-version 2026-04-10.

    The API description says 0 for every default, which is out of range for ``zoom`` and ``amplitude``: what is not set
    is best taken as left to the service.
    """

    zoom: Annotated[Float | None, Between(0, above=True)] = None
    """Size, where 1 is the avatar's own. Above 0."""

    position_x: Annotated[Float | None, Between(-1, 1, "of the frame")] = None
    """Shift to the right, as a fraction of the frame's width, from -1 to 1. The service's default: 0."""

    position_y: Annotated[Float | None, Between(-1, 1, "of the frame")] = None
    """Shift along the frame's height, as a fraction of it, from -1 to 1. The service's default: 0."""

    rotation_x: Annotated[Float | None, Between(-pi, pi, "rad")] = None
    """Turn around the x axis, in radians, from -pi to pi. The service's default: 0."""

    rotation_y: Annotated[Float | None, Between(-pi, pi, "rad")] = None
    """Turn around the y axis, in radians, from -pi to pi. The service's default: 0."""

    rotation_z: Annotated[Float | None, Between(-pi, pi, "rad")] = None
    """Turn around the z axis, in radians, from -pi to pi. The service's default: 0."""

    amplitude: Annotated[Float | None, Between(0, 1, above=True)] = None
    """How far it moves, above 0 and at most 1."""


class AvatarConfig(Model):
    """The avatar of a session. Since api-version 2025-10-01.

    Two older names are still taken: ``video_params`` for ``video``, and ``background`` for ``video.background``.
    """

    _also_accepts: ClassVar[Mapping[str, str]] = {"video_params": "video", "background": "background"}

    avatar_type: Annotated[OpenEnum[AvatarConfigTypes | Str] | None, Field(alias="type")] = None
    """Whether it was made from video or from a photo; ``type`` on the wire. Since api-version 2026-04-10."""

    ice_servers: list[IceServer] | None = None
    """Servers to set up WebRTC with. The service sends some of its own; set it to use others."""

    character: Str
    """The avatar's name, such as ``"lisa"``."""

    style: Str | None = None
    """Its look, for characters that have several, such as ``"casual-sitting"``."""

    model: OpenEnum[PhotoAvatarBaseModes | Str] | None = None
    """The model that moves a photo avatar; it needs one. Since api-version 2026-04-10."""

    customized: Bool = False
    """Whether the character was made for a customer. The service demands a value: when none is given, false is sent."""

    video: VideoParams | None = None
    """How the video is encoded and framed."""

    scene: Scene | None = None
    """Where the avatar stands, and how much it moves. Since api-version 2026-04-10."""

    output_protocol: OpenEnum[AvatarOutputProtocol | Str] | None = None
    """How the video travels. The service's default: ``"webrtc"``. Since api-version 2026-04-10."""

    output_audit_audio: Bool | None = None
    """Whether the audio is sent over this connection too. The service's default: false.

    Since api-version 2026-04-10.
    """

    if TYPE_CHECKING:
        type: AvatarConfigTypes | str | None = None
        """The wire's name of ``avatar_type``."""

        video_params: VideoParams | None = None
        """Older name of ``video``."""

        background: Background | None = None
        """Older place of ``video.background``."""
    else:
        type = property(attrgetter("avatar_type"))
        video_params = property(attrgetter("video"))

        @property
        def background(self):
            """Older place of ``video.background``."""
            return self.video and self.video.background

        @background.setter
        def background(self, value):
            if self.video is None:
                self.video = VideoParams(background=value)
            else:
                self.video.background = value

    @classmethod
    def _from_given(cls, given: dict[str, Any]) -> dict[str, Any]:
        given = super()._from_given(given)
        if "background" in given:
            background = given.pop("background")
            video: Any = given.get("video") or {}
            if not isinstance(video, VideoParams | Mapping):
                return given  # which is refused for its video
            if "background" in video:
                raise TypeError("AvatarConfig was given 'background' twice: write it inside 'video' only")
            given["video"] = {**dict(cast("Mapping[str, Any]", video).items()), "background": background}
        return given

    def _check(self) -> None:
        if self.avatar_type == AvatarConfigTypes.PHOTO_AVATAR and self.model is None:
            raise ValueError("AvatarConfig: a photo-avatar needs a model, so write model='vasa-1' too")
