"""The wire contract in ``data``, and values that fit it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from voicelive import models

DATA = Path(__file__).parents[1] / "data"
CONTRACT: dict[str, Any] = json.loads((DATA / "contract.json").read_text("utf-8"))
MODELS: dict[str, Any] = CONTRACT["models"]


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text("utf-8").splitlines()]


ROWS = [*rows("events"), *rows("as_sent"), *rows("beyond")]
SERVER = [row for row in ROWS if row["direction"] == "server"]
CLIENT = [row for row in ROWS if row["direction"] == "client"]


def row_id(row: dict[str, Any]) -> str:
    return str(row["event"]["type"])


def leaf(name: str) -> str:
    """Return the first model that stands for a base."""
    while "leaves" in MODELS[name]:
        name = next(iter(MODELS[name]["leaves"]["of"].values()))
    return name


def least(name: str) -> dict[str, Any]:
    """Return the fewest keywords that build a model."""
    fields = MODELS[leaf(name)]["fields"]
    return {field["name"]: sample(field["type"]) for field in fields if field.get("required") and "const" not in field}


def sample(declared: str) -> Any:
    """Return a value of a declared type."""
    first = declared.split(" | ")[0]
    plain = {"str": "text", "int": 1, "float": 0.5, "bool": True, "any": {"a": [1, None]}, "datetime": 1790000000}
    if first in plain:
        return plain[first]
    if first == "bytes":
        return b"\x00\x01"
    if literal := re.match(r'Literal\["([^"]+)"', first):
        return literal[1]
    if inner := re.fullmatch(r"list\[(.+)\]", first):
        return [sample(inner[1])] * 2
    if inner := re.fullmatch(r"dict\[str, (.+)\]", first):
        return {"key": sample(inner[1])}
    if first in CONTRACT["enums"]:
        return next(iter(CONTRACT["enums"][first].values()))
    if first in CONTRACT["unions"]:
        return sample(next(iter(CONTRACT["unions"][first]["of"].values())))
    return getattr(models, leaf(first))(**least(first))


def wrong(declared: str) -> Any:
    """Return a value of no declared type."""
    return 5 if declared.startswith("list[") else [["text"]]
