"""What the client has played, supposing that it plays what it is sent at once and in real time, as the service does."""

from __future__ import annotations

from voicelive.emulator.context import Context
from voicelive.emulator.conversation import Conversation, Item

__all__ = ("Playback",)

_APPENDING = ("azure_semantic_vad", "azure_semantic_vad_en", "azure_semantic_vad_multilingual")


class Playback:
    """Follows the message that was spoken last.

    Args:
        context: The session's surroundings.
        conversation: Where messages are.
    """

    def __init__(self, context: Context, conversation: Conversation) -> None:
        self._context = context
        self._conversation = conversation
        self._item: Item | None = None
        self._begun = 0.0
        self.has_begun = False
        """Whether anything was spoken in the session, which fixes the voice."""

    def begin(self, item: Item) -> None:
        """Take note that the first audio of a message is sent."""
        self._item = item
        self._begun = self._context.clock()
        self.has_begun = True

    def interrupt(self) -> None:
        """Cut the message where the user interrupted it, if the turn detection says so and it was still playing."""
        turn_detection = self._context.settings.within("turn_detection")
        item, self._item = self._item, None
        if item is None or not turn_detection.get("auto_truncate"):
            return
        played = int((self._context.clock() - self._begun) * 1000)
        if played >= item.clips[0].milliseconds or self._conversation.find(item.id) is not item:
            return
        appended = turn_detection.get("appended_text_after_truncation") or ""
        self._conversation.truncate(item, 0, played, appended if turn_detection["type"] in _APPENDING else "")
        item.truncated = True
