"""Keys and tokens: whatever a caller gives as ``credential``, turned into the header that proves who they are.

It is resolved anew for every connection, so that a rotated key or a fresh token is used. Code of others (token
credentials, callables) may block: it runs in a worker thread unless it is async. Nothing here shows a key or a token.
"""

from __future__ import annotations

import contextvars
import inspect
import re
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Protocol, TypeVar, cast

from voicelive.exceptions import CredentialError
from voicelive.protocol._arguments import expect
from voicelive.protocol.address import Header, check_header_value

if TYPE_CHECKING:
    from azure.core.credentials import AccessToken, AzureKeyCredential, TokenCredential
    from azure.core.credentials_async import AsyncTokenCredential

    Given = str | AzureKeyCredential | TokenCredential | AsyncTokenCredential | AccessToken
    Credential = (
        str | AzureKeyCredential | TokenCredential | AsyncTokenCredential | Callable[[], Given | Awaitable[Given]]
    )

__all__ = ("SCOPES", "authorize", "authorize_async", "check_credential", "check_scopes")

SCOPES = ("https://ai.azure.com/.default",)
"""What a token is asked for, unless the caller says otherwise."""

T = TypeVar("T")
Source = Callable[[], object]
"""Code of others that gives a credential, a token, or an awaitable of one."""

# An Entra token. Functions that give bare tokens (get_bearer_token_provider) are common, and keys never look like this.
_JSON_WEB_TOKEN = re.compile(r"eyJ[\w-]*\.[\w-]+\.[\w-]*")
# A callable gives a token credential, that gives a token: more is a credential that never comes to an end.
_STEPS = 3
_SLICE = 0.25
"""Seconds between looks at whether an answer is still wanted."""


class InThread(Protocol):
    """Runs a function in a worker thread and returns what it returns."""

    async def __call__(self, function: Callable[[], T], /) -> T:
        """Run ``function``."""
        ...


def check_credential(credential: object) -> object:
    """Return a credential if it is one.

    Raises:
        TypeError: It is neither key, token credential nor callable.
        ValueError: It is a text that cannot be a key.
    """
    if isinstance(credential, str):
        if not credential.strip():
            raise ValueError("credential is empty; pass a key, or leave it out for AZURE_VOICELIVE_API_KEY")
        check_header_value("api-key", credential)
    elif not (callable(credential) or hasattr(credential, "get_token") or hasattr(credential, "key")):
        raise TypeError(
            "credential must be a key (text or AzureKeyCredential), a token credential, or a callable giving one of "
            f"these, not {type(credential).__name__}"
        )
    return credential


