"""Text in pieces, for a message that is there already; what becomes a message of its own is in test_session.py."""

from __future__ import annotations

import pytest


def test_pieces_fill_the_message_that_they_name(client):
    content = [{"type": "input_text", "text": ""}, {"type": "input_text", "text": "Please answer "}]
    item = {"type": "message", "id": "mine", "role": "user", "content": content}
    client.send("conversation.item.create", item=item)
    client.expect("conversation.item.created")
    for index, delta in [(0, "Good "), (1, "soon."), (0, "morning.")]:
        client.send("input_text.delta", id="mine", delta=delta, content_index=index)
    client.send("input_text.done", id="mine")
    client.send("conversation.item.retrieve", item_id="mine")
    filled = client.expect("conversation.item.retrieved")["item"]["content"]
    assert [part["text"] for part in filled] == ["Good morning.", "Please answer soon."]


def test_what_answers_sees_the_filled_message(serve, dial):
    client = dial(serve(responder=lambda view: f"{len(view.items)} {view.last_text()}"))
    item_id = client.write("One, ")["id"]
    client.send("input_text.delta", id=item_id, delta="two.")
    client.send("input_text.done", id=item_id)
    (message,) = client.respond()[-1]["response"]["output"]
    assert message["content"][0]["transcript"] == "1 One, two."


@pytest.mark.parametrize("index", [1, 7])
def test_pieces_need_a_part_of_text(client, index):
    parts = [
        {"type": "input_text", "text": "Look:"},
        {"type": "input_image", "image_url": "data:image/png;base64,AA=="},
    ]
    item = {"type": "message", "id": "mine", "role": "user", "content": parts}
    client.send("conversation.item.create", item=item)
    client.expect("conversation.item.created")
    client.send("input_text.delta", id="mine", delta="x", content_index=index)
    assert client.error()["param"] == "content_index"


def test_pieces_cannot_change_what_the_assistant_said(client):
    client.send(
        "conversation.item.create",
        item={"type": "message", "id": "its", "role": "assistant", "content": [{"type": "text", "text": "Hi"}]},
    )
    client.expect("conversation.item.created")
    client.send("input_text.delta", id="its", delta="!")
    assert client.error()["param"] == "content_index"


def test_a_message_that_takes_the_id_meanwhile_wins(client):
    client.send("input_text.delta", id="mine", delta="Lost")
    client.send("conversation.item.create", item={"type": "message", "id": "mine", "role": "user", "content": []})
    client.expect("conversation.item.created")
    client.send("input_text.done", id="mine")
    assert client.error()["code"] == "item_create_duplicate_item_id"
    client.send("input_text.done", id="mine")
    assert client.update()
