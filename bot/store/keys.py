"""The key catalogue: every key's pattern, type, owner and lifetime."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, overload

Kind = Literal["string", "hash", "list", "set", "zset", "stream", "fact"]

FOREVER = "forever"
BUSY = "while busy"
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Key:
    """One declared family of keys.

    ``pattern`` has one ``{}`` per variable part. ``lifetime`` is FOREVER (deleted only with what
    it describes), BUSY (gone when its queue is empty), or the longest time to live in seconds.
    A "fact" is a set of member numbers: a bitmap (string) or an integer set, chosen by size.
    """

    pattern: str
    kind: Kind
    owner: str
    lifetime: str | int
    holds: str

    @overload
    def __get__(self, keys: None, owner: type) -> Key: ...
    @overload
    def __get__(self, keys: Keys, owner: type) -> Callable[..., str]: ...
    def __get__(self, keys: Keys | None, owner: type) -> Key | Callable[..., str]:
        if keys is None:
            return self
        return (keys.prefix + self.pattern).format

    def matches(self, name: str) -> bool:
        """Whether a key name, without the workspace prefix, belongs to this family."""
        parts = map(re.escape, self.pattern.split("{}"))
        return re.fullmatch(".+".join(parts), name, re.DOTALL) is not None


class Keys:
    """The names of one workspace's keys; all share one hash tag, so one cluster slot."""

    def __init__(self, workspace: str) -> None:
        self.workspace = workspace
        self.prefix = "m:{{" + workspace + "}}:"

    # inbox: events on their way to handlers
    inbox_seen = Key(
        "inbox:seen:{}:{}", "set", "inbox", DAY, "event ids of one gateway and half day"
    )
    inbox_queue = Key("inbox:queue:{}", "list", "inbox", BUSY, "a conversation's events, in order")
    inbox_ready = Key("inbox:ready", "list", "inbox", BUSY, "conversations with work and no owner")
    inbox_leases = Key("inbox:leases", "zset", "inbox", BUSY, "conversation → lease end, ms")
    inbox_owner = Key("inbox:owner", "hash", "inbox", BUSY, "conversation → node:fence")
    inbox_tries = Key(
        "inbox:tries", "hash", "inbox", BUSY, "conversation → leases of its head event"
    )
    inbox_dead = Key(
        "inbox:dead", "stream", "inbox", FOREVER, "dead letters, till replayed or dropped"
    )
    timers = Key("timers", "zset", "inbox", BUSY, "timer id → due ms")
    timer_events = Key(
        "timers:events", "hash", "inbox", BUSY, "timer id → the event it becomes, JSON"
    )
    fence = Key("fence", "string", "store", FOREVER, "the last fencing number given")
    applied = Key("applied:{}", "string", "store", 120, "effects applied: asked again, not redone")

    # outbox: deliveries on their way to gateways
    outbox_seq = Key("outbox:seq", "string", "outbox", FOREVER, "the last delivery id given")
    outbox_body = Key("outbox:body", "hash", "outbox", BUSY, "delivery id → delivery, JSON")
    outbox_due = Key(
        "outbox:due:{}:{}", "zset", "outbox", BUSY, "gateway, class: conversation → due ms"
    )
    outbox_lane = Key(
        "outbox:lane:{}:{}", "zset", "outbox", BUSY, "class, conversation: id → due ms"
    )
    outbox_sending = Key("outbox:sending:{}", "zset", "outbox", BUSY, "gateway: id → lease end, ms")
    outbox_busy = Key(
        "outbox:busy", "hash", "outbox", BUSY, "class:conversation → delivery at the gateway"
    )
    outbox_owner = Key("outbox:owner", "hash", "outbox", BUSY, "delivery id → node:fence")
    outbox_doubt = Key(
        "outbox:doubt", "hash", "outbox", FOREVER, "in-doubt deliveries, till decided"
    )
    limit = Key(
        "limit:{}", "string", "outbox", 4 * DAY, "a rate limit's theoretical arrival time, µs"
    )
    blocked = Key(
        "blocked:{}", "string", "outbox", DAY, "until when a gateway asked us to wait, ms"
    )
    cap = Key("cap:{}", "string", "outbox", 8 * DAY, "sends counted against a frequency cap")

    # what happened
    journal = Key(
        "journal", "stream", "journal", FOREVER, "what became of everything; trimmed by age"
    )
    timeline = Key(
        "timeline:{}", "stream", "journal", FOREVER, "member: recent journal; trimmed by length"
    )
    audit = Key("audit", "stream", "console", FOREVER, "who changed what, before and after")
    counters = Key("counters:{}", "hash", "journal", 400 * DAY, "day: what → how often")

    # the console
    operators = Key("operators", "hash", "console", FOREVER, "operator name → operator, JSON")
    session = Key(
        "console:session:{}", "string", "console", DAY, "digest of a cookie → its session, JSON"
    )
    tries = Key(
        "console:tries:{}:{}", "string", "console", 900, "name or address, quarter hour: logins"
    )

    # members and groups
    member_seq = Key("member:seq", "string", "members", FOREVER, "the last member number given")
    member_accounts = Key(
        "member:accounts:{}", "hash", "members", FOREVER, "gateway: account id → number"
    )
    member = Key("member:at:{}", "hash", "members", FOREVER, "number: name, accounts, attributes")
    members_all = Key("members:all", "fact", "members", FOREVER, "every member's number")
    member_names = Key(
        "member:names", "zset", "members", FOREVER, "folded name and number, by spelling"
    )
    group_seq = Key("group:seq", "string", "groups", FOREVER, "the last group number given")
    group_ids = Key("group:ids", "hash", "groups", FOREVER, "conversation → group number")
    group = Key("group:at:{}", "hash", "groups", FOREVER, "number: name, conversation, counts")
    group_present = Key(
        "group:present:{}", "fact", "groups", FOREVER, "group number: members in it now"
    )
    group_joined = Key(
        "group:joined:{}", "zset", "groups", FOREVER, "group number: member → joined ms"
    )
    tag_names = Key("tags", "zset", "members", FOREVER, "every tag, by first use ms")
    tag = Key("tag:{}", "fact", "members", FOREVER, "tag: the members who have it")
    memory = Key(
        "memory:{}:{}",
        "hash",
        "routing",
        7 * DAY,
        "conversation, account: what a handler remembers",
    )
    unmatched = Key(
        "unmatched", "zset", "routing", FOREVER, "phrases nobody answered, by count; bounded"
    )

    active = Key("active:{}", "fact", "members", 400 * DAY, "day: members who spoke")

    # welcomes
    welcome_pending = Key(
        "welcome:pending:{}", "hash", "welcome", DAY, "group: joiner → account and name"
    )
    welcome_greeted = Key(
        "welcome:greeted:{}", "zset", "welcome", FOREVER, "group: member → ms; trimmed by age"
    )

    # check-ins
    checkin_days = Key(
        "checkin:days:{}:{}",
        "string",
        "checkins",
        FOREVER,
        "programme, member: one bit for each day, the first is 2024-01-01",
    )
    checkin_members = Key(
        "checkin:members:{}", "fact", "checkins", FOREVER, "programme: who ever checked in"
    )
    checkin_on = Key(
        "checkin:on:{}:{}:{}",
        "fact",
        "checkins",
        400 * DAY,
        "programme, group (0: all), day: who checked in",
    )
    checkin_order = Key(
        "checkin:order:{}:{}:{}",
        "zset",
        "checkins",
        8 * DAY,
        "programme, group, day: member → how manyeth that day",
    )
    checkin_reminded = Key(
        "checkin:reminded:{}",
        "hash",
        "checkins",
        FOREVER,
        "programme: group → last day whose reminder was decided",
    )

    # keyword routes
    routes = Key("routes", "hash", "routes", FOREVER, "routes written at run time: name → JSON")
    routes_version = Key(
        "routes:version", "string", "routes", FOREVER, "counts the changes of these routes"
    )

    # SOPs
    sop_all = Key("sop:all", "hash", "sop", FOREVER, "SOP → what it is, JSON")
    sop_state = Key("sop:state", "hash", "sop", FOREVER, "SOP → state/version")
    sop_versions = Key(
        "sop:versions:{}", "hash", "sop", FOREVER, "SOP: version → template and values, JSON"
    )
    sop_cursor = Key("sop:cursor:{}", "hash", "sop", FOREVER, "SOP: how far it was planned")
    sop_open = Key("sop:open:{}", "hash", "sop", FOREVER, "SOP: occurrence not over yet → progress")
    sop_due = Key("sop:due:{}", "zset", "sop", BUSY, "occurrence: target:group → due ms")
    sop_fed = Key("sop:fed:{}", "fact", "sop", FOREVER, "occurrence: targets it ever had, till over")
    sop_sending = Key(
        "sop:sending:{}", "hash", "sop", BUSY, "SOP: delivery id → occurrence, target, lane"
    )
    sop_runs = Key("sop:runs:{}", "zset", "sop", FOREVER, "SOP: version/step/occurrence → first ms")
    sop_missed = Key("sop:missed:{}", "set", "sop", FOREVER, "SOP: runs nobody got: out of time")
    sop_result = Key("sop:result:{}:{}", "fact", "sop", FOREVER, "run, outcome: target numbers")
    sop_tasks = Key("sop:tasks", "zset", "sop", BUSY, "open staff tasks → due ms")
    sop_task = Key("sop:task", "hash", "sop", BUSY, "open staff task → what to send, JSON")
    member_dates = Key("dates:{}", "zset", "members", FOREVER, "attribute: member → MMDD")

    # links
    link_seq = Key("link:seq", "string", "links", FOREVER, "the last link number given")
    link_ids = Key("link:ids", "hash", "links", FOREVER, "destination and campaign → link number")
    link = Key("link:at:{}", "hash", "links", FOREVER, "number: destination, campaign, since")
    link_steps = Key("link:steps", "hash", "links", FOREVER, "step name → step number")
    link_salt = Key("link:salt:{}", "string", "links", 2 * DAY, "UTC day: the key of its visitors")
    hits = Key("hits", "stream", "links", BUSY, "groups of hits not yet counted")
    hits_kept = Key("hits:kept", "stream", "links", FOREVER, "judged hits; trimmed by age, length")
    hits_seen = Key(
        "hits:seen:{}:{}", "string", "links", 32 * DAY, "process, 2**20 serials: counted, bit each"
    )
    hits_recent = Key("hits:recent:{}:{}", "string", "links", 60, "code, visitor: last click, ms")
    hits_counter = Key("hits:counter", "string", "links", 10, "the process that counts hits now")
    link_orphans = Key("link:orphans", "zset", "links", FOREVER, "codes that led nowhere; bounded")
    link_top = Key("link:top", "zset", "links", FOREVER, "link → clicks")
    link_counts = Key("link:counts:{}", "hash", "links", FOREVER, "link, 0 for all: sums, verdicts")
    link_by = Key(
        "link:by:{}:{}", "hash", "links", FOREVER, "day, step or group; link: sums of each of them"
    )
    link_clicked = Key(
        "link:clicked:{}:{}", "fact", "links", FOREVER, "link; all, a step or a group: who clicked"
    )
    link_member = Key(
        "link:member:{}", "hash", "links", FOREVER, "link: group and member → that member's clicks"
    )
    link_today = Key(
        "link:today:{}:{}", "fact", "links", 8 * DAY, "link, day: members who clicked"
    )
    link_visitors = Key(
        "link:visitors:{}:{}", "set", "links", 8 * DAY, "link, day: visitors without a member"
    )

    # the sandbox gateway's own world
    sandbox_feed = Key(
        "sandbox:feed", "stream", "sandbox", FOREVER, "all that was said; trimmed by length"
    )
    sandbox_sent = Key("sandbox:sent", "hash", "sandbox", DAY, "delivery id → feed entry")
    sandbox_groups = Key("sandbox:groups", "hash", "sandbox", FOREVER, "group id → name")
    sandbox_people = Key("sandbox:people", "hash", "sandbox", FOREVER, "account id → name")
    sandbox_members = Key(
        "sandbox:members:{}", "set", "sandbox", FOREVER, "group: account ids in it"
    )

    # the house
    gateway_owner = Key("gateway:owner:{}", "string", "app", 60, "gateway → the node connected to it")
    roles = Key("roles", "hash", "app", FOREVER, "gateway/account id → operator role in chat")
    nodes = Key("nodes", "zset", "app", FOREVER, "node → last heartbeat ms; old ones are removed")
    settings = Key("settings", "hash", "app", FOREVER, "what is set at run time: name → JSON")
    secrets = Key("secrets", "hash", "app", FOREVER, "keys made once: name → random bytes, hex")


def catalogue() -> list[Key]:
    """Every declared key, in order of declaration."""
    return [value for value in vars(Keys).values() if isinstance(value, Key)]
