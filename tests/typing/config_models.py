"""What type checkers make of the session models. Checked by mypy and pyright, never run."""

from __future__ import annotations

from typing import Literal, assert_type

from voicelive.models.avatar import AvatarConfig, Background, VideoParams
from voicelive.models.enums import EouThresholdLevel, InputAudioFormat, Modality, OpenAIVoiceName, OutputAudioFormat
from voicelive.models.interim import InterimResponseConfig, LlmInterimResponseConfig, StaticInterimResponseConfig
from voicelive.models.session import RequestSession, ResponseSession
from voicelive.models.tools import (
    FunctionTool,
    MCPServer,
    ToolChoice,
    ToolChoiceFunctionSelection,
    ToolChoiceSelection,
    ToolUnion,
)
from voicelive.models.turn_detection import (
    AzureSemanticDetection,
    AzureSemanticDetectionEn,
    AzureSemanticVadEn,
    EouDetection,
    EouDetectionUnion,
    ServerVad,
    TurnDetectionUnion,
)
from voicelive.models.voices import AzurePersonalVoice, AzureStandardVoice, OpenAIVoice, Voice


def narrows_by_type(detection: TurnDetectionUnion) -> None:
    if detection.type == "server_vad":
        assert_type(detection, ServerVad)
        assert_type(detection.threshold, float | None)
    elif detection.type == "azure_semantic_vad_en":
        assert_type(detection, AzureSemanticVadEn)
    match detection:
        case ServerVad(threshold=threshold):
            assert_type(threshold, float | None)
        case _:
            pass


def narrows_by_model(detection: EouDetectionUnion) -> None:
    if detection.model == "semantic_detection_v1_en":
        assert_type(detection, AzureSemanticDetectionEn)
        assert_type(detection.timeout_ms, int | None)


def narrows_tools(tool: ToolUnion, choice: ToolChoice, interim: InterimResponseConfig) -> None:
    if tool.type == "function":
        assert_type(tool, FunctionTool)
    elif tool.type == "mcp":
        assert_type(tool, MCPServer)
    if isinstance(choice, str):
        print(choice.upper())
    elif choice.type == "function":
        assert_type(choice, ToolChoiceFunctionSelection)
    if interim.type == "llm_interim_response":
        assert_type(interim, LlmInterimResponseConfig)
    elif isinstance(interim, StaticInterimResponseConfig):
        assert_type(interim.texts, list[str] | None)


def narrows_voices(voice: Voice) -> None:
    if isinstance(voice, str):
        return
    if voice.type == "openai":
        assert_type(voice, OpenAIVoice)
    elif voice.type == "azure-personal":
        assert_type(voice, AzurePersonalVoice)


def builds() -> RequestSession:
    assert_type(EouDetection(threshold_level="low"), AzureSemanticDetection)
    assert_type(ToolChoiceSelection(name="f"), ToolChoiceFunctionSelection)
    avatar = AvatarConfig(character="lisa", type="video-avatar", background=Background(color="#000000"))
    assert_type(avatar.video_params, VideoParams | None)
    session = RequestSession(
        modalities=["text", Modality.AUDIO],
        voice=AzureStandardVoice(name="en-US-AvaNeural", rate="1.2"),
        input_audio_format=InputAudioFormat.PCM16,
        output_audio_format="pcm16_8000hz",
        turn_detection=AzureSemanticVadEn(eou_detection=EouDetection(threshold_level=EouThresholdLevel.LOW)),
        tools=[FunctionTool(name="f", parameters={"type": "object"}), MCPServer(server_label="l", server_url="u")],
        tool_choice=ToolChoiceSelection(name="f"),
        max_response_output_tokens="inf",
        avatar=avatar,
        metadata={"a": "b"},
    )
    session.turn_detection = None
    session.voice = OpenAIVoiceName.ALLOY
    session.voice = "alloy"
    return session


def reads(session: ResponseSession) -> None:
    assert_type(session.max_response_output_tokens, int | Literal["inf"] | None)
    assert_type(session.expires_at, int | None)
    if session.output_audio_format == OutputAudioFormat.PCM16 or session.output_audio_format == "pcm16_44100hz":
        print(session.output_audio_format)
    if session.turn_detection and session.turn_detection.type == "server_vad":
        print(session.turn_detection.silence_duration_ms)
    if session.voice == OpenAIVoiceName.ALLOY:
        print("alloy")


def mistakes() -> None:
    ServerVad(treshold=0.5)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    ServerVad(threshold="0.5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    EouDetection(level="low")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    MCPServer(server_label="l")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
