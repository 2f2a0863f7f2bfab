"""Opting out of broadcasts, all or a topic's, and in again, without leaving the group."""

from bot import PASS, CheckIns, Context, Pass, Router, Sops

router = Router("opt_out")

TAG = "opt-out"
"""Who has this tag gets no SOP broadcasts; answers and welcomes still come.

With ":topic" behind it: none of the SOPs of that topic.
"""
CHECK_INS = "check-ins"
"""The topic of reminders that a streak is about to break."""
OFF = ("退订", "td", "stop", "unsubscribe")
ON = ("恢复订阅", "订阅", "start", "subscribe")

LIST = "{{ rows }}\nSay “stop” and one of them to get it no more, or “stop” alone to get none."
NO_TOPICS = "There are no topics at the moment. “stop” ends all broadcasts."

Topics = dict[str, list[str]]
"""What can be opted out of, with the titles of the SOPs it is about, the newest first."""


@router.keyword(*OFF, direct=True, help="no more broadcasts")
async def opt_out(ctx: Context) -> None:
    if await ctx.member.has_tag(TAG):
        await ctx.say("You are unsubscribed already. Say “start” to hear from us again.")
        return
    ctx.member.tag(TAG)
    ctx.note("member.opted_out")
    await ctx.say(
        "You will get no more of our broadcasts. Your questions are still answered;"
        " say “start” to hear from us again."
    )


@router.keyword(*ON, direct=True, help="broadcasts again")
async def opt_in(ctx: Context, sops: Sops, checkins: CheckIns) -> None:
    every, said = await _topics(ctx, sops, checkins), []
    off = [topic for topic in every if await _is_off(ctx, topic)]
    if await ctx.member.has_tag(TAG):
        ctx.member.untag(TAG)
        ctx.note("member.opted_in")
        said.append("Welcome back! You will hear from us again.")
    elif not off:
        said.append("You are subscribed. Say “stop” when you want no more broadcasts.")
    if off:
        said.append("Still off: {{ topics }}. Say “start {{ first }}” to get that again.")
    await _say(ctx, said, topics=", ".join(off), first=off[0] if off else "")


@router.prefix(*OFF, direct=True, help="no more about a topic: stop tips")
async def opt_out_of(ctx: Context, args: str, sops: Sops, checkins: CheckIns) -> Pass | None:
    if not args.strip():
        return PASS
    topics = await _topics(ctx, sops, checkins)
    topic = _named(topics, args)
    if topic is None:
        # Never passed by in silence: they would wait in vain for it to end.
        said = ["There is no topic “{{ words }}”.", LIST if topics else NO_TOPICS]
        await _say(ctx, said, words=args.strip(), rows=await _rows(ctx, topics))
        return None
    ctx.member.tag(f"{TAG}:{topic}")
    ctx.note("member.opted_out", text=topic)
    await ctx.say(
        "You will get no more about “{{ topic }}”. Everything else still comes;"
        " say “start {{ topic }}” to get it again.",
        topic=topic,
    )
    return None


@router.prefix(*ON, direct=True, help="a topic again: start tips")
async def opt_in_to(ctx: Context, args: str, sops: Sops, checkins: CheckIns) -> Pass | None:
    topic = _named(await _topics(ctx, sops, checkins), args)
    if topic is None:
        return PASS
    ctx.member.untag(f"{TAG}:{topic}")
    ctx.note("member.opted_in", text=topic)
    said = ["You will hear about “{{ topic }}” again."]
    if await ctx.member.has_tag(TAG):
        said.append("But you get no broadcasts at all at the moment. Say “start” for them.")
    await _say(ctx, said, topic=topic)
    return None


@router.keyword("话题", "我的订阅", "topics", direct=True, help="what broadcasts are about")
async def topics(ctx: Context, sops: Sops, checkins: CheckIns) -> None:
    found = await _topics(ctx, sops, checkins)
    said = [LIST if found else NO_TOPICS]
    if await ctx.member.has_tag(TAG):
        said.insert(0, "You are unsubscribed already. Say “start” to hear from us again.")
    await _say(ctx, said, rows=await _rows(ctx, found))


async def _say(ctx: Context, texts: list[str], **variables: str) -> None:
    """Answer with several standard texts, as one message."""
    await ctx.reply("\n".join(map(ctx.translate, texts)), **variables)


async def _rows(ctx: Context, topics: Topics) -> str:
    """A line for each topic: whether it comes, and what it is about."""
    rows = []
    for topic, titles in topics.items():
        mark = "✕" if await _is_off(ctx, topic) else "✓"
        rows.append(f"{mark} {topic} ({', '.join(titles)})")
    return "\n".join(rows)


async def _topics(ctx: Context, sops: Sops, checkins: CheckIns) -> Topics:
    """The topics of SOPs that go on; of those that ended, what is off still."""
    found: Topics = {}
    for sop in await sops.all():
        topic = (await sops.version(sop)).template.topic
        if topic and (sop.state in ("running", "paused") or await _is_off(ctx, topic)):
            titles = found.setdefault(topic, [])
            title = sop.title(sops.language)
            if title not in titles:
                titles.append(title)
    words = [one.word for one in checkins.programmes if one.settings.streak_reminder]
    if words or await _is_off(ctx, CHECK_INS):
        found.setdefault(CHECK_INS, []).extend(words)
    return found


def _named(topics: Topics, words: str) -> str | None:
    """The topic somebody means who says its name, or the title of one of its SOPs."""
    wanted = words.strip(' “”"「」').casefold()
    for topic, titles in topics.items():
        if wanted in (topic.casefold(), *(title.casefold() for title in titles)):
            return topic
    return None


async def _is_off(ctx: Context, topic: str) -> bool:
    return await ctx.member.has_tag(f"{TAG}:{topic}")
