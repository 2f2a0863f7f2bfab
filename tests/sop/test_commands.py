"""SOP commands in chat, as managers use them."""

from __future__ import annotations

from bot.model.capabilities import Capabilities
from bot.model.conversation import Account
from bot.model.event import MessageReceived
from bot.model.message import Message
from bot.routing.context import Context, Speaker
from bot.store.effects import Effects
from handlers.sop_commands import sop_list, sop_pause, sop_resume

from .samples import DAILY, notice
from .town import HOUR, Town


def said_by_a_manager(town: Town, text: str) -> Context:
    """The context of a manager's message."""
    effects = Effects(town.store.keys)
    event = MessageReceived(
        id=text,
        gateway="sandbox",
        at=town.clock.now(),
        account=Account(id="boss", name="小王"),
        message=Message.of(text),
    )
    return Context(
        event=event,
        conversation=event.conversation,
        member=Speaker(0, "boss", "小王", effects, town.facts),
        group=None,
        capabilities=Capabilities(),
        role="manager",
        now=town.clock.now(),
        workspace={},
        effects=effects,
        writer=town.sops.means.writer,
        store=town.store,
        translate=lambda text: text,
    )


async def answer(town: Town, ctx: Context) -> str:
    """What the handler's effects say and do, committed."""
    assert await town.store.apply(ctx.effects)
    (said,) = [d.message.summary for d in ctx.effects.deliveries]
    return said


async def test_a_manager_lists_pauses_and_resumes(town: Town) -> None:
    await town.group("tea")
    await town.start(town.template("daily", DAILY))
    ctx = said_by_a_manager(town, "/sop list")
    await sop_list(ctx, town.sops)
    assert await answer(town, ctx) == "daily · daily · running"
    ctx = said_by_a_manager(town, "/sop pause daily")
    await sop_pause(ctx, "daily", town.sops)
    assert await answer(town, ctx) == "“daily” is paused: nothing more of it goes out."
    await town.pass_by(2 * HOUR)
    assert "noon in tea" not in await town.texts()
    ctx = said_by_a_manager(town, "/sop resume daily")
    await sop_resume(ctx, "daily", town.sops)
    assert (await answer(town, ctx)).startswith("“daily” goes on.")
    assert (await town.sops.get("daily")).state == "running"


async def test_a_command_that_cannot_be_done_says_why(town: Town) -> None:
    ctx = said_by_a_manager(town, "/sop list")
    await sop_list(ctx, town.sops)
    assert await answer(town, ctx) == "There are no SOPs yet."
    await town.start(notice(town), "everyone")
    for handler, args, said in [
        (sop_pause, "notise", "There is no SOP “notise”. Say /sop list to see them all."),
        (sop_resume, "notice", "“notice” is running."),
    ]:
        ctx = said_by_a_manager(town, args)
        await handler(ctx, args, town.sops)
        assert await answer(town, ctx) == said


async def test_a_pause_from_the_chat_takes_back_what_the_outbox_holds(town: Town) -> None:
    for n in range(20):
        await town.join(f"m{n}")
    sop = await town.start(notice(town))
    town.clock.advance(60)
    await town.planner.tick()
    ctx = said_by_a_manager(town, "/sop pause notice")
    await sop_pause(ctx, "notice", town.sops)
    await answer(town, ctx)
    await town.planner.tick()
    assert await town.texts() == ["“notice” is paused: nothing more of it goes out."]
    assert await town.outcome(sop) == {}
