"""The pytest plugin, as test suites of other people use it: each test here runs pytest on tests of its own."""

from __future__ import annotations

import socket
import threading

import pytest

pytest_plugins = ["pytester"]

CONNECTS = """
    import voicelive

    def converse(emulator):
        with voicelive.connect(endpoint=emulator.endpoint, credential=emulator.api_key, model="gpt-realtime") as conn:
            conn.response.create()
            said = None
            while (event := conn.recv(timeout=20)).type != "response.done":
                said = event.transcript if event.type == "response.audio_transcript.done" else said
            return said
"""


@pytest.fixture
def suite(pytester):
    """Writes a test file with a helper that holds a conversation, and runs it."""
    pytester.makepyfile(helper=CONNECTS)
    pytester.makeini("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")

    def run(source, *arguments, **files):
        pytester.makepyfile(test_it=source, **files)
        result = pytester.runpytest_inprocess("-p", "no:cacheprovider", *arguments)
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("voicelive-emulator")]
        return result

    return run


def test_an_emulator_for_a_test(suite):
    result = suite(
        """
        from helper import converse

        def test_first(voicelive_emulator):
            assert converse(voicelive_emulator)
            assert len(voicelive_emulator.sessions) == 1

        def test_second(voicelive_emulator):
            assert voicelive_emulator.sessions == []
        """
    )
    result.assert_outcomes(passed=2)


def test_it_is_gone_after_the_test(suite, pytester):
    suite(
        """
        from pathlib import Path

        def test_it(voicelive_emulator):
            Path("port").write_text(voicelive_emulator.endpoint.rpartition(":")[2])
            assert False
        """
    ).assert_outcomes(failed=1)
    port = int((pytester.path / "port").read_text())
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_it_stops_though_a_connection_is_left_open(suite):
    suite(
        """
        import socket

        left = []

        def test_it(voicelive_emulator):
            left.append(socket.create_connection(("127.0.0.1", int(voicelive_emulator.endpoint.rpartition(":")[2]))))

        def test_after_it():
            assert left[0].recv(1) == b""
            left[0].close()
        """
    ).assert_outcomes(passed=2)


def test_it_starts_in_less_than_a_third_of_a_second(suite):
    suite(
        """
        import time

        def test_it(voicelive_emulator_factory):
            begun = time.perf_counter()
            voicelive_emulator_factory()
            assert time.perf_counter() - begun < 0.3
        """
    ).assert_outcomes(passed=1)


def test_markers_set_it_up(suite):
    suite(
        """
        import pytest
        import voicelive
        from helper import converse
        from voicelive.emulator import Turn

        @pytest.mark.voicelive_script([("Hello?", "From the script."), Turn(reply="And again.")])
        def test_script(voicelive_emulator):
            assert converse(voicelive_emulator) == "From the script."

        @pytest.mark.voicelive_script("script.json")
        def test_script_file(voicelive_emulator):
            assert converse(voicelive_emulator) == "From a file."

        @pytest.mark.voicelive_emulator(faults=["upgrade refuse=503"], responder=lambda view: "outer")
        class TestOptions:
            @pytest.mark.voicelive_emulator(responder=lambda view: "inner")
            def test_the_closest_counts(self, voicelive_emulator):
                with pytest.raises(voicelive.ServiceUnavailableError):
                    converse(voicelive_emulator)
                assert converse(voicelive_emulator) == "inner"
        """,
        conftest="from pathlib import Path; Path('script.json').write_text('[{\"reply\": \"From a file.\"}]')",
    ).assert_outcomes(passed=3)


def test_wrong_markers_are_errors_that_say_what_is_wrong(suite):
    result = suite(
        """
        import pytest

        @pytest.mark.voicelive_script
        def test_no_turns(voicelive_emulator):
            pass

        @pytest.mark.voicelive_emulator([])
        def test_no_names(voicelive_emulator):
            pass

        @pytest.mark.voicelive_emulator(fault="drop")
        def test_unknown_option(voicelive_emulator):
            pass
        """
    )
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines_random(
        ["*takes one list of turns*", "*takes options by name*", "*unexpected keyword argument 'fault'*"]
    )


