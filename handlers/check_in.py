"""Check-ins: a member says the word of a programme, once a day, and shows what is asked for."""

from bot import (
    PASS,
    CheckIn,
    CheckInPictures,
    CheckIns,
    Context,
    NotNow,
    Pass,
    Programme,
    Router,
    TemplateFailed,
)

router = Router("check_in")

NEW = "{{ member.name }}, you are checked in!"
AGAIN = "{{ member.name }}, you have already checked in today. See you tomorrow!"
WEEK = "📅 This week: {{ came }} of {{ times }}."
WEEK_DONE = "📅 Done for this week: {{ came }}× (it takes {{ times }})."
MADE_UP = "{{ member.name }}, {{ day }} is made up for!"
NUMBERS = (
    "🔥 {% if streak %}Streak {{ streak }} · {% endif %}total {{ total }}"
    "{% if rank %} · no. {{ rank }} here today{% endif %}"
    "{% if points %} · {{ points }} points{% endif %}"
)
PENDING = "We look at what you sent; it counts until then."


@router.message(priority=10)
async def check_in(ctx: Context, checkins: CheckIns, drawn: CheckInPictures) -> Pass | None:
    wish = await checkins.wish(ctx)
    if wish is None:
        return PASS
    done = await checkins.check_in(ctx, wish.programme, wish.group, wish.shown)
    if isinstance(done, NotNow):
        await refuse(ctx, done)
    else:
        text = titled(ctx, checkins, wish.programme, NEW if done.new else AGAIN)
        await tell(ctx, wish.programme, done, drawn, text)
    return None


@router.message(priority=-50)
async def still_wanted(ctx: Context, checkins: CheckIns) -> Pass | None:
    no = await checkins.still_wanted(ctx)
    if no is None:
        return PASS
    await refuse(ctx, no)
    return None


@router.prefix("补签", "make up", help="make up for a missed day: make up yesterday")
async def make_up(
    ctx: Context, args: str, checkins: CheckIns, drawn: CheckInPictures
) -> Pass | None:
    programmes = [p for p in here(ctx, checkins) if p.settings.make_up]
    if not programmes:
        return PASS
    programme, words = named(ctx, programmes, args.strip())
    done = await checkins.make_up(ctx, programme, words)
    if isinstance(done, NotNow):
        await refuse(ctx, done)
    else:
        await tell(ctx, programme, done, drawn, titled(ctx, checkins, programme, MADE_UP))
    return None


def here(ctx: Context, checkins: CheckIns) -> list[Programme]:
    """The programmes of the group; in a direct chat all that can be used there."""
    if ctx.group:
        return checkins.running_in(ctx.conversation)
    return [p for p in checkins.programmes if p.settings.where != "group" and p.rests != "ended"]


def named(ctx: Context, programmes: list[Programme], words: str) -> tuple[Programme, str]:
    """The programme whose title or name the words begin with, else the first; and the rest."""
    names = [(name, one) for one in programmes for name in (one.title(ctx.translate), one.name)]
    for name, programme in sorted(names, key=lambda pair: -len(pair[0])):
        if words.casefold().startswith(name.casefold()):
            return programme, words[len(name) :]
    return programmes[0], words


def titled(ctx: Context, checkins: CheckIns, programme: Programme, text: str) -> str:
    """A text in the reader's language, after the programme's title where there are several."""
    several = len(here(ctx, checkins)) > 1
    return ("{{ title }} · " if several else "") + ctx.translate(text)


async def refuse(ctx: Context, no: NotNow) -> None:
    """Say why not; what was asked for may come in the next message."""
    if no.asks:
        ctx.remember("check-in", no.asks, no.wait)
    await ctx.say(no.text, **no.variables)


async def tell(
    ctx: Context, programme: Programme, done: CheckIn, drawn: CheckInPictures, text: str
) -> None:
    """Say what it came to, and what was reached with it."""
    weekly = programme.settings.every == "week"
    came, times = done.week or (0, 0)
    week = WEEK if came < times else WEEK_DONE
    more = [*([PENDING] if done.pending else []), *([week] if done.week else [])]
    more.append(NUMBERS)  # the last, for a tag at its end eats a newline
    await ctx.reply(
        "\n".join([text, *map(ctx.translate, more)]),
        title=programme.title(ctx.translate),
        came=came,
        times=times,
        day=done.day.isoformat(),
        streak=done.streak,
        total=done.total,
        rank=done.rank,
        points=done.points,
        weekly=weekly,
    )
    for award in done.awards:
        text = ctx.translate(award.text) if award.standard else award.text
        try:
            await ctx.reply(text, **award.variables, weekly=weekly)
        except TemplateFailed as error:  # no wrong text may cost a member the record
            ctx.note("checkin.text_failed", reason=str(error), text=award.text)
        if award.certificate:
            shows = "image" in ctx.capabilities.segments
            at, of = award.stage.settings.at, award.certificate
            name = ctx.member.name
            ctx.send(
                await drawn.certificate(programme, name, at, done.day, of, pictures=shows),
                priority="reply",
            )