def check_scopes(scopes: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the scopes to ask a token for.

    Raises:
        TypeError: They are not texts.
        ValueError: There are none.
    """
    if scopes is None:
        return SCOPES
    several = (scopes,) if isinstance(scopes, str) else tuple(scopes)
    for scope in several:
        expect("credential_scopes", scope, str, "a text or a sequence of texts")
    if not all(several) or not several:
        raise ValueError(f"credential_scopes is empty; leave it out for {SCOPES[0]!r}")
    return several


def default_token(scopes: Sequence[str]) -> AccessToken:
    """Return a token for whoever this process runs as: environment, managed identity, developer tools."""
    # Slow to import, and needed by few.
    from azure.identity import DefaultAzureCredential

    with DefaultAzureCredential() as credential:
        return credential.get_token(*scopes)


def authorize(
    credential: object, scopes: Sequence[str], timeout: float, stop: Callable[[], bool] = lambda: False
) -> Header:
    """Return name and value of the header for a credential. Blocks, for at most ``timeout`` seconds.

    Args:
        credential: The credential.
        scopes: What a token is asked for.
        timeout: Seconds.
        stop: Asked now and then whether to give up before that.

    Raises:
        CredentialError: The credential gave nothing usable; its own error is the cause.
        TimeoutError: It took too long. Its thread is left to itself.
    """
    for _ in range(_STEPS):
        step = _step(credential, scopes)
        if not callable(step):
            return step
        credential = _call_with_timeout(partial(_call, step), timeout, stop)
    raise _unusable(credential)


async def authorize_async(credential: object, scopes: Sequence[str], in_thread: InThread) -> Header:
    """Return name and value of the header for a credential.

    Args:
        credential: The credential.
        scopes: What a token is asked for.
        in_thread: Runs code that may block.

    Raises:
        CredentialError: The credential gave nothing usable; its own error is the cause.
    """
    for _ in range(_STEPS):
        step = _step(credential, scopes)
        if not callable(step):
            return step
        try:
            if _is_async(step) and not _needs_asyncio(step):
                given = step()
            else:
                given = await in_thread(step if _on_asyncio() else partial(_call, step))
            credential = await given if inspect.isawaitable(given) else given
        except Exception as error:
            raise _failed(error) from error
    raise _unusable(credential)


def _step(credential: object, scopes: Sequence[str]) -> Header | Source:
    """Return the header if the credential says it all, otherwise what to call for more."""
    if isinstance(credential, str):
        is_token = _JSON_WEB_TOKEN.fullmatch(credential) is not None
        return _header("Authorization", f"Bearer {credential}") if is_token else _header("api-key", credential)
    if get_token := getattr(credential, "get_token", None):
        return partial(get_token, *scopes)
    if (token := getattr(credential, "token", None)) is not None:
        return _header("Authorization", f"Bearer {token}")
    if (key := getattr(credential, "key", None)) is not None:
        return _header("api-key", key)
    if callable(credential):
        return cast(Source, credential)
    raise _unusable(credential)


def _header(name: str, value: object) -> Header:
    try:
        text = check_header_value(name, value)
    except (TypeError, ValueError) as error:
        raise CredentialError(f"the credential gave a value that cannot be sent: {error}") from None
    if not text or text == "Bearer":
        raise CredentialError("the credential gave an empty text instead of a key or token")
    return Header((name, text))


def _is_async(source: Source) -> bool:
    return inspect.iscoroutinefunction(source) or inspect.iscoroutinefunction(type(source).__call__)


def _on_asyncio() -> bool:
    # Whoever runs a loop has imported it; blocking programs do not pay for it.
    if "asyncio" not in sys.modules:
        return False
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _needs_asyncio(source: Source) -> bool:
    """Whether it is one of azure-identity's async credentials, away from asyncio, which alone they run on."""
    module = getattr(getattr(source, "func", source), "__module__", None)
    return isinstance(module, str) and module.startswith("azure.") and not _on_asyncio()


def _call(source: Source) -> object:
    """Call a source in a thread of its own, with an event loop of its own if it needs one."""
    given = source()
    if not inspect.isawaitable(given):
        return given
    import asyncio

    return asyncio.run(_wait_for(given))


async def _wait_for(given: Awaitable[object]) -> object:
    return await given


def _call_with_timeout(function: Callable[[], object], timeout: float, stop: Callable[[], bool]) -> object:
    outcome: list[object] = []
    failure: list[Exception] = []

    def run() -> None:
        try:
            outcome.append(function())
        except Exception as error:
            failure.append(error)

    # A daemon: one that hangs must not keep the process from ending.
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(run,), name="voicelive-credential", daemon=True)
    thread.start()
    deadline = time.monotonic() + timeout
    while thread.is_alive() and not stop() and (left := deadline - time.monotonic()) > 0:
        thread.join(min(left, _SLICE))
    if failure:
        raise _failed(failure[0]) from failure[0]
    if not outcome:
        raise TimeoutError(f"the credential gave nothing within {timeout:g} s")
    return outcome[0]


def _failed(error: Exception) -> CredentialError:
    return CredentialError(
        f"the credential raised {type(error).__name__} instead of giving a key or token; the cause says why. "
        "To use a key, pass credential= or set AZURE_VOICELIVE_API_KEY"
    )


def _unusable(credential: object) -> CredentialError:
    return CredentialError(
        f"the credential gave {type(credential).__name__}, which is neither key, token nor token credential"
    )
