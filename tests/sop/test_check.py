"""The plan check: everything that would go wrong, told before it does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import pytest

from bot.clock import millis, utc
from bot.links.probe import LinkHealth, Verdict
from bot.model.capabilities import Capabilities, Quota, Rate
from bot.sop.check import Finding, PlanCheck, fix_of
from bot.sop.check.caps import more_than
from bot.sop.check.cutting import parted, shortened
from bot.sop.foresight.forecast import Forecast
from bot.sop.foresight.foreseen import Foreseen
from bot.sop.record import Sop, Version
from bot.sop.templates.step import Action
from bot.sop.templates.template import Template
from bot.store.bits import Bits
from bot.store.effects import Effects

from .town import Town

MINUTE = 60_000
HOUR_MS = 60 * MINUTE
DAY_MS = 24 * HOUR_MS
NEWS = """
title = "News"
anchor = "calendar"
{more}
[[step]]
id = "news"
every = "{every}"
text = "{text}"
{step}
"""
HELLO = """
title = "Hello"
anchor = "joined"
{more}
[[step]]
id = "hello"
after = "1d"
at = "12:00"
text = '''{text}'''
{step}
"""


@dataclass
class Foretold:
    """A forecast of rows made by hand."""

    rows: Sequence[Foreseen] = ()
    others: Sequence[Foreseen] = ()

    async def stream(
        self, what: Sop | Version | None = None, *, days: int, version: Version | None = None
    ) -> AsyncIterator[Foreseen]:
        for row in (*self.rows, *self.others):
            yield row


@dataclass
class Checked:
    """A draft, and what was found."""

    template: Template
    findings: list[Finding]
    asked: list[str] = field(default_factory=list)

    def about(self, words: str) -> Finding:
        """The one finding that says this."""
        (found,) = [one for one in self.findings if words in str(one.message)]
        return found

    @property
    def said(self) -> list[str]:
        return [str(one.message) for one in self.findings]


class Desk:
    """Somebody who checks drafts."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.forecast = Foretold()
        self.health: Mapping[str, Verdict] = {}

    def row(
        self,
        after: float,
        who: Collection[int],
        *,
        sop: str = "",
        step: str = "news",
        to: str = "group",
        action: Action = "message",
        by_staff: Collection[int] = (),
        skipped: Mapping[str, Collection[int]] | None = None,
    ) -> Foreseen:
        """Something foreseen so many ms from now."""
        return Foreseen(
            sop=sop,
            step=step,
            action=action,
            due=self.town.clock.now() + int(after),
            to="group" if to == "group" else "member",
            who=Bits.of(who),
            by_staff=Bits.of(by_staff),
            skipped={why: Bits.of(numbers) for why, numbers in (skipped or {}).items()},
        )

    async def check(
        self, source: str, audience: str = "all-groups", *, links: bool = True, **values: object
    ) -> Checked:
        """Read a template as a file is read, and check it."""
        name = self.town.template("draft", source)
        return await self.version(
            self.town.sops.library.get(name), audience, links=links, values=values
        )

    async def version(
        self,
        template: Template,
        audience: str,
        *,
        links: bool = True,
        values: Mapping[str, object] | None = None,
    ) -> Checked:
        sops, asked = self.town.sops, list[str]()

        async def probe(urls: Collection[str]) -> Mapping[str, LinkHealth]:
            asked.extend(sorted(urls))
            return {u: LinkHealth(url=u, verdict=self.health.get(u, "fine")) for u in urls}

        now = self.town.clock.now()
        version = await sops.drafts.version(1, template, audience, values or {}, "小王", None, now)
        plan_check = PlanCheck(sops, ("sandbox",), probe, self.forecast)
        return Checked(template, await plan_check.check(version, links=links), asked)


async def no_links(urls: Collection[str]) -> Mapping[str, LinkHealth]:
    """Nobody is asked."""
    return {}


@pytest.fixture
def desk(town: Town) -> Desk:
    """Noon of Wednesday 2026-06-17 in Shanghai."""
    return Desk(town)


def news(text: str = "hi", every: str = "0 12 * * 3", more: str = "", step: str = "") -> str:
    return NEWS.format(text=text, every=every, more=more, step=step)


