"""Previews: texts for real members and groups, and what goes out in the next days."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.clock import utc
from bot.located import Problems
from bot.routing.template import TemplateFailed
from bot.sop.foresight.preview import Preview

from .samples import DAILY, HELLO, notice
from .town import DAY, HOUR, Town


async def test_a_text_is_shown_as_a_member_will_read_it(town: Town) -> None:
    number = await town.join("小明")
    text = HELLO.replace("hello {{ member.name }}", "{{ link('https://example.com/abc') }}")
    await town.start(town.template("hello", text))
    shown = await Preview(town.sops).sop("hello", member=number, group=await town.group("tea"))
    assert {step: message.summary for step, message in shown.items()} == {
        "hello": "https://example.com/abc of tea",
        "tips": "tips 小明",
    }


async def test_a_template_is_shown_before_it_is_started(shipped: Callable[[], Town]) -> None:
    town = shipped()
    template, group = town.sops.library.get("announcement"), await town.group("tea")
    preview = Preview(town.sops)
    shown = await preview.template(template, {"text": "周六停电"}, group=group)
    assert shown["announcement"].summary == "📢 周六停电"
    with pytest.raises(Problems, match="text: missing"):
        await preview.template(template, {}, group=group)


async def test_a_text_that_cannot_be_written_for_somebody_says_so(town: Town) -> None:
    number = await town.join("小明")
    await town.start(town.template("hello", HELLO))
    with pytest.raises(TemplateFailed):
        await Preview(town.sops).sop("hello", member=number)  # in no group


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_shipped_text_can_be_written_in_both_languages(
    shipped: Callable[[], Town], language: str
) -> None:
    town = shipped()
    number, group = await town.join("小明"), await town.group("tea")
    for name in town.sops.library.names():
        template = town.sops.library.get(name)
        asked = {"url": "https://example.com/", "date": "2026-07-01"}
        values = {
            key: asked.get(parameter.type, "周六停电")
            for key, parameter in template.parameters.items()
            if parameter.default is None
        }
        member = number if template.to == "member" else 0
        shown = await Preview(town.sops).template(
            template, values, group=group, member=member, language=language
        )
        assert all(message.text for message in shown.values())


async def test_the_next_days_are_listed_in_order(town: Town) -> None:
    await town.group("books")
    await town.start(town.template("daily", DAILY), "group:sandbox/books")
    await town.start(town.template("hello", HELLO), "all-groups")
    town.clock.advance(60)
    for name in ("a", "b", "c"):
        await town.join(name)
    coming = await Preview(town.sops).upcoming(days=2)
    assert [(utc(u.due).strftime("%d %H:%M"), u.sop, u.step, u.count) for u in coming] == [
        ("17 05:00", "daily", "noon", 1),
        ("17 05:01", "hello", "hello", 3),
        ("18 05:00", "daily", "noon", 1),
        ("18 12:00", "hello", "tips", 3),
    ]
    assert coming[0].names == ("books",)
    assert coming[1].names == ("a", "b", "c")


async def test_birthdays_of_the_next_days_are_listed(shipped: Callable[[], Town]) -> None:
    town = shipped()
    number = await town.join("小明")
    await town.set(number, "birthday", "2000-06-20")
    await town.start("birthday", "everyone")
    (wish,) = await Preview(town.sops).upcoming(days=7)
    assert (f"{utc(wish.due):%d %H}", wish.names) == ("20 01", ("小明",))


async def test_looking_ahead_sends_nothing_and_paused_sops_are_left_out(town: Town) -> None:
    await town.join("a")
    sop = await town.start(notice(town, "group"))
    assert len(await Preview(town.sops).upcoming(days=1)) == 1
    await town.sops.pause(sop.id, "小王")
    assert await Preview(town.sops).upcoming(days=1) == []
    await town.pass_by(DAY, HOUR)
    assert town.sent == []


async def test_behind_every_number_are_the_targets(town: Town) -> None:
    for n in range(5):
        await town.join(f"m{n}")
    await town.tag(3, "opt-out")
    sop = await town.start(notice(town))
    await town.pass_by(120, 60)
    (run,) = await town.sops.results.runs(sop.id)
    assert await town.sops.results.targets(run, "sent", 1, 2) == (4, [2, 4])
    assert await town.sops.results.targets(run, "skipped:opted out") == (1, [3])
    assert await town.sops.results.count(sop.id) == 1
    assert run.moment == run.at


async def test_what_falls_into_quiet_hours_is_listed_for_when_they_end(town: Town) -> None:
    town.change(quiet_hours="12:30-15:00")
    await town.group("tea")
    await town.start(town.template("daily", DAILY))
    (first, *_) = await Preview(town.sops).upcoming(2)
    assert f"{utc(first.due):%H:%M}" == "07:00"  # 15:00 in Shanghai
