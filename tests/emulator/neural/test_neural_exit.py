"""Programs that end in the middle of speech."""

from __future__ import annotations

import subprocess
import sys

import pytest

BUSY = """
import threading
from voicelive.emulator.recording import recording
from voicelive.emulator.tiers import Tier

tier, under_way = Tier("neural"), threading.Event()
if {loaded}:
    tier.load()

def forever():
    if not {loaded}:
        under_way.set()
    while True:
        {work}
        under_way.set()

for _ in range(2):
    threading.Thread(target=forever, daemon=True).start()
under_way.wait()
"""
WORK = {
    "recognition": "tier.transcribe(recording(16000) * 4, 16000)",
    "voice": "list(tier.synthesize('The quick brown fox jumps over the lazy dog.', 24000))",
    "activity": "tier.voice_activity(16000, 0.5).feed(recording(16000))",
}


@pytest.mark.parametrize("loaded", [True, False], ids=["working", "loading"])
@pytest.mark.parametrize("work", WORK)
def test_a_program_may_end_while_threads_are_in_native_code(work: str, loaded: bool) -> None:
    """Else a thread that comes back from C++ aborts the process, with exit code 134 on Linux."""
    program = BUSY.format(work=WORK[work], loaded=loaded)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    # Threads that are told that the interpreter is exiting say so, if they get to it.
    assert done.returncode == 0
    assert "terminate" not in done.stderr
