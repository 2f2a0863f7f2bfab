"""Writing handlers: what they are given, and what is said when they are wrong."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bot.located import Problems
from bot.model.conversation import Account
from bot.model.event import BaseEvent, MemberJoined, MemberLeft, MessageReceived
from bot.model.message import Message
from bot.routing.router import Router, compile_routers
from bot.routing.rule import PASS, Found, Pass

if TYPE_CHECKING:
    from bot.routing.context import Context


class CheckIns:
    """A service."""


class Links:
    """Another service."""


def heard(text: str) -> MessageReceived:
    account = Account(id="u1")
    return MessageReceived(id="1", gateway="g", at=0, account=account, message=Message.of(text))


async def answers(router: Router, event: BaseEvent, **services: object) -> list[Any]:
    """What the handlers answer, up to the first that does not pass."""
    index = compile_routers([router], {type(one): one for one in services.values()})
    ctx: Any = SimpleNamespace(event=event, member="member", group="group")
    given: list[Any] = []
    for match in index.match(event):
        given.append(await match.rule.payload(ctx, match))
        if given[-1] is not PASS:
            break
    return given


def problems(router: Router, *services: object) -> list[str]:
    with pytest.raises(Problems) as raised:
        compile_routers([router], {type(one): one for one in services})
    return [str(problem) for problem in raised.value.problems]


def line(function: Callable[..., object]) -> int:
    return inspect.getsourcelines(function)[1]


async def test_a_handler_is_given_what_its_parameters_name() -> None:
    router = Router("tea")

    @router.command("stats")
    async def stats(
        ctx: Context, event: MessageReceived, text: str, args: str, member: Any, group: Any
    ) -> Any:
        return ctx.event is event, text, args, member, group

    expected = (True, "/stats a-B", "a-B", "member", "group")
    assert await answers(router, heard("/stats a-B")) == [expected]


async def test_a_handler_is_given_services_by_type() -> None:
    router, check_ins, links = Router("tea"), CheckIns(), Links()

    @router.keyword("签到")
    async def check_in(records: CheckIns, *, others: Links | None) -> Any:
        return records, others

    given = await answers(router, heard("签到"), a=check_ins, b=links)
    assert given == [(check_ins, links)]


async def test_a_handler_is_given_the_match_of_its_pattern() -> None:
    router = Router("tea")

    @router.regex(r"order (\S+)")
    async def order(match: re.Match[str]) -> Any:
        return match.group(1)

    @router.regex(re.compile("ORDER", re.IGNORECASE), priority=-1)
    async def other(match: Found) -> Any:
        return match.group(0)

    assert await answers(router, heard("my order AB-1")) == ["AB-1"]
    assert await answers(router, heard("Order?")) == ["Order"]


async def test_a_handler_of_several_rules_gets_defaults_for_what_a_rule_has_not() -> None:
    router = Router("tea")

    @router.keyword("tea")
    @router.prefix("tea")
    @router.on(MemberJoined)
    async def tea(event: BaseEvent, args: str = "none", text: str = "silence") -> Any:
        return args, text

    joined = MemberJoined(id="1", gateway="g", at=0, account=Account(id="u1"), group="t")
    assert await answers(router, heard("tea")) == [("none", "tea")]
    assert await answers(router, heard("tea Green")) == [("Green", "tea Green")]
    assert await answers(router, joined) == [("none", "silence")]


async def test_a_handler_that_passes_leaves_the_event_to_the_next() -> None:
    router = Router("tea")

    @router.keyword("tea")
    async def first() -> Pass:
        return PASS

    @router.message()
    async def last() -> Any:
        return "last"

    assert await answers(router, heard("tea")) == [PASS, "last"]


def test_handlers_stay_plain_functions() -> None:
    router = Router("tea")

    async def plain(ctx: Context) -> None: ...

    assert router.message()(plain) is plain


def test_rules_keep_what_was_said_about_them() -> None:
    router = Router("tea")

    @router.command("stop", priority=3, direct=True, role="manager", help="Stop a broadcast")
    async def stop() -> None: ...

    (rule,) = compile_routers([router], {}).rules
    assert (rule.priority, rule.direct, rule.role, rule.help) == (
        *(3, True, "manager"),
        "Stop a broadcast",
    )
    assert rule.payload.name.endswith("stop")
    assert rule.payload.router == "tea"
    assert (rule.payload.place.file, rule.payload.place.line) == (__file__, line(stop))


def test_an_unknown_parameter_is_an_error_with_place_and_nearest_name() -> None:
    router = Router("tea")

    @router.message()
    async def opening(contex: Context, evnt, checkins: CheckIn, whatever) -> None: ...  # type: ignore[no-untyped-def,name-defined]  # noqa: F821

    @router.message()
    async def closing(check: Chekins) -> None: ...

    at = f"{__file__}:{line(opening)}: {opening.__qualname__}"
    assert problems(router, CheckIns()) == [
        f"{at}(checkins): the annotation CheckIn cannot be read; "
        "it must be importable at run time, not only under TYPE_CHECKING",
        f'{at}(contex): there is no contex for handlers; did you mean "ctx"?',
        f'{at}(evnt): there is no evnt for handlers; did you mean "event"?',
        f"{at}(whatever): there is no whatever for handlers; known here: "
        "ctx, event, member, group, text, args, match, CheckIns",
        f"{__file__}:{line(closing)}: {closing.__qualname__}(check): "
        'there is no check, and no service Chekins; did you mean "CheckIns"?',
    ]


class Chekins:
    """A class that is no service."""


def test_a_wrong_annotation_is_an_error() -> None:
    router = Router("tea")

    @router.prefix("a")
    async def one(args: int, ctx: CheckIns) -> None: ...

    @router.on(MemberJoined, MemberLeft)
    async def two(event: MemberJoined) -> None: ...

    @router.on(MemberJoined, MemberLeft)
    async def three(event: MemberJoined | MemberLeft) -> None: ...

    assert [text.split(": ", 1)[1].rsplit(".", 1)[1] for text in problems(router, CheckIns())] == [
        "one(args): args is no int; expected str",
        "one(ctx): ctx is no CheckIns; "
        "ctx is given by its name; a service needs a parameter of another name",
        "two(event): event is no MemberJoined; expected MemberJoined | MemberLeft",
    ]


@pytest.mark.parametrize(
    ("register", "parameter"),
    [
        (lambda router: router.keyword("a"), "args"),
        (lambda router: router.keyword("a"), "match"),
        (lambda router: router.message(), "args"),
        (lambda router: router.on(MemberJoined), "text"),
    ],
)
def test_a_parameter_the_rule_cannot_give_is_an_error(register: Any, parameter: str) -> None:
    router, names = Router("tea"), dict[str, Any]()
    exec(f"async def handler({parameter}): ...", names)
    register(router)(names["handler"])
    (text,) = problems(router)
    assert f"handler({parameter}): a rule of kind " in text
    assert f"has no {parameter}; give it a default, or use it with " in text


def test_what_is_no_handler_is_an_error() -> None:
    router = Router("tea")

    @router.message()  # type: ignore[type-var]
    def plain(ctx: Context) -> None: ...

    @router.message()
    async def stars(*everything: Any, **more: Any) -> None: ...

    @router.message()
    async def nameless(ctx: Context, /) -> None: ...

    assert [text.split(": ", 1)[1].rsplit(".", 1)[1] for text in problems(router)] == [
        'plain: expected an async function; write "async def"',
        "stars(everything): expected parameters with a name, got *",
        "stars(more): expected parameters with a name, got *",
        "nameless(ctx): expected a parameter that can be given by name",
    ]


def test_a_rule_that_cannot_match_is_an_error_at_its_handler() -> None:
    router = Router("tea")

    @router.regex("(")
    async def pattern() -> None: ...

    @router.keyword()
    async def wordless() -> None: ...

    @router.keyword("？", contains=True)
    async def marks() -> None: ...

    @router.on()
    async def eventless() -> None: ...

    found = problems(router)
    assert [int(text.split(":")[1]) for text in found] == [
        line(one) for one in (pattern, wordless, marks, eventless)
    ]
    assert "not a regular expression: missing ), unterminated subpattern at position 0" in found[0]


def test_options_nobody_reads_and_roles_nobody_has_are_errors() -> None:
    router = Router("tea")

    @router.keyword("tea", rolle="manager")  # type: ignore[call-arg]
    async def option() -> None: ...

    @router.keyword("coffee", role="managers")  # type: ignore[arg-type]
    async def role() -> None: ...

    @router.on("MemberJoined")  # type: ignore[arg-type]
    async def event() -> None: ...

    found = problems(router)
    assert [int(text.split(":")[1]) for text in found] == [line(o) for o in (option, role, event)]
    assert "no option rolle; known here: priority, direct, role, help" in found[0]
    assert 'no role "managers"; known here: viewer, manager, admin' in found[1]
    assert "no class of events" in found[2]


def test_a_word_taken_twice_in_a_router_is_an_error() -> None:
    router, other = Router("tea"), Router("coffee")

    @router.keyword("签到", "打卡")
    async def first() -> None: ...

    @router.keyword("簽到！")
    async def second() -> None: ...

    @router.keyword("签到", priority=1)
    async def before() -> None: ...

    @router.keyword("签到", direct=True)
    async def direct() -> None: ...

    @other.keyword("签到")
    async def elsewhere() -> None: ...

    (text,) = problems(router)
    assert text.startswith(f"{__file__}:{line(second)}: ")
    assert text.endswith(f'"簽到！" is already taken, at {__file__}:{line(first)}')
    assert len(compile_routers([other], {}).rules) == 1
