"""Turn detection and end-of-utterance detection."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from voicelive.models.session import RequestSession, ResponseSession
from voicelive.models.turn_detection import (
    AzureSemanticDetection,
    AzureSemanticDetectionEn,
    AzureSemanticDetectionMultilingual,
    AzureSemanticVad,
    AzureSemanticVadEn,
    AzureSemanticVadMultilingual,
    EouDetection,
    ServerVad,
    TurnDetection,
    UnknownEouDetection,
    UnknownTurnDetection,
)

VADS = [ServerVad, AzureSemanticVad, AzureSemanticVadEn, AzureSemanticVadMultilingual]
FITTING = [
    (ServerVad, AzureSemanticDetection),
    (AzureSemanticVad, AzureSemanticDetection),
    (AzureSemanticVadEn, AzureSemanticDetectionEn),
    (AzureSemanticVadMultilingual, AzureSemanticDetectionMultilingual),
]


def test_null_turns_it_off_and_unset_says_nothing() -> None:
    assert RequestSession(turn_detection=None).as_dict() == {"turn_detection": None}
    assert RequestSession().as_dict() == {}
    session = RequestSession(turn_detection=ServerVad())
    session.turn_detection = None
    assert session.as_dict() == {"turn_detection": None}
    session.turn_detection = ServerVad(create_response=None)
    assert session.as_dict() == {"turn_detection": {"type": "server_vad", "create_response": None}}


@pytest.mark.parametrize("vad", VADS)
def test_each_kind_goes_out_and_comes_back(vad: type[TurnDetection]) -> None:
    made = vad(threshold=0.5, prefix_padding_ms=300, silence_duration_ms=500, interrupt_response=False)
    wire = made.as_dict()
    assert wire["type"] == vad.model_fields["type"].default
    parsed = ResponseSession.model_validate_json(json.dumps({"turn_detection": wire})).turn_detection
    assert type(parsed) is vad
    assert parsed == made


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"threshold": 1.5}, "threshold\n  must be from 0 to 1"),
        ({"threshold": "0.5"}, "threshold\n  Input should be a valid number"),
        ({"silence_duration_ms": 0.5}, "silence_duration_ms\n  Input should be a valid integer"),
        ({"create_response": 1}, "create_response\n  Input should be a valid boolean"),
        ({"end_of_utterance_detection": {"timeout_ms": -1}}, "timeout_ms\n  must be at least 0 ms"),
    ],
)
def test_wrong_values_are_refused_in_objects_and_in_mappings(fields: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        ServerVad(**fields)
    assert text in str(caught.value)
    with pytest.raises(ValidationError) as caught:
        RequestSession(turn_detection={"type": "server_vad", **fields})
    assert f"turn_detection.{text}" in str(caught.value).replace(".end_of_utterance_detection", "")


def test_a_misspelt_keyword_is_named() -> None:
    with pytest.raises(TypeError, match="ServerVad has no field 'treshold'; did you mean 'threshold'"):
        ServerVad(treshold=0.5)  # type: ignore[call-arg]


def test_unknown_kinds_are_kept() -> None:
    wire = {"type": "semantic_vad", "eagerness": "high", "create_response": True}
    parsed = ResponseSession.model_validate({"turn_detection": wire}).turn_detection
    assert isinstance(parsed, UnknownTurnDetection)
    assert parsed["eagerness"] == "high"
    assert RequestSession(turn_detection=wire).as_dict() == {"turn_detection": wire}
    assert RequestSession(turn_detection=parsed).as_dict() == {"turn_detection": wire}


def test_a_mapping_without_a_type_is_refused() -> None:
    with pytest.raises(ValueError, match="UnknownTurnDetection needs a 'type'"):
        RequestSession(turn_detection={"threshold": 0.5})


@pytest.mark.parametrize(("vad", "detection"), FITTING)
def test_a_plain_detection_becomes_the_kind_that_fits(vad: Any, detection: type[EouDetection]) -> None:
    expected = {"model": detection.model_fields["model"].default, "threshold_level": "low", "timeout_ms": None}
    for name in ("end_of_utterance_detection", "eou_detection"):
        for value in (
            EouDetection(threshold_level="low", timeout_ms=None),
            {"threshold_level": "low", "timeout_ms": None},
        ):
            made = vad(**{name: value})
            assigned = vad()
            setattr(assigned, name, value)
            for each in (made, assigned, RequestSession(turn_detection=made).turn_detection):
                assert type(each.end_of_utterance_detection) is detection
                assert each.eou_detection is each.end_of_utterance_detection
                assert each.as_dict() == {"type": each.type, "end_of_utterance_detection": expected}


def test_a_detection_that_was_chosen_stays() -> None:
    vad = AzureSemanticVadEn(end_of_utterance_detection=AzureSemanticDetection(timeout_ms=1))
    assert type(vad.end_of_utterance_detection) is AzureSemanticDetection


def test_a_plain_detection_is_the_general_kind_until_then() -> None:
    detection = EouDetection(threshold_level="high")
    assert isinstance(detection, AzureSemanticDetection)
    assert detection == AzureSemanticDetection(threshold_level="high")
    assert detection.as_dict() == {"model": "semantic_detection_v1", "threshold_level": "high"}
    assert repr(detection).startswith("AzureSemanticDetection(")
    with pytest.raises(TypeError, match="did you mean 'timeout_ms'"):
        EouDetection(timeout=5)  # type: ignore[call-arg]


def test_older_names_in_a_session_written_as_mappings() -> None:
    session = RequestSession(
        {"turn_detection": {"type": "azure_semantic_vad_en", "eou_detection": {"threshold_level": "low"}}}
    )
    assert session.as_dict()["turn_detection"] == {
        "type": "azure_semantic_vad_en",
        "end_of_utterance_detection": {"model": "semantic_detection_v1_en", "threshold_level": "low"},
    }


def test_unknown_detections_and_levels_are_kept() -> None:
    wire = {"type": "server_vad", "end_of_utterance_detection": {"model": "smart", "threshold_level": "x", "new": 1}}
    vad = ServerVad.model_validate(wire)
    assert isinstance(vad.end_of_utterance_detection, UnknownEouDetection)
    assert vad.as_dict() == ServerVad(wire).as_dict() == wire
    assert EouDetection(threshold_level="x").threshold_level == "x"
    with pytest.raises(ValueError, match="needs a 'model'"):
        UnknownEouDetection({})
    with pytest.raises(ValidationError, match="known kind"):
        UnknownEouDetection({"model": "semantic_detection_v1"})


def test_what_only_the_service_sends_is_kept() -> None:
    wire = {
        "type": "azure_semantic_vad",
        "threshold": None,
        "profile": "classic",
        "threshold_level": 7,
        "languages": None,
    }
    assert AzureSemanticVad.model_validate(wire).as_dict() == wire