def hello(text: str = "hi", more: str = "", step: str = "") -> str:
    return HELLO.format(text=text, more=more, step=step)


# nothing


async def test_a_sound_plan_has_nothing_to_tell(desk: Desk) -> None:
    await desk.town.group("tea")
    assert (await desk.check(news("see {{ link('https://shop.example/') }}"))).said == []


async def test_every_shipped_template_is_sound_in_a_small_community(
    shipped: Callable[[], Town],
) -> None:
    town = shipped()
    desk = Desk(town)
    await town.join("小明")
    samples = {"url": "https://example.com/", "date": "2026-07-02"}
    for name in town.sops.library.names():
        template = town.sops.library.get(name)
        values: dict[str, object] = {
            key: samples.get(parameter.type, "20:00" if parameter.type == "time" else "7")
            for key, parameter in template.parameters.items()
            if parameter.default is None
        }
        checked = await desk.version(template, "all-groups", values=values)
        wrong = [one for one in checked.findings if one.severity == "error"]
        assert [str(one.message) for one in wrong if one.place.key != "route"] == [], name


# other SOPs


async def test_another_sop_writes_to_the_same_groups_within_the_distance(desk: Desk) -> None:
    await desk.town.group("tea")
    desk.forecast.rows = [desk.row(DAY_MS, [1, 2, 3])]
    tips = partial(desk.row, sop="tips", step="wednesday")
    desk.forecast.others = [
        tips(DAY_MS + 20 * MINUTE, [3]),
        tips(DAY_MS - 10 * MINUTE, [2, 3, 4]),
        desk.row(DAY_MS + 30 * MINUTE, [1, 2, 3], sop="far"),
    ]
    checked = await desk.check(news())
    clash = checked.about("tips")
    assert str(clash.message) == (
        "“wednesday” of tips reaches 2 of the same groups within 30 minutes, on 2026-06-18"
    )
    assert (clash.severity, clash.place.step) == ("warning", "news")
    assert clash.fix is not None
    assert str(clash.fix.title) == "Send it 20 minutes later"
    assert clash.fix.apply(checked.template).step[0].every == "20 12 * * 3"
    assert len(checked.findings) == 1


async def test_a_step_that_comes_first_is_moved_to_earlier(desk: Desk) -> None:
    await desk.town.join("a")
    desk.forecast.rows = [desk.row(DAY_MS, [1], step="hello", to="member")]
    desk.forecast.others = [desk.row(DAY_MS + 5 * MINUTE, [1], sop="x", to="member")]
    checked = await desk.check(hello())
    clash = checked.about("of x reaches 1 of the same members")
    assert clash.fix is not None
    assert clash.fix.apply(checked.template).step[0].at == "11:35"


async def test_more_than_the_cap_in_a_day_names_how_many_and_the_worst_day(desk: Desk) -> None:
    desk.town.change(daily_cap=2)
    await desk.town.group("tea")
    hours = [HOUR_MS, 3 * HOUR_MS]
    desk.forecast.rows = [desk.row(DAY_MS, [1, 2, 3]), desk.row(2 * DAY_MS, [1, 2, 3])]
    desk.forecast.others = [
        *(desk.row(DAY_MS + hour, [1], sop="x") for hour in hours),
        *(desk.row(2 * DAY_MS + hour, [2, 3, 4], sop="x") for hour in hours),
    ]
    found = (await desk.check(news())).about("more than 2")
    assert str(found.message).startswith("On 2026-06-19 2 groups would get more than 2 messages")


async def test_whom_the_forecast_left_out_for_the_cap_is_counted_too(desk: Desk) -> None:
    desk.town.change(daily_cap=1)
    await desk.town.group("tea")
    desk.forecast.rows = [desk.row(DAY_MS, [], skipped={"frequency cap": [1]})]
    desk.forecast.others = [desk.row(DAY_MS + 2 * HOUR_MS, [1], sop="x")]
    assert (await desk.check(news())).about("1 groups would get more than 1")


