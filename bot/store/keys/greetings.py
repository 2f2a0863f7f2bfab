"""The keys of welcomes, group welcomes and live codes."""

from __future__ import annotations

from bot.store.keys.key import DAY, FOREVER, Key, Prefixed


class GreetingsKeys(Prefixed):
    """What newcomers are told and asked, and the codes by which they come."""

    # welcomes
    welcome_pending = Key(
        "welcome:pending:{group}",
        "hash",
        "welcome",
        DAY,
        "account and name of a joiner",
        "{member}",
    )
    welcome_greeted = Key(
        "welcome:greeted:{group}",
        "zset",
        "welcome",
        FOREVER,
        "greeted ms; trimmed by age",
        "{member}",
    )
    welcome_told = Key(
        "welcome:told:{scope}",
        "zset",
        "welcome",
        FOREVER,
        "greeted ms, by a script or (*) by any; trimmed by age",
        "{member}",
    )
    welcome_gate = Key(
        "welcome:gate:{group}",
        "hash",
        "welcome",
        7 * DAY,
        "newcomers asked to do something first, JSON",
        "{member}",
    )
    welcome_asked = Key(
        "welcome:asked:{member}",
        "hash",
        "welcome",
        7 * DAY,
        "where they were asked and cannot speak, JSON",
        "{group}",
    )
    welcome_ended = Key(
        "welcome:ended:{gateway}:{member}",
        "string",
        "welcome",
        40 * DAY,
        "when they ended the direct chat, ms",
    )
    welcome_stay = Key(
        "welcome:stay:{group}:{member}",
        "string",
        "welcome",
        7 * DAY,
        "when (ms) which script with variants greeted them; group 0: in the direct chat",
    )
    welcome_quit = Key(
        "welcome:quit:{script}",
        "fact",
        "welcome",
        FOREVER,
        "who left within a week of being greeted",
        "{member}",
    )
    welcome_greeting = Key(
        "welcome:greeting:{greeting}",
        "hash",
        "welcome",
        40 * DAY,
        "account and name of whom it is for",
        "{member}",
    )
    welcome_said = Key(
        "welcome:said:{group}",
        "hash",
        "welcome",
        40 * DAY,
        "what can be taken back of a greeting, JSON",
        "{greeting}",
    )
    welcome_scripts = Key(
        "welcome:scripts", "hash", "welcome", FOREVER, "scripts made at run time, JSON", "{script}"
    )
    welcome_version = Key(
        "welcome:version", "string", "welcome", FOREVER, "counts the changes of these scripts"
    )
    welcome_counts = Key(
        "welcome:counts:{day}",
        "hash",
        "welcome",
        400 * DAY,
        "who came, was greeted, and was not, by reason",
        "{script}/{what}",
    )
    welcome_variant = Key(
        "welcome:variant:{script}:{number}:{variant}",
        "fact",
        "welcome",
        FOREVER,
        "who got this text of a message",
        "{member}",
    )
    welcome_open = Key(
        "welcome:open:{gateway}:{member}",
        "string",
        "welcome",
        600,
        "a new contact may be welcomed without a tap, and nobody has: till when, ms",
    )

    # live codes
    live_codes = Key("live:codes", "hash", "live_codes", FOREVER, "a live code, JSON", "{code}")
    live_standing = Key(
        "live:standing", "hash", "live_codes", FOREVER, "how it stands, JSON", "{code}"
    )
    live_busy = Key("live:busy:{code}", "string", "live_codes", 120, "who is changing it now")
    live_groups = Key(
        "live:groups:{gateway}", "set", "live_codes", FOREVER, "groups codes led to", "{place}"
    )

    # group welcomes: texts for who joins a group, which platforms keep
    group_welcomes = Key(
        "group:welcomes", "hash", "group welcomes", FOREVER, "one and how it stands, JSON", "{id}"
    )
