"""Whatever comes over the line is an event, nothing, or a frame that is skipped."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.gateways.frames import FrameError
from bot.gateways.wecom_bot.event import event_of
from bot.gateways.wecom_bot.payload import payload_of
from bot.model.event import BaseEvent, event_adapter

# fmt: off
FIELDS = [
    "msgid", "msgtype", "chattype", "chatid", "from", "userid", "create_time", "text", "content",
    "voice", "image", "url", "file", "video", "mixed", "msg_item", "event", "eventtype", "id",
    "enter_chat", "template_card_event", "event_key", "feedback_event", "type", "stream",
    "quote", "aeskey",
]
# fmt: on
WORDS = ["text", "image", "mixed", "event", "enter_chat", "template_card_event", "group", "@a b"]
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(max_size=20)
)
ANYTHING = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6)
    ),
    max_leaves=20,
)


@given(
    st.dictionaries(st.sampled_from(FIELDS), ANYTHING, max_size=8),
    st.none() | st.just({"userid": "z"}),
)
def test_nothing_that_comes_breaks_the_reading(body: dict[str, Any], sender: object) -> None:
    raw = body | ({"from": sender} if sender else {})
    try:
        event = event_of("bot", raw, payload_of(raw), 1_750_000_000_000, lambda blob: blob.url)
    except FrameError:
        return
    if event is not None:
        assert isinstance(event, BaseEvent)
        again = event_adapter.validate_json(event.model_dump_json())
        assert again == event