async def test_the_weekly_cap_of_a_topic_counts_other_sops_of_that_topic(desk: Desk) -> None:
    await desk.town.group("tea")
    topical = 'topic = "tea"\nguards = { weekly_cap = 2 }'
    await desk.town.start(desk.town.template("same", news(more='topic = "tea"')))
    await desk.town.start(desk.town.template("other", news()))
    desk.forecast.rows = [desk.row(6 * DAY_MS, [1])]
    desk.forecast.others = [
        *(desk.row(n * DAY_MS, [1], sop="other") for n in range(1, 6)),
        *(desk.row(n * DAY_MS, [1], sop="same") for n in (1, 3)),
    ]
    found = (await desk.check(news(more=topical))).about("In the week to 2026-06-23")
    assert "1 groups would get more than 2 messages" in str(found.message)


def test_who_is_in_more_than_so_many_sets() -> None:
    sets = [Bits.of([1, 2]), Bits.of([2, 3]), Bits.of([2]), Bits.of([3])]
    assert [list(more_than(cap, sets)) for cap in (0, 1, 2, 3)] == [[1, 2, 3], [2, 3], [2], []]


async def test_conflicts_are_found_with_what_is_really_foreseen(desk: Desk) -> None:
    town = desk.town
    await town.group("tea")
    await town.group("books")
    await town.start(town.template("tips", news(every="15 12 * * 5")), "group:sandbox/books")
    name = town.template("draft", news(every="0 12 * * 1,5"))
    said = []
    for cap in (None, 1):
        town.change(daily_cap=cap)
        draft, now = town.sops.library.get(name), town.clock.now()
        version = await town.sops.drafts.version(1, draft, "all-groups", {}, "小王", None, now)
        plan_check = PlanCheck(town.sops, ("sandbox",), no_links, Forecast(town.sops))
        found = await plan_check.check(version, days=7)
        said += [str(one.message) for one in found if one.place.key != "days"]
    assert said == [
        "“news” of tips reaches 1 of the same groups within 30 minutes, on 2026-06-19",
        "On 2026-06-19 1 groups would get more than 1 messages; the cap is 1 a day",
    ]
    running = await town.sops.get("tips")
    found = await plan_check.check(await town.sops.version(running), sop=running, days=7)
    assert [one.place.key for one in found] == ["days"]
    assert {one.place.sop for one in found} == {"tips"}


# gateways


async def test_a_gateway_that_needs_a_staff_tap_tells_tasks_and_staff(desk: Desk) -> None:
    town = desk.town
    town.can["sandbox"] = Capabilities(staff_confirm=True)
    numbers = [await town.join(f"m{n}") for n in range(6)]
    effects = Effects(town.store.keys)
    for number in numbers:
        effects.attribute(number, "owner", f"staff{number % 3}")
    assert await town.store.apply(effects)
    desk.forecast.rows = [
        desk.row(DAY_MS, numbers, step="hello", to="member", by_staff=numbers),
        desk.row(DAY_MS + HOUR_MS, numbers, step="hello", to="member", by_staff=numbers),
    ]
    found = (await desk.check(hello())).about("staff member's tap")
    assert str(found.message).endswith("12 tasks on 2026-06-18 for 3 staff")
    assert found.severity == "note"


