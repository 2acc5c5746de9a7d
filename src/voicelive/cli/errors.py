"""What a command tells when it cannot do what it was asked."""

from __future__ import annotations

__all__ = ("CommandError", "OutputError", "UsageError", "reason")


class CommandError(Exception):
    """The command failed; its message is one line for the user. Exit code 1."""

    exit_code = 1


class UsageError(CommandError):
    """What the user gave cannot be used. Exit code 2."""

    exit_code = 2


class OutputError(CommandError):
    """What is printed cannot be written.

    Attributes:
        reader_left: Whether that is because who read a pipe has left, as ``head`` does.
    """

    def __init__(self, error: OSError) -> None:
        super().__init__(f"cannot write the output: {reason(error)}")
        self.reader_left = isinstance(error, BrokenPipeError)


def reason(error: OSError) -> str:
    """Say why, as people would: "no such file or directory"."""
    text = error.strerror or str(error)
    return text[:1].lower() + text[1:]
