"""The keys of check-ins."""

from __future__ import annotations

from bot.store.keys.key import DAY, FOREVER, Key, Prefixed


class CheckInsKeys(Prefixed):
    """Who came on which day, how it counts, and what waits for a manager's word."""

    # check-ins
    checkin_made = Key(
        "checkin:made",
        "hash",
        "checkins",
        FOREVER,
        "programmes made in the console, JSON",
        "{programme}",
    )
    checkin_changes = Key(
        "checkin:changes", "string", "checkins", FOREVER, "counts the changes of these programmes"
    )
    checkin_versions = Key(
        "checkin:versions:{programme}",
        "hash",
        "checkins",
        FOREVER,
        "what it has been, JSON; the last 100",
        "{version}",
    )
    checkin_days = Key(
        "checkin:days:{programme}:{member}",
        "string",
        "checkins",
        FOREVER,
        "one bit for each day, the first is 2024-01-01",
    )
    checkin_members = Key(
        "checkin:members:{programme}",
        "fact",
        "checkins",
        FOREVER,
        "who ever checked in",
        "{member}",
    )
    checkin_on = Key(
        "checkin:on:{programme}:{group}:{day}",
        "fact",
        "checkins",
        400 * DAY,
        "who checked in; group 0: all",
        "{member}",
    )
    checkin_order = Key(
        "checkin:order:{programme}:{group}:{day}",
        "zset",
        "checkins",
        8 * DAY,
        "how manyeth that day",
        "{member}",
    )
    checkin_here = Key(
        "checkin:here:{programme}:{group}:{member}",
        "string",
        "checkins",
        FOREVER,
        "as checkin_days, of one group, where each group makes its own streak",
    )
    checkin_made_up = Key(
        "checkin:made_up:{programme}:{group}:{member}",
        "string",
        "checkins",
        FOREVER,
        "the days that were made up for; group 0: all",
    )
    checkin_excused = Key(
        "checkin:excused:{programme}:{group}:{member}",
        "string",
        "checkins",
        FOREVER,
        "days over which a streak holds; group 0: all",
    )
    checkin_zones = Key(
        "checkin:zones:{programme}",
        "hash",
        "checkins",
        FOREVER,
        "the zone of the last record, where it is not the programme's",
        "{member} → {zone}",
    )
    checkin_evidence = Key(
        "checkin:evidence:{programme}:{group}:{member}:{month}",
        "hash",
        "checkins",
        3660 * DAY,
        "what was shown, JSON; group 0: all",
        "{day} → {text}",
    )
    checkin_pending = Key(
        "checkin:pending",
        "zset",
        "checkins",
        FOREVER,
        "evidence that waits for approval → ms",
        "{member}:{group}:{programme}:{day}",
    )
    checkin_ledger = Key(
        "checkin:ledger:{programme}:{group}:{member}",
        "list",
        "checkins",
        FOREVER,
        "points that do not follow from records, JSON; group 0: all",
        "{text}",
    )
    checkin_stage = Key(
        "checkin:stage:{programme}:{group}:{stage}",
        "fact",
        "checkins",
        FOREVER,
        "who was given a stage; group 0: all",
        "{member}",
    )
    checkin_given = Key(
        "checkin:given:{programme}",
        "hash",
        "checkins",
        FOREVER,
        "how many of a stage's stock were given",
        "{stage}",
    )
    checkin_reminded = Key(
        "checkin:reminded:{programme}",
        "hash",
        "checkins",
        FOREVER,
        "last day whose reminder was decided",
        "{group}",
    )

    checkin_warned = Key(
        "checkin:warned:{programme}",
        "hash",
        "checkins",
        FOREVER,
        "last day whose streak reminders went out, and while they do the last member's number",
        "{group}",
    )