async def test_taps_that_nobody_would_do_are_a_warning(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(staff_confirm=True)
    await desk.town.group("tea")
    desk.forecast.rows = [desk.row(DAY_MS, [1], by_staff=[1])]
    found = (await desk.check(news())).about("nobody owns")
    assert found.severity == "warning"


async def test_a_monthly_quota_counts_what_went_out_and_what_is_foreseen(desk: Desk) -> None:
    town = desk.town
    quota = Quota(per="group", count=4, period="month")
    town.can["sandbox"] = Capabilities(quotas=(quota,))
    await town.group("tea")
    await town.group("books")
    await town.store.call("SET", town.store.keys.cap("g1:sandbox", "2026-06"), 2)
    days = (1, 2, 3, 20, 21)
    desk.forecast.rows = [desk.row(n * DAY_MS, [1, 2]) for n in days]
    found = (await desk.check(news())).about("messages a month")
    assert str(found.message) == (
        "“sandbox” allows 4 messages a month: 1 targets would need more by 2026-06-20"
    )
    await town.store.call("DEL", town.store.keys.cap("g1:sandbox", "2026-06"))
    assert (await desk.check(news())).said == []


async def test_a_quota_of_the_owner_counts_all_their_members(desk: Desk) -> None:
    town = desk.town
    quota = Quota(per="owner", count=3, period="day")
    town.can["sandbox"] = Capabilities(quotas=(quota,))
    numbers = [await town.join(f"m{n}") for n in range(4)]
    effects = Effects(town.store.keys)
    for number in numbers:
        effects.attribute(number, "owner", "ann")
    assert await town.store.apply(effects)
    desk.forecast.rows = [desk.row(DAY_MS, numbers, step="hello", to="member")]
    found = (await desk.check(hello())).about("allows ann 3 messages a day")
    assert "4 are planned on 2026-06-18" in str(found.message)


async def test_a_gateway_that_cannot_write_into_groups_is_an_error(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(send_group=False)
    await desk.town.group("tea")
    assert (await desk.check(news())).about("cannot write into groups").severity == "error"


async def test_a_gateway_that_reaches_no_member_is_an_error(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(send_group=False, send_direct=False)
    await desk.town.join("a")
    assert (await desk.check(hello())).about("neither to members nor").severity == "error"


async def test_a_gateway_without_member_list_is_told(desk: Desk) -> None:
    await desk.town.join("a")
    assert (await desk.check(hello())).about("does not list").severity == "note"
    desk.town.can["sandbox"] = Capabilities(member_list=True)
    assert (await desk.check(hello())).said == []


async def test_a_group_that_is_gone_is_an_error(desk: Desk) -> None:
    number = await desk.town.group("tea")
    await desk.town.group("books")
    effects = Effects(desk.town.store.keys)
    effects.group(number, "gone", "1")
    assert await desk.town.store.apply(effects)
    audience = "group:sandbox/tea or group:sandbox/books"
    found = (await desk.check(news(), audience)).about("“sandbox/tea” is gone")
    assert (found.severity, found.place.key) == ("error", "audience")


async def test_a_route_whose_groups_are_full_is_told(desk: Desk) -> None:
    await desk.town.join("a")
    step = '[[step]]\nid = "on"\nfollows = "hello"\nroute = "full"'
    assert (await desk.check(hello(step=step))).about("“full” are full").place.step == "on"


async def test_members_who_cannot_be_reached_or_have_opted_out_are_counted(desk: Desk) -> None:
    await desk.town.join("a")
    skipped = {"cannot be reached": [2, 3], "opted out": [4]}
    desk.forecast.rows = [
        desk.row(DAY_MS, [1], step="hello", to="member", skipped=skipped),
        desk.row(2 * DAY_MS, [1], step="hello", to="member", skipped=skipped),
    ]
    checked = await desk.check(hello())
    assert checked.about("2 members cannot be reached").severity == "warning"
    assert checked.about("1 members have opted out").severity == "note"


async def test_a_rate_so_slow_that_the_last_are_too_late_is_told(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(account_rate=Rate(count=1, seconds=1), member_list=True)
    for n in range(3):
        await desk.town.join(f"m{n}")
    desk.forecast.rows = [desk.row(DAY_MS, range(1, 4), step="hello", to="member")]
    assert (await desk.check(hello())).said == []
    more = 'guards = { rate = "2/20m" }'
    found = (await desk.check(hello(more=more))).about("3 messages take 30 minutes")
    assert found.severity == "warning"


# texts


async def test_a_picture_that_a_gateway_does_not_show_is_told(desk: Desk) -> None:
    await desk.town.group("tea")
    source = news("{{ image('https://shop.example/a.png') }} hi")
    found = (await desk.check(source)).about("picture")
    assert (found.severity, found.place.target) == ("note", "sandbox")


LONG = "茶" * 40


async def test_a_text_that_is_too_long_is_split_where_it_can_be(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(text_bytes=130)
    await desk.town.group("tea")
    checked = await desk.check(news(f"{LONG}。{LONG}"))
    found = checked.about("the text is 113 bytes too long")
    assert found.severity == "error"
    assert found.fix is not None
    assert str(found.fix.title) == "Split it into several messages"
    fixed = found.fix.apply(checked.template)
    assert [(s.id, s.text, s.follows) for s in fixed.step] == [
        ("news", f"{LONG}。", None),
        ("news-2", LONG, "news"),
    ]
    assert (await desk.version(fixed, "all-groups")).said == []


async def test_a_variant_that_is_too_long_is_shortened(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(text_bytes=130, member_list=True)
    await desk.town.join("a")
    variants = f"""
variant = [{{ name = "a", text = "short" }}, {{ name = "b", text = "{LONG}。{LONG}" }}]"""
    checked = await desk.check(hello().replace("text = '''hi'''", variants.strip()))
    found = checked.about("too long")
    assert found.place.target == "sandbox, b"
    assert found.fix is not None
    fixed = found.fix.apply(checked.template)
    assert fixed.step[0].variant[1].text == f"{LONG}。…"


async def test_each_language_is_measured_and_the_one_not_spoken_is_a_warning(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(text_bytes=20)
    await desk.town.group("tea")
    both = '{ zh = "茶", en = "a very long text about tea" }'
    checked = await desk.check(news().replace('"hi"', both))
    assert checked.about("6 bytes too long").severity == "warning"


async def test_the_longest_name_is_reckoned_with(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(text_bytes=50, member_list=True)
    await desk.town.join("a")
    checked = await desk.check(hello("{{ member.name }}!"))
    assert checked.about("the text is 11 bytes too long").fix is None


async def test_a_text_that_names_a_group_the_member_is_not_met_in_is_an_error(desk: Desk) -> None:
    await desk.town.join("a", "tea")
    await desk.town.join("a", "books")
    source = hello("{{ member.name }} of {{ group.name }}")
    found = (await desk.check(source, "everyone")).about("names the group")
    assert (found.severity, found.place.key) == ("error", "text")
    assert "names the group" not in " ".join((await desk.check(source, "all-groups")).said)


async def test_an_unknown_variable_of_a_draft_is_named_with_its_line(desk: Desk) -> None:
    await desk.town.group("tea")
    desk.town.template("draft", news())
    template = desk.town.sops.library.get("draft")
    step = template.step[0].model_copy(update={"text": "a\n{{ wether }}"})
    checked = await desk.version(template.model_copy(update={"step": (step,)}), "all-groups")
    assert checked.about("wether").severity == "error"
    assert str(checked.about("wether").message).startswith("Line 2 of the text")


async def test_a_link_in_a_group_is_nobodys_own(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(send_direct=False, member_list=True)
    await desk.town.join("a")
    step = '[[step]]\nid = "ask"\nfollows = "hello"\nwait = { for = "click", most = "1d" }'
    checked = await desk.check(hello("{{ link('https://shop.example/') }}", step=step))
    assert checked.about("calling the member").severity == "note"
    assert checked.about("would never see one").place.step == "ask"


def test_texts_are_cut_between_jinja_blocks() -> None:
    text = "{% for a in b %}\none\ntwo\n{% endfor %}\n{{ link(\n'x') }}\nthree"
    size = lambda words: len(words.encode())  # noqa: E731
    assert parted(text, 45, size) == [
        "{% for a in b %}\none\ntwo\n{% endfor %}",
        "{{ link(\n'x') }}\nthree",
    ]
    assert shortened(text, 45, size) == "{% for a in b %}\none\ntwo\n{% endfor %}…"
    assert parted(text, 20, size) is None


# links


@pytest.mark.parametrize(
    ("verdict", "severity"),
    [("gone", "error"), ("unreachable", "error"), ("refused", "warning"), ("private", "note")],
)
async def test_a_link_that_leads_nowhere_is_told(
    desk: Desk, verdict: Verdict, severity: str
) -> None:
    await desk.town.group("tea")
    url = "https://shop.example/old"
    desk.health = {url: verdict}
    checked = await desk.check(
        news("see {{ link('" + url + "') }} {{ link('https://ok.example') }}")
    )
    assert checked.asked == ["https://ok.example", url]
    assert checked.about(url).severity == severity
    assert len(checked.findings) == 1


async def test_a_missing_picture_is_told(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(segments=frozenset({"text", "image"}))
    await desk.town.group("tea")
    desk.health = {"https://shop.example/a.png": "gone"}
    source = news("{{ image('https://shop.example/a.png') }}{{ image('') }}")
    checked = await desk.check(source)
    assert checked.about("a.png").severity == "error"
    assert checked.about("without an address").severity == "error"


async def test_links_are_left_alone_when_nobody_wants_them_asked(desk: Desk) -> None:
    await desk.town.group("tea")
    source = news("{{ link('https://shop.example/') }}")
    assert (await desk.check(source, links=False)).asked == []
    changed = desk.town.sop_settings.model_copy(update={"check_links": False})
    desk.town.sop_settings = changed
    desk.town.change()
    assert (await desk.check(source)).asked == []


# the calendar


async def test_a_time_within_quiet_hours_waits_until_they_end(desk: Desk) -> None:
    desk.town.change(quiet_hours="22:00-08:00")
    await desk.town.join("a")
    desk.town.can["sandbox"] = Capabilities(member_list=True)
    checked = await desk.check(hello().replace("12:00", "22:30"))
    found = checked.about("22:30 is within the quiet hours 22:00-08:00: it waits until 08:00")
    assert found.fix is not None
    assert found.fix.apply(checked.template).step[0].at == "08:00"


async def test_a_time_within_quiet_hours_is_dropped_where_the_guards_say_so(desk: Desk) -> None:
    desk.town.change(quiet_hours="22:00-08:00")
    await desk.town.group("tea")
    checked = await desk.check(news(every="0 7 * * 1", more='guards = { quiet = "drop" }'))
    assert checked.about("07:00 is within the quiet hours 22:00-08:00: nobody gets it").fix is None


async def test_a_blackout_date_can_be_taken_out(desk: Desk) -> None:
    await desk.town.group("tea")
    more = 'guards = { blackout = ["2026-06-23/2026-06-25", "2026-01-01"] }'
    checked = await desk.check(news(more=more))
    found = checked.about("2026-06-24 is a blackout date: it waits until 2026-06-26")
    assert found.fix is not None
    assert str(found.fix.title) == "Take 2026-06-23 – 2026-06-25 out of the blackout dates"
    assert found.fix.apply(checked.template).guards.blackout == ("2026-01-01",)


async def test_the_workspaces_blackout_is_told_where_everybody_has_times_of_their_own(
    desk: Desk,
) -> None:
    desk.town.change(blackout=("2026-06-20", "2027-01-01"))
    desk.town.can["sandbox"] = Capabilities(member_list=True)
    await desk.town.join("a")
    checked = await desk.check(hello())
    assert checked.said == ["Nothing leaves on 2026-06-20: what is due then waits until 2026-06-21"]
    assert checked.findings[0].fix is None


async def test_a_public_holiday_can_wait_for_the_next_workday(desk: Desk) -> None:
    await desk.town.group("tea")
    checked = await desk.check(news(every="0 12 * * 5"))  # Friday 19 June 2026: Dragon Boat
    found = checked.about("2026-06-19 is a public holiday")
    assert found.severity == "note"
    assert found.fix is not None
    fixed = found.fix.apply(checked.template)
    assert (fixed.step[0].days, fixed.step[0].closed) == ("workday", "next")
    assert (await desk.version(fixed, "all-groups")).said == []


async def test_a_holiday_whose_notice_is_not_out_makes_days_uncertain(desk: Desk) -> None:
    desk.town.clock.advance((millis(utc(0).replace(year=2040)) - desk.town.clock.now()) / 1000)
    await desk.town.group("tea")
    checked = await desk.check(news(step='days = "workday"'))
    assert checked.about("The public holidays of 2040 are not yet published")


async def test_a_dated_step_whose_time_is_past_is_told(desk: Desk) -> None:
    await desk.town.group("tea")
    source = """
title = "Webinar"
anchor = { date = "day" }
parameters.day = { type = "date" }
[[step]]
id = "before"
before = "3d"
at = "09:00"
text = "soon"
[[step]]
id = "today"
after = "0d"
at = "09:00"
text = "now"
"""
    checked = await desk.check(source, day="2026-06-18")
    assert checked.about("Its time is past").place.step == "before"
    assert len(checked.findings) == 1


# for whom


async def test_an_empty_audience_is_told(desk: Desk) -> None:
    assert (await desk.check(news())).about("No group is in the audience").severity == "warning"
    fixed = hello(more='audience = "fixed"')
    assert (await desk.check(fixed)).about("Nobody is in the audience").severity == "error"


async def test_a_condition_nobody_can_fit_is_told_unless_the_sop_changes_it(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(member_list=True)
    await desk.town.tag(await desk.town.join("a"), "vip")
    step = 'if = "not tag:vip"'
    checked = await desk.check(hello(step=step), "tag:vip")
    assert checked.about("Nobody in the audience fits “not tag:vip” now").place.key == "if"
    checked = await desk.check(hello(step='unless = "tag:vip"'), "tag:vip")
    assert checked.about("Everybody in the audience fits “tag:vip”").place.key == "unless"
    step += '\n[[step]]\nid = "less"\nfollows = "hello"\nuntag = "vip"'
    assert (await desk.check(hello(step=step), "tag:vip")).said == []


async def test_a_holdout_too_small_to_tell_says_how_many_it_takes(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(member_list=True)
    await desk.town.join("a")
    desk.forecast.rows = [
        desk.row(DAY_MS, range(1, 1800), step="hello", to="member"),
        desk.row(2 * DAY_MS, range(1800, 2001), step="hello", to="member"),
    ]
    found = (await desk.check(hello(step="holdout = 10"))).about("hold-out")
    assert "would be 200 members; 686 are needed" in str(found.message)
    assert (await desk.check(hello(step="holdout = 40"))).said == []


async def test_variants_too_small_to_tell_are_told(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(member_list=True)
    await desk.town.join("a")
    desk.forecast.rows = [desk.row(DAY_MS, range(1, 1001), step="hello", to="member")]
    variants = 'variant = [{ name = "a", text = "1", share = 3 }, { name = "b", text = "2" }]'
    found = (await desk.check(hello().replace("text = '''hi'''", variants))).about("Variant “b”")
    assert "250 members" in str(found.message)


# where it leads


async def test_a_sop_to_start_that_is_not_there_names_the_nearest(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(member_list=True)
    await desk.town.join("a")
    await desk.town.start(desk.town.template("course", hello()))
    step = '[[step]]\nid = "on"\nfollows = "hello"\nstart = "{}"'
    found = (await desk.check(hello(step=step.format("cuorse")))).about("There is no SOP “cuorse”")
    assert found.severity == "error"
    assert "did you mean “course”?" in str(found.message)
    checked = await desk.check(hello(step=step.format("course")))
    assert checked.about("does not count from entering it").severity == "error"
    await desk.town.sops.stop("course", "小王")
    checked = await desk.check(hello(step=step.format("course")))
    assert checked.about("“course” is not running").place.key == "start"


async def test_asking_what_becomes_of_a_missed_step_needs_somebody_to_ask(desk: Desk) -> None:
    await desk.town.group("tea")
    source = news(step='missed = "ask"')
    assert (await desk.check(source)).about("no operator to ask").place.key == "missed"
    await desk.town.store.call("HSET", desk.town.store.keys.operators(), "ann", "{}")
    assert (await desk.check(source)).said == []


# findings


async def test_the_worst_comes_first_and_a_fix_survives_a_page(desk: Desk) -> None:
    desk.town.can["sandbox"] = Capabilities(text_bytes=130)
    desk.town.change(quiet_hours="11:00-13:00")
    await desk.town.group("tea")
    checked = await desk.check(news(f"{LONG}。{LONG}", every="0 12 * * 5"))
    assert [one.severity for one in checked.findings] == ["error", "warning", "note"]
    for one in checked.findings:
        if one.fix:
            assert fix_of(one.fix.model_dump_json()) == one.fix
    with pytest.raises(ValueError, match="kind"):
        fix_of('{"kind": "anything"}')
