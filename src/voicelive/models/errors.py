"""What error and warning events carry. The exceptions of this package are in `voicelive.exceptions`."""

from __future__ import annotations

from voicelive.models._base import Model, Needed, Str

__all__ = ("ErrorResponse", "ServerEventErrorDetails", "ServerEventWarningDetails", "VoiceLiveErrorDetails")


class ServerEventErrorDetails(Model):
    """What went wrong, and with which client event. Since api-version 2025-10-01."""

    type: Needed[Str]
    """Class of error, such as ``"invalid_request_error"``. The service sometimes leaves it out."""

    code: Str | None = None
    """Error code, for programs."""

    message: Str
    """Description, for people."""

    param: Str | None = None
    """Name of the parameter at fault."""

    event_id: Str | None = None
    """``event_id`` of the client event that caused the error, if it was given one."""


class ServerEventWarningDetails(Model):
    """What the service warns of. Since api-version 2026-04-10."""

    message: Str
    """Description, for people."""

    code: Str | None = None
    """Warning code, for programs."""

    param: Str | None = None
    """Name of the parameter the warning is about."""


class VoiceLiveErrorDetails(Model):
    """The error of something that failed on its own, such as the transcription of one item.

    Since api-version 2025-10-01.
    """

    code: Str | None = None
    """Error code, for programs."""

    message: Str
    """Description, for people."""

    param: Str | None = None
    """Name of the parameter at fault."""

    type: Str | None = None
    """Class of error, such as ``"invalid_request_error"``."""

    event_id: Str | None = None
    """``event_id`` of the client event that caused the error, if there is one."""


class ErrorResponse(Model):
    """The body of an HTTP answer with an error status. Since api-version 2025-10-01."""

    error: VoiceLiveErrorDetails
    """What went wrong."""
