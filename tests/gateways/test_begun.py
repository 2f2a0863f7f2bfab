"""A message in several pieces whose sending stops in the middle goes on there."""

from __future__ import annotations

import pytest

from bot.gateways.begun import Begun
from bot.model.delivery import Refused, Retry


class Platform:
    """Answers each piece as it was told to, one answer for each try."""

    def __init__(self, **answers: list[str | Exception]) -> None:
        self.answers = answers

    async def send(self, index: int, piece: str) -> str:
        answer = self.answers[piece].pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_a_message_is_known_by_its_first_piece_also_after_a_retry() -> None:
    begun, platform = Begun(), Platform(a=["id-a"], b=[Retry("busy"), "id-b"])
    with pytest.raises(Retry):
        await begun.send("d1", ["a", "b"], platform.send)
    assert (await begun.send("d1", ["a", "b"], platform.send)).message_id == "id-a"


async def test_a_message_of_which_nothing_went_out_is_refused_also_after_a_retry() -> None:
    platform = Platform(a=[Refused("bad a")], b=[Retry("busy"), Refused("bad b")])
    begun = Begun()
    with pytest.raises(Retry):
        await begun.send("d1", ["a", "b"], platform.send)
    with pytest.raises(Refused, match="bad a"):
        await begun.send("d1", ["a", "b"], platform.send)


async def test_what_was_left_out_before_a_retry_is_still_told() -> None:
    platform = Platform(a=[Refused("bad a")], b=[Retry("busy"), "id-b"])
    begun = Begun()
    with pytest.raises(Retry):
        await begun.send("d1", ["a", "b"], platform.send)
    receipt = await begun.send("d1", ["a", "b"], platform.send)
    assert (receipt.message_id, receipt.degraded) == ("id-b", ("bad a",))
