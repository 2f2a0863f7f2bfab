"""Keyword routes: who says the word of a group gets the way into it."""

from bot import PASS, Answer, Context, Pass, Router, Routes

router = Router("keyword_routes")

SAID = {
    "already": "{{ member.name }}, you are already in “{{ target.name }}”.",
    "full": "“{{ route }}” is full at the moment. Please ask again another day.",
    "cancelled": "All right, cancelled.",
    "gone": "That is not there any more. Say again what you are looking for.",
}
WAYS_IN = {
    "card": "Here is the way into “{{ target.name }}”:{{ card(target.link, target.name) }}",
    "link": "Here is the way into “{{ target.name }}”: {{ target.link }}",
    "": "“{{ target.name }}” is the group for you: look for it by this name, or ask to be invited.",
}


@router.message(priority=-10)
async def keyword_routes(ctx: Context, routes: Routes) -> Pass | None:
    answer = await routes.ask(ctx)
    if answer is None:
        return PASS
    if answer.outcome in ("choose", "which"):
        await choose(ctx, answer)
    elif answer.outcome == "open":
        await let_in(ctx, answer)
    else:
        await ctx.say(SAID[answer.outcome], **answer.variables)
    return None


async def choose(ctx: Context, answer: Answer) -> None:
    if answer.outcome == "choose":
        asked = "Several groups fit. Answer with a number, or “cancel”:"
    else:
        asked = "Please answer with one of these numbers, or “cancel”:"
    options = "\n".join(f"{n}) {name}" for n, name in enumerate(answer.options, 1))
    await ctx.reply(ctx.translate(asked) + "\n{{ options }}", options=options)


async def let_in(ctx: Context, answer: Answer) -> None:
    if answer.route and answer.route.reply:
        await ctx.reply(answer.route.reply, **answer.variables)
        return
    way = "card" if "link_card" in ctx.capabilities.segments else "link"
    has_link = answer.target is not None and answer.target.link
    await ctx.say(WAYS_IN[way if has_link else ""], **answer.variables)
