"""Keyword routes: who says the word of a group gets the way into it."""

from bot import PASS, Answer, Context, Pass, Router, Routes

router = Router("keyword_routes")

SAID = {
    "already": "{{ member.name }}, you are already in “{{ target.name }}”.",
    "full": "“{{ route }}” is full at the moment. Please ask again another day.",
    "wait": "“{{ route }}” is full at the moment. You are number {{ position }} in line and will be"
    " told here when a place opens. To leave the line, say “stop waiting”.",
    "create": "“{{ route }}” is full; a new group is being made. Scan this code to get in:"
    "{{ image(picture) }}",
    "making": "“{{ route }}” is full, so a new group is being made. You will be told here in a"
    " moment. To leave the line, say “stop waiting”.",
    "barred": "You were removed from “{{ route }}”. Please ask the staff.",
    "enough": "You were shown the way into “{{ route }}” already today. Please ask again tomorrow.",
    "left": "All right, your place for {{ options }} is given up.",
    "cancelled": "All right, cancelled.",
    "gone": "That is not there any more. Say again what you are looking for.",
    "given_up": "Let us leave it. Say again what you are looking for whenever you like.",
}
ASKED = {
    "choose": "Several groups fit. Answer with a number, or “cancel”:",
    "which": "Please answer with one of these numbers, or “cancel”:",
    "ask": "Which of these is yours? Answer with a number or a word, or “cancel”:",
    "again": "Please answer with one of these, or “cancel”:",
}
NAMED = "{{ member.name }}: "
"""Where others read along, answers begin so."""
KEPT = " The place is kept for you for {{ kept }}."


@router.message(priority=-10)
async def keyword_routes(ctx: Context, routes: Routes) -> Pass | None:
    answer = await routes.ask(ctx)
    if answer is None:
        return PASS
    if answer.outcome in ASKED:
        await choose(ctx, answer)
    elif answer.outcome == "open":
        await let_in(ctx, answer, routes)
    elif answer.outcome == "refused" and answer.route:
        await ctx.reply(answer.route.when.otherwise or "", **answer.variables)
    else:
        options = ctx.translate(", ").join(answer.options)
        said = to_them(ctx, SAID[answer.outcome])
        await ctx.reply(said, options=options, **answer.variables)
    return None


def to_them(ctx: Context, text: str) -> str:
    """A standard text in the workspace's language, in a group with the member's name."""
    named = ctx.group and "member.name" not in text
    return (ctx.translate(NAMED) if named else "") + ctx.translate(text)


async def choose(ctx: Context, answer: Answer) -> None:
    asked = to_them(ctx, ASKED[answer.outcome])
    if answer.outcome == "ask" and answer.route and answer.route.question:
        asked = answer.route.question
    options = "\n".join(f"{n}) {name}" for n, name in enumerate(answer.options, 1))
    await ctx.reply(asked + "\n{{ options }}", options=options, **answer.variables)


async def let_in(ctx: Context, answer: Answer, routes: Routes) -> None:
    own = answer.route.reply if answer.route else None
    shown = to_them(ctx, answer.way.text) + (ctx.translate(KEPT) if answer.held else "")
    about = {"kept": answer.kept(ctx.translate), **answer.variables}
    if not answer.way.account:
        await ctx.reply(own or shown, **about)
        return
    done = await ctx.write(own or to_them(ctx, answer.way.invited), **about)
    routes.bring_in(ctx, answer, done, instead=await ctx.write(shown, **about))
