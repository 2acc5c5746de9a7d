"""``voicelive doctor``: what is installed and set here, and what is wrong with it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import re
import ssl
import sys
import time
from collections.abc import Iterator

from voicelive import ProxyError, __version__
from voicelive.cli.console import Console
from voicelive.emulator.tiers import Tier
from voicelive.protocol.address import API_VERSION, Address, build_address
from voicelive.protocol.tls import default_ssl_context
from voicelive.transport._proxy import choose_proxy

__all__ = ("run",)

_ENDPOINT = "AZURE_VOICELIVE_ENDPOINT"
_VARIABLES = (
    (_ENDPOINT, "AZURE_VOICELIVE_API_KEY"),
    ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH"),
    ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"),
    ("SSL_CERT_FILE", "SSL_CERT_DIR"),
)
_ANY_HOST = Address(secure=True, host="example.services.ai.azure.com", port=443, resource="/")
_REQUIREMENT = re.compile(r"([\w.-]+)([^;]*)(?:.*extra == [\"'](\w+)[\"'])?")
_BOUND = re.compile(r"(>=|<|==)\s*([\d.]+)")
_COLUMN = 14


def run(console: Console) -> int:
    """Print the report.

    Returns:
        0 if nothing is wrong, else 1. What is only not installed is not wrong.
    """
    report = _Report(console)
    report.row("voicelive", f"{__version__}, api-version {API_VERSION}")
    implementation = f"{platform.python_implementation()} {platform.python_version()}"
    report.row("Python", f"{implementation}, {sys.executable}")
    report.row("platform", " ".join(filter(None, (platform.platform(), platform.machine()))))
    _dependencies(report)
    _speech(report)
    _environment(report)
    _proxy(report)
    _tls(report)
    console.line()
    if not report.problems:
        console.line("Nothing is wrong.")
        return 0
    for problem in report.problems:
        console.line(console.paint("wrong: ", "error") + problem)
    return 1


class _Report:
    """The lines, and what is wrong.

    Args:
        console: Where the lines go.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self.problems: list[str] = []

    def row(self, label: str, text: str) -> None:
        """Print a line, broken where the terminal ends."""
        self._console.line(self._console.row("", label, text, _COLUMN, "received"))


# --- Dependencies ----------------------------------------------------------------------------------------------------


def _dependencies(report: _Report) -> None:
    rows: dict[str, list[str]] = {}
    for name, bounds, extra in _requirements():
        version = _installed(name)
        rows.setdefault(extra, []).append(f"{name} {version or 'not installed'}")
        if version is None and not extra:
            report.problems.append(f"{name} is not installed: pip install '{name}{bounds}'")
        elif version is not None and not _within(version, bounds):
            report.problems.append(f"{name} {version} is not the version that is needed: pip install '{name}{bounds}'")
    for extra, packages in rows.items():
        report.row(f"[{extra}]" if extra else "dependencies", ", ".join(packages))


def _requirements() -> Iterator[tuple[str, str, str]]:
    """Yield name, bounds and extra of everything that this installation asks for."""
    for requirement in importlib.metadata.requires("voicelive") or ():
        match = _REQUIREMENT.match(requirement)
        assert match is not None
        name, bounds, extra = match.groups(default="")
        yield name, bounds.strip(" ()"), extra


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _within(version: str, bounds: str) -> bool:
    """Whether a version lies within bounds such as ``<18,>=17``."""
    mine = _release(version)
    for operator, limit in _BOUND.findall(bounds):
        its = _release(limit)
        if not {">=": mine >= its, "<": mine < its, "==": mine == its}[operator]:
            return False
    return True


def _release(version: str) -> list[int]:
    """Return the numbers of a version, without what marks it as a pre-release and without zeros at the end."""
    numbers = [int(number) for number in re.split(r"[^\d.]", version)[0].split(".") if number]
    while numbers and not numbers[-1]:
        numbers.pop()
    return numbers


# --- Speech, environment, network ------------------------------------------------------------------------------------


def _speech(report: _Report) -> None:
    begun = time.perf_counter()
    tier = Tier()
    tier.load()
    report.row("speech", f"{tier}, loaded in {time.perf_counter() - begun:.1f} s")
    report.problems += tier.problems


def _environment(report: _Report) -> None:
    for number, names in enumerate(_VARIABLES):
        told = (
            f"{name} {'set' if os.environ.get(name) or os.environ.get(name.lower()) else 'not set'}" for name in names
        )
        report.row("" if number else "environment", ", ".join(told))


def _proxy(report: _Report) -> None:
    try:
        proxy = choose_proxy(_address(report), True)
    except ProxyError as error:
        report.problems.append(error.message)
        report.row("proxy", "what is set cannot be used")
        return
    report.row("proxy", "none" if proxy is None else f"connections go through one ({proxy.scheme})")


def _address(report: _Report) -> Address:
    endpoint = os.environ.get(_ENDPOINT)
    if not endpoint:
        return _ANY_HOST
    try:
        return build_address(endpoint, api_version=API_VERSION, model="gpt-realtime")
    except ValueError:
        # The error repeats what is set.
        report.problems.append(f"{_ENDPOINT} is no endpoint: write it as https://<resource>.services.ai.azure.com")
        return _ANY_HOST


def _tls(report: _Report) -> None:
    try:
        context = default_ssl_context()
    except (OSError, ValueError) as error:
        report.problems.append(f"no TLS: the authorities to trust cannot be loaded ({error})")
        return
    count = context.cert_store_stats()["x509_ca"]
    folder = ssl.get_default_verify_paths().capath
    trusted = f"{count} authorities" + (" and those in the system's folder" if folder else "")
    report.row("TLS", f"{ssl.OPENSSL_VERSION}, {context.minimum_version.name} up, {trusted}")
    if not count and not folder:
        report.problems.append("no authorities to trust: install the system's CA certificates, or set SSL_CERT_FILE")
