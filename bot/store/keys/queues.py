"""The keys of events and deliveries on their way, and what happened."""

from __future__ import annotations

from bot.store.keys.key import BUSY, DAY, FOREVER, Key, Prefixed


class QueuesKeys(Prefixed):
    """What is on its way between gateways and handlers, and the record of what happened."""

    # inbox: events on their way to handlers
    inbox_seen = Key(
        "inbox:seen:{gateway}:{period}", "set", "inbox", DAY, "ids of half a day's events", "{text}"
    )
    inbox_queue = Key(
        "inbox:queue:{conversation}", "list", "inbox", BUSY, "its events, in order", "{text}"
    )
    inbox_ready = Key(
        "inbox:ready", "list", "inbox", BUSY, "those with work and no owner", "{conversation}"
    )
    inbox_leases = Key("inbox:leases", "zset", "inbox", BUSY, "lease end, ms", "{conversation}")
    inbox_owner = Key("inbox:owner", "hash", "inbox", BUSY, "node:fence", "{conversation}")
    inbox_tries = Key(
        "inbox:tries",
        "hash",
        "inbox",
        BUSY,
        "how often a node ended with its head event",
        "{conversation}",
    )
    inbox_dead = Key(
        "inbox:dead", "stream", "inbox", FOREVER, "dead letters, till replayed or dropped", "{text}"
    )
    timers = Key("timers", "zset", "inbox", BUSY, "timer id → due ms", "{text}")
    timer_events = Key(
        "timers:events", "hash", "inbox", BUSY, "the event it becomes, JSON", "{timer} → {text}"
    )
    fence = Key("fence", "string", "store", FOREVER, "the last fencing number given")
    applied = Key(
        "applied:{once}", "string", "store", 120, "effects applied: asked again, not redone"
    )

    # outbox: deliveries on their way to gateways
    outbox_seq = Key("outbox:seq", "string", "outbox", FOREVER, "the last delivery id given")
    outbox_body = Key(
        "outbox:body", "hash", "outbox", BUSY, "delivery, JSON", "{delivery} → {text}"
    )
    outbox_due = Key(
        "outbox:due:{gateway}:{class}", "zset", "outbox", BUSY, "due ms", "{conversation}"
    )
    outbox_lane = Key(
        "outbox:lane:{class}:{conversation}", "zset", "outbox", BUSY, "due ms", "{delivery}"
    )
    outbox_sending = Key(
        "outbox:sending:{gateway}", "zset", "outbox", BUSY, "lease end, ms", "{delivery}"
    )
    outbox_busy = Key(
        "outbox:busy",
        "hash",
        "outbox",
        BUSY,
        "the delivery at the gateway",
        "{class}:{conversation}",
    )
    outbox_owner = Key("outbox:owner", "hash", "outbox", BUSY, "node:fence", "{delivery}")
    outbox_named = Key(
        "outbox:named:{digest}", "string", "outbox", 2 * DAY, "the platform's id of what was sent"
    )
    outbox_doubt = Key(
        "outbox:doubt", "hash", "outbox", FOREVER, "in doubt till decided", "{delivery} → {text}"
    )
    limit = Key(
        "limit:{conversation}", "string", "outbox", 4 * DAY, "a rate limit's arrival time, µs"
    )
    blocked = Key(
        "blocked:{gateway}", "string", "outbox", DAY, "until when a gateway asked us to wait, ms"
    )
    cap = Key("cap:{who}:{day}", "string", "outbox", 40 * DAY, "sends counted against a cap")

    # what happened
    journal = Key(
        "journal",
        "stream",
        "journal",
        FOREVER,
        "what became of everything; trimmed by age",
        "{text}",
    )
    timeline = Key(
        "timeline:{member}",
        "stream",
        "journal",
        FOREVER,
        "recent journal; trimmed by length",
        "{text}",
    )
    audit = Key(
        "audit", "stream", "console", FOREVER, "who changed what, before and after", "{text}"
    )
    counters = Key("counters:{day}", "hash", "journal", 400 * DAY, "how often", "{what}")