def test_what_goes_otherwise_than_the_script_expects_fails_the_test(suite):
    result = suite(
        """
        from helper import converse
        from voicelive.emulator import Turn

        def test_it(voicelive_script):
            converse(voicelive_script([Turn(reply="Bye.", expect="Goodbye")]))
        """
    )
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ScriptMismatch: turn 1 of the script expects 'Goodbye'*"])


def test_several_emulators_in_one_test(suite):
    suite(
        """
        from helper import converse

        def test_it(voicelive_emulator_factory, voicelive_script, voicelive_emulator):
            emulators = [
                voicelive_emulator_factory(responder=lambda view: "first"),
                voicelive_script([(None, "second")], api_key="key"),
                voicelive_emulator,
            ]
            assert [converse(emulator) for emulator in emulators[:2]] == ["first", "second"]
            assert len({emulator.endpoint for emulator in emulators}) == 3
            assert len({emulator.api_key for emulator in emulators}) == 3
        """
    ).assert_outcomes(passed=1)


def test_the_environment_leads_to_it_past_any_proxy(suite, monkeypatch):
    for name in ("HTTP_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    suite(
        """
        import os
        import voicelive

        def test_it(voicelive_environment):
            with voicelive.connect(model="gpt-realtime") as conn:
                assert conn.recv().type == "session.created"
            assert os.environ["AZURE_VOICELIVE_API_KEY"] == voicelive_environment.api_key
            assert len(voicelive_environment.sessions) == 1

        def test_without_it():
            assert "AZURE_VOICELIVE_ENDPOINT" not in os.environ
            assert "NO_PROXY" not in os.environ
        """
    ).assert_outcomes(passed=2)


def test_async_tests_use_it_too(suite):
    suite(
        """
        import anyio
        import pytest
        import voicelive.aio

        @pytest.mark.parametrize("backend", ["asyncio", "trio"])
        def test_it(voicelive_environment, backend):
            async def main():
                async with voicelive.aio.connect(model="gpt-realtime") as conn:
                    assert (await conn.recv()).type == "session.created"

            anyio.run(main, backend=backend)
        """
    ).assert_outcomes(passed=2)


def test_tests_may_run_side_by_side(suite):
    pytest.importorskip("xdist", reason="pytest-xdist is not installed")
    suite(
        """
        import pytest
        from helper import converse

        @pytest.mark.parametrize("number", range(8))
        def test_it(voicelive_emulator, number):
            assert converse(voicelive_emulator)
        """,
        "-n",
        "2",
    ).assert_outcomes(passed=8)


def test_markers_and_fixtures_are_documented(suite):
    result = suite("", "--markers")
    result.stdout.fnmatch_lines(["@pytest.mark.voicelive_script(turns):*", "@pytest.mark.voicelive_emulator(*"])
    result = suite("", "--fixtures")
    for name in ("voicelive_emulator", "voicelive_emulator_factory", "voicelive_environment", "voicelive_script"):
        result.stdout.fnmatch_lines([f"{name} -- *"])


def test_where_it_is_not_used_it_brings_nothing_heavy(pytester):
    pytester.makepyfile(
        """
        import sys

        def test_it(request):
            assert request.config.pluginmanager.hasplugin("voicelive.testing.plugin") or \\
                request.config.pluginmanager.hasplugin("voicelive")
            heavy = {"voicelive.emulator", "voicelive.aio", "trio", "numpy", "azure.identity", "websockets.asyncio"}
            assert heavy & sys.modules.keys() == set()
        """
    )
    # Other plugins bring what they like.
    result = pytester.runpytest_subprocess("-p", "no:anyio", "-p", "no:hypothesispytest")
    result.assert_outcomes(passed=1)


def test_it_needs_no_trio(pytester):
    pytester.makeconftest("import sys; sys.modules['trio'] = None")
    pytester.makepyfile(
        helper=CONNECTS,
        test_it="""
        from helper import converse

        def test_it(voicelive_emulator):
            assert converse(voicelive_emulator)
        """,
    )
    pytester.runpytest_subprocess("-p", "no:anyio", "-p", "no:hypothesispytest").assert_outcomes(passed=1)


def test_it_can_be_turned_off(suite):
    suite(
        """
        import pytest

        def test_it(request):
            with pytest.raises(pytest.FixtureLookupError):
                request.getfixturevalue("voicelive_emulator")
        """,
        "-p",
        "no:voicelive",
    ).assert_outcomes(passed=1)
