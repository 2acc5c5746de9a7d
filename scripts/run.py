"""Set this project up on a fresh machine and run it. Needs Python 3.11 or later with its venv module, nothing else.

    python3 scripts/run.py demo    a spoken conversation with the offline service; arguments go to ``voicelive demo``
    python3 scripts/run.py tests   lint, typing, docs, tests and clients; arguments go to ``nox``

The first run makes a virtual environment beside this folder and installs into it; later runs start at once.
"""

from __future__ import annotations

import hashlib
import importlib.util
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)

# Command -> its environment, what pip installs there, what is started there.
COMMANDS = {
    "demo": (".venv", ["-e", ".[emulator,trio]"], ["voicelive", "demo"]),
    "tests": (".venv-nox", ["nox>=2025.5.1"], ["nox"]),
}


def main(arguments: list[str]) -> int:
    """Run one command; return its exit code, or 2 when this machine or the command line does not allow it."""
    problem = unusable()
    if problem:
        print(f"scripts/run.py: {problem}", file=sys.stderr)
        return 2
    if not arguments or arguments[0] not in COMMANDS:
        print(__doc__, file=sys.stderr)
        return 2
    folder, packages, (program, *first) = COMMANDS[arguments[0]]
    try:
        environment = ready(ROOT / folder, packages)
        return subprocess.call([str(executable(environment, program)), *first, *arguments[1:]])
    except subprocess.CalledProcessError as error:
        # pip and venv have said why, just above.
        print(f"scripts/run.py: setting up {folder} failed; mend it and run this again", file=sys.stderr)
        return error.returncode
    except KeyboardInterrupt:
        return 130


def unusable() -> str | None:
    """Say in one line what this Python lacks, or None."""
    if sys.version_info < OLDEST:
        return f"Python {OLDEST[0]}.{OLDEST[1]} or later is needed, this is {sys.version.split()[0]} ({sys.executable})"
    # Debian ships both apart from python3: without ensurepip, venv starts and then fails half-way.
    if not all(map(importlib.util.find_spec, ("venv", "ensurepip"))):
        return "this Python has no venv module; on Debian and Ubuntu: sudo apt install python3-venv"
    return None


def ready(environment: Path, packages: list[str]) -> Path:
    """Make the environment and install into it, unless that is done already for this Python and this pyproject.toml."""
    project = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    wanted = f"{sys.version}\n{ROOT}\n{packages}\n{project}\n"
    stamp = environment / "ready.txt"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return environment
    print(f"Setting up {environment.name} (once, a minute or so) ...", file=sys.stderr, flush=True)
    # No --clear: somebody may have made a .venv of their own here.
    if Path(sys.prefix) != environment:
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    pip = [str(executable(environment, "python")), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, *packages], cwd=ROOT, check=True)
    stamp.write_text(wanted, encoding="utf-8")
    return environment


def executable(environment: Path, name: str) -> Path:
    """Return where the environment keeps a program."""
    return environment / "Scripts" / f"{name}.exe" if sys.platform == "win32" else environment / "bin" / name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
