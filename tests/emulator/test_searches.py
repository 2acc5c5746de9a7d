"""Searches and agents: what a reply brings along besides its words."""

from __future__ import annotations

from voicelive.emulator import FileSearch, Reply, Script, Turn, WebSearch

FOUND = {"file_id": "file_1", "filename": "tides.txt", "score": 0.9, "text": "High at noon."}
REPLY = Reply(
    "High at noon.",
    searches=[WebSearch("tides", ["https://tides.example"]), FileSearch(["tides"], [FOUND])],
    annotations=[{"type": "note", "text": "mine"}],
)


def searching(serve, dial, reply=REPLY, **session):
    client = dial(serve(script=Script([Turn(reply=reply)])))
    client.update(**session)
    return client


def test_searches_run_before_the_words(serve, dial, tools):
    events = searching(serve, dial).respond()
    output = events[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["web_search_call", "file_search_call", "message"]
    assert {item["status"] for item in output} == {"completed"}
    assert output[0]["action"] == {
        "type": "search",
        "query": "tides",
        "sources": [{"type": "url", "url": "https://tides.example"}],
    }
    assert output[1]["queries"] == ["tides"]
    kinds = tools.types(events)
    for index, kind in enumerate(("web", "file")):
        states = [event for event in events if event["type"].startswith(f"response.{kind}_search_call.")]
        assert [state["type"].rpartition(".")[2] for state in states] == ["in_progress", "searching", "completed"]
        assert [state["sequence_number"] for state in states] == [3 * index, 3 * index + 1, 3 * index + 2]
        assert {state["output_index"] for state in states} == {index}
        assert kinds.index(states[-1]["type"]) < kinds.index("response.audio.delta")


def test_results_of_file_searches_come_when_asked_for(serve, dial):
    assert searching(serve, dial).respond()[-1]["response"]["output"][1]["results"] is None
    client = searching(serve, dial, include=["file_search_call.results"])
    assert client.respond()[-1]["response"]["output"][1]["results"] == [FOUND]


def test_sources_are_cited_in_the_transcript(serve, dial):
    events = searching(serve, dial).respond()
    added = [event for event in events if event["type"] == "response.audio_transcript.annotation.added"]
    assert [event["annotation_index"] for event in added] == [0, 1, 2]
    web, file, own = (event["annotation"] for event in added)
    assert (web["type"], web["url"], web["end_index"]) == ("url_citation", "https://tides.example", 13)
    assert (file["type"], file["file_id"]) == ("file_citation", "file_1")
    assert own == {"type": "note", "text": "mine"}


def test_searches_alone_are_a_reply_too(serve, dial):
    client = searching(serve, dial, Reply(searches=[WebSearch("tides")]))
    output = client.respond(response={"modalities": ["text"]})[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["web_search_call", "message"]


def test_agents_stream_back_what_the_reply_says(serve, dial):
    client = searching(serve, dial, Reply("Fine.", invocations=[{"step": 1}, {"step": 2}]))
    events = client.respond(response={"invoke_input": {"mode": "fast"}})
    assert [event["delta"] for event in events if event["type"] == "response.invocation.delta"] == [
        {"step": 1},
        {"step": 2},
    ]


def test_responders_see_the_input_of_an_agent(serve, dial, tools):
    views = []
    client = dial(serve(responder=lambda view: views.append(view) or "Fine."))
    client.respond(response={"invoke_input": {"mode": "fast"}})
    client.respond()
    assert [view.invoke_input for view in views] == [{"mode": "fast"}, None]
