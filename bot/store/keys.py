"""The key catalogue: every key's pattern, type, owner and lifetime."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Literal, overload

Kind = Literal["string", "hash", "list", "set", "zset", "stream", "fact"]

FOREVER = "forever"
BUSY = "while busy"
DAY = 86_400

_PART = re.compile(r"\{(\w+)\}")
_NUMBERS = {"member": "[0-9]+", "group": "[0-9]+", "link": "[0-9]+", "target": "[0-9:]+"}


@dataclass(frozen=True, slots=True)
class Key:
    """One declared family of keys.

    ``pattern`` names its variable parts, in the order they are given. ``lifetime`` is FOREVER
    (deleted only with what it describes), BUSY (gone when its queue is empty), or the longest time
    to live in seconds. A "fact" is a set of member numbers: a bitmap (string) or an integer set,
    chosen by size.

    ``element`` is the form of what is in it: a set's element, a sorted set's "element → score", a
    hash's "field → value", a list's item, a stream's entry; '' for strings. Pattern and element
    share their words, by which erasure finds people: bot/store/subject.py says which words name
    somebody.
    """

    pattern: str
    kind: Kind
    owner: str
    lifetime: str | int
    holds: str
    element: str = ""

    @overload
    def __get__(self, keys: None, owner: type) -> Key: ...
    @overload
    def __get__(self, keys: Keys, owner: type) -> Callable[..., str]: ...
    def __get__(self, keys: Keys | None, owner: type) -> Key | Callable[..., str]:
        if keys is None:
            return self
        return (keys.prefix + _positional(self.pattern)).format

    def matches(self, name: str) -> bool:
        """Whether a key name, without the workspace prefix, belongs to this family."""
        return form(self.pattern).fullmatch(name) is not None


@cache
def _positional(pattern: str) -> str:
    return _PART.sub("{}", pattern)


@cache
def form(pattern: str) -> re.Pattern[str]:
    """Reads what has the form "{group}:{member}": a regex with a group for each part."""
    words = _PART.split(pattern)
    for i, word in enumerate(words):
        if i % 2 == 0:
            words[i] = re.escape(word)
        else:
            words[i] = f"(?P<{word}>{_NUMBERS.get(word, '.+?')})"
    return re.compile("".join(words), re.DOTALL)


class Keys:
    """The names of one workspace's keys; all share one hash tag, so one cluster slot."""

    def __init__(self, workspace: str) -> None:
        self.workspace = workspace
        self.prefix = "m:{{" + workspace + "}}:"
        # Looked up some twenty times for each delivery, so made once.
        for name, key in vars(Keys).items():
            if isinstance(key, Key):
                setattr(self, name, key.__get__(self, Keys))

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

    # the console
    operators = Key("operators", "hash", "console", FOREVER, "operator, JSON", "{operator}")
    session = Key("console:session:{digest}", "string", "console", DAY, "a session, JSON")
    tries = Key(
        "console:tries:{name}:{quarter}",
        "string",
        "console",
        900,
        "logins tried in a quarter of an hour",
    )

    calendar_feeds = Key(
        "console:feeds", "hash", "console", FOREVER, "whose calendar feed it is, JSON", "{digest}"
    )

    # members and groups
    member_erased = Key(
        "member:erased:{gateway}",
        "zset",
        "members",
        FOREVER,
        "keyed hash of an erased account → when, ms",
        "{digest}",
    )
    member_seq = Key("member:seq", "string", "members", FOREVER, "the last member number given")
    member_accounts = Key(
        "member:accounts:{gateway}", "hash", "members", FOREVER, "the member's number", "{account}"
    )
    member = Key(
        "member:at:{member}", "hash", "members", FOREVER, "name, accounts, attributes", "{field}"
    )
    members_all = Key(
        "members:all", "fact", "members", FOREVER, "every member's number", "{member}"
    )
    member_names = Key(
        "member:names",
        "zset",
        "members",
        FOREVER,
        "folded name and number, by spelling",
        "{name}\0{member}",
    )
    group_seq = Key("group:seq", "string", "groups", FOREVER, "the last group number given")
    group_ids = Key("group:ids", "hash", "groups", FOREVER, "the group's number", "{conversation}")
    group = Key(
        "group:at:{group}", "hash", "groups", FOREVER, "name, conversation, since", "{field}"
    )
    groups_version = Key(
        "groups:version", "string", "groups", FOREVER, "counts the changes of groups"
    )
    group_present = Key(
        "group:present:{group}", "fact", "groups", FOREVER, "members in it now", "{member}"
    )
    group_joined = Key("group:joined:{group}", "zset", "groups", FOREVER, "joined ms", "{member}")
    tag_names = Key("tags", "zset", "members", FOREVER, "every tag, by first use ms", "{tag}")
    tag = Key("tag:{tag}", "fact", "members", FOREVER, "the members who have it", "{member}")
    tags_about = Key("tags:about", "hash", "tags", FOREVER, "what a tag is, JSON", "{tag}")
    tags_groups = Key("tags:groups", "hash", "tags", FOREVER, "a group of tags, JSON", "{name}")
    tags_version = Key("tags:version", "string", "tags", FOREVER, "counts changes of the two")
    tags_rivals = Key(
        "tags:rivals", "hash", "tags", FOREVER, "the others of its exclusive group", "{tag}"
    )
    tags_lasts = Key("tags:lasts", "hash", "tags", FOREVER, "how long it lasts, ms", "{tag}")
    tags_ends = Key(
        "tags:ends:{tag}", "zset", "tags", FOREVER, "when each loses it, ms", "{member}"
    )
    tags_ending = Key("tags:ending", "set", "tags", FOREVER, "tags somebody loses", "{tag}")
    tags_lately = Key(
        "tags:lately:{member}",
        "list",
        "tags",
        FOREVER,
        "the last tags given and taken: when, which, by what; bounded",
        "{name}",
    )
    tags_applications = Key(
        "tags:applications", "hash", "tags", FOREVER, "what was applied, JSON; bounded", "{id}"
    )
    tags_progress = Key(
        "tags:progress:{id}", "hash", "tags", FOREVER, "how far it is, how many", "{field}"
    )
    tags_todo = Key("tags:todo:{id}", "fact", "tags", FOREVER, "whom it is about", "{member}")
    tags_open = Key(
        "tags:open:{tag}", "set", "tags", FOREVER, "applications that can be undone", "{id}"
    )
    tags_changed = Key(
        "tags:changed:{id}",
        "fact",
        "tags",
        FOREVER,
        "whom it changed, and nobody since",
        "{member}",
    )
    tags_took = Key(
        "tags:took:{id}:{tag}", "fact", "tags", FOREVER, "from whom it took a rival", "{member}"
    )
    tags_ended = Key(
        "tags:ended:{id}:{tag}",
        "zset",
        "tags",
        FOREVER,
        "when what it took would have ended, ms",
        "{member}",
    )
    tags_rules = Key("tags:rules", "hash", "tags", FOREVER, "who gets a tag, JSON", "{id}")
    tags_ruled = Key(
        "tags:ruled:{id}", "fact", "tags", FOREVER, "to whom the rule was applied", "{member}"
    )
    group_moves = Key(
        "group:moves:{group}",
        "stream",
        "groups",
        FOREVER,
        "who came and went, JSON; trimmed by length",
        "{text}",
    )
    group_ever = Key(
        "group:ever:{group}", "fact", "groups", FOREVER, "who ever came into it", "{member}"
    )
    moves_since = Key(
        "moves:since", "string", "groups", FOREVER, "since when it is kept who came and went, ms"
    )
    segment_sizes = Key(
        "segments:sizes:{day}", "hash", "audience", 400 * DAY, "members that day", "{name}"
    )

    member_grams = Key(
        "member:grams:{gram}",
        "fact",
        "members",
        FOREVER,
        "blocks of 64 numbers in which a searched text has these letters",
        "{block}",
    )
    member_searched = Key(
        "member:searched",
        "hash",
        "members",
        FOREVER,
        "how far members of before the search were read for it",
        "{field}",
    )
    merge_into = Key(
        "merge:into", "hash", "members", FOREVER, "the member who was merged with it", "{member}"
    )
    merge_stack = Key(
        "merge:stack:{member}",
        "list",
        "members",
        FOREVER,
        "whom they were merged with, in order",
        "{member}",
    )
    merge_record = Key(
        "merge:record:{member}",
        "hash",
        "members",
        FOREVER,
        "what they brought, and what was there before: lib_merge.lua",
        "{field}",
    )
    merge_late = Key(
        "merge:late",
        "zset",
        "members",
        BUSY,
        "merged a moment ago, ms: what was under way may come to the former number",
        "{member}",
    )
    merge_version = Key("merge:version", "string", "members", FOREVER, "counts merges and splits")
    attributes = Key(
        "attributes", "hash", "members", FOREVER, "what an attribute is, JSON", "{attribute}"
    )
    member_notes = Key(
        "member:notes:{member}",
        "stream",
        "members",
        FOREVER,
        "what operators wrote of them, JSON",
        "{text}",
    )

    import_seq = Key("import:seq", "string", "members", FOREVER, "the last import's number")
    imports = Key("imports", "zset", "members", FOREVER, "made ms; trimmed by age", "{import}")
    import_at = Key(
        "import:at:{import}",
        "hash",
        "members",
        30 * DAY,
        "what it is, how far it is",
        "{field}",
    )
    import_rows = Key(
        "import:rows:{import}", "list", "members", 30 * DAY, "rows yet to do, JSON", "{text}"
    )
    import_results = Key(
        "import:results:{import}",
        "list",
        "members",
        30 * DAY,
        "what became of each row, JSON",
        "{text}",
    )

    memory = Key(
        "memory:{name}:{speaker}", "hash", "routing", 7 * DAY, "what a handler remembers", "{field}"
    )
    unmatched = Key(
        "unmatched",
        "zset",
        "routing",
        FOREVER,
        "phrases nobody answered, by count; bounded",
        "{text}",
    )

    active = Key("active:{day}", "fact", "members", 400 * DAY, "members who spoke", "{member}")

    gateway_members = Key(
        "gateway:members:{gateway}", "fact", "members", FOREVER, "who has an account", "{member}"
    )
    owner_members = Key(
        "owner:members:{staff}",
        "fact",
        "members",
        FOREVER,
        "whose attribute owner it is",
        "{member}",
    )
    channel_members = Key(
        "channel:members:{channel}",
        "fact",
        "members",
        FOREVER,
        "whose attribute channel it is: how they came",
        "{member}",
    )
    contacts = Key(
        "contacts:{gateway}:{staff}",
        "zset",
        "members",
        FOREVER,
        "since when they are a staff account's contacts, ms; below 0: were, till then",
        "{member}",
    )
    channel_scans = Key(
        "channel:scans:{day}:{channel}",
        "hash",
        "members",
        FOREVER,
        "how many came by it, to each of the staff; -: into groups",
        "{staff}",
    )
    channel_joined = Key(
        "channel:joined:{day}:{staff}:{channel}",
        "fact",
        "members",
        FOREVER,
        "who came by it first of all",
        "{member}",
    )
    channel_came = Key(
        "channel:came:{gateway}:{staff}",
        "zset",
        "members",
        FOREVER,
        "contacts counted for the channel they came by, ms",
        "{member}",
    )
    channel_entered = Key(
        "channel:entered:{group}",
        "zset",
        "members",
        FOREVER,
        "members counted for the channel they came by, ms",
        "{member}",
    )
    attribute_values = Key(
        "attribute:values:{attribute}",
        "set",
        "members",
        FOREVER,
        "the owners and channels members have or had",
        "{text}",
    )
    zone_members = Key(
        "zone:members:{zone}",
        "fact",
        "members",
        FOREVER,
        "whose attribute timezone it is",
        "{member}",
    )

    # audiences
    segments = Key("segments", "hash", "audience", FOREVER, "a saved audience, JSON", "{name}")
    segments_version = Key(
        "segments:version", "string", "audience", FOREVER, "counts the changes of segments"
    )

    erasing = Key("erasing", "hash", "members", BUSY, "whom an erasure is about, JSON", "{field}")

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

    # check-ins
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

    # live codes
    live_codes = Key("live:codes", "hash", "live_codes", FOREVER, "a live code, JSON", "{code}")
    live_standing = Key(
        "live:standing", "hash", "live_codes", FOREVER, "how it stands, JSON", "{code}"
    )
    live_busy = Key("live:busy:{code}", "string", "live_codes", 120, "who is changing it now")
    live_groups = Key(
        "live:groups:{gateway}", "set", "live_codes", FOREVER, "groups codes led to", "{place}"
    )

    # keyword routes
    routes = Key("routes", "hash", "routes", FOREVER, "routes written at run time, JSON", "{route}")
    routes_version = Key(
        "routes:version", "string", "routes", FOREVER, "counts the changes of these routes"
    )
    route_held = Key(
        "route:held:{group}", "zset", "routes", 40 * DAY, "a place is held till, ms", "{member}"
    )
    route_waiting = Key(
        "route:waiting:{route}", "zset", "routes", BUSY, "who waits, asked ms", "{member}"
    )
    route_waiters = Key(
        "route:waiters:{route}",
        "hash",
        "routes",
        BUSY,
        "groups they may have, and where they are told",
        "{member}",
    )
    route_waited = Key("route:waited", "set", "routes", BUSY, "routes waited for", "{route}")
    route_asks = Key(
        "route:asks:{day}:{route}", "hash", "routes", 2 * DAY, "how often shown in", "{member}"
    )
    group_removed = Key(
        "group:removed:{group}", "fact", "groups", FOREVER, "who was removed from it", "{member}"
    )
    route_asked = Key(
        "route:asked:{route}", "zset", "routes", FOREVER, "asked last, ms", "{member}"
    )
    route_groups = Key(
        "route:groups:{route}", "set", "routes", FOREVER, "groups it ever led to", "{group}"
    )
    route_invited = Key(
        "route:invited:{group}:{route}",
        "zset",
        "routes",
        FOREVER,
        "shown the way in last, ms",
        "{member}",
    )
    route_joined = Key(
        "route:joined:{group}:{route}",
        "zset",
        "routes",
        FOREVER,
        "came in after it, ms",
        "{member}",
    )
    route_quit = Key(
        "route:quit:{group}:{route}",
        "zset",
        "routes",
        FOREVER,
        "of these who left within seven days: came in, ms",
        "{member}",
    )
    route_ways = Key(
        "route:ways:{member}",
        "hash",
        "routes",
        40 * DAY,
        "shown the way in last, ms",
        "{group}/{route}",
    )

    # SOPs
    sop_all = Key("sop:all", "hash", "sop", FOREVER, "what it is, JSON", "{sop}")
    sop_state = Key("sop:state", "hash", "sop", FOREVER, "state/version", "{sop}")
    sop_versions = Key(
        "sop:versions:{sop}", "hash", "sop", FOREVER, "template and values, JSON", "{version}"
    )
    sop_cursor = Key("sop:cursor:{sop}", "hash", "sop", FOREVER, "how far it was planned", "{step}")
    sop_open = Key(
        "sop:open:{sop}", "hash", "sop", FOREVER, "progress of those not over yet", "{occurrence}"
    )
    sop_due = Key(
        "sop:due:{occurrence}",
        "zset",
        "sop",
        BUSY,
        "targets (number:group), due ms",
        "{target}",
    )
    sop_fed = Key(
        "sop:fed:{occurrence}",
        "fact",
        "sop",
        FOREVER,
        "targets it ever had, till over",
        "{target}",
    )
    sop_sending = Key(
        "sop:sending:{sop}", "hash", "sop", BUSY, "occurrence, target, lane", "{delivery} → {text}"
    )
    sop_runs = Key(
        "sop:runs:{sop}", "zset", "sop", FOREVER, "version/step/occurrence, first ms", "{row}"
    )
    sop_missed = Key(
        "sop:missed:{sop}", "set", "sop", FOREVER, "runs nobody got: out of time", "{row}"
    )
    sop_result = Key(
        "sop:result:{run}:{outcome}", "fact", "sop", FOREVER, "target numbers", "{target}"
    )
    sop_tasks = Key("sop:tasks", "zset", "sop", BUSY, "open staff tasks, due ms", "{run}/{target}")
    sop_task = Key(
        "sop:task", "hash", "sop", BUSY, "open staff task, JSON", "{run}/{target} → {text}"
    )
    sop_follow = Key(
        "sop:follow:{occurrence}", "zset", "sop", BUSY, "when the step before was done", "{target}"
    )
    sop_heard = Key("sop:heard:{who}", "string", "sop", 31 * DAY, "the run a reply is credited to")
    sop_waits = Key(
        "sop:waits:{member}",
        "hash",
        "sop",
        400 * DAY,
        "occurrence, target, run → what is waited for",
        "{text}",
    )
    sop_asked = Key(
        "sop:asked:{occurrence}",
        "zset",
        "sop",
        BUSY,
        "missed, till an operator decides",
        "{target}",
    )
    sop_rate = Key("sop:rate:{sop}", "string", "sop", DAY, "a SOP's rate: arrival time, ms")
    sop_on = Key(
        "sop:on:{sop}:{version}",
        "fact",
        "sop",
        FOREVER,
        "who stays on an older version",
        "{member}",
    )
    sop_audience = Key(
        "sop:audience:{sop}", "fact", "sop", FOREVER, "a fixed audience, as it was", "{member}"
    )
    sop_quit = Key("sop:quit:{sop}", "fact", "sop", FOREVER, "who gets no more of it", "{member}")

    sop_proposals = Key(
        "sop:proposals",
        "hash",
        "sop",
        FOREVER,
        "the last few hundred proposals, JSON",
        "{proposal}",
    )

    sop_shelf = Key(
        "sop:shelf", "hash", "sop", FOREVER, "the workspace's own templates, JSON", "{template}"
    )
    sop_shelf_history = Key(
        "sop:shelf:history:{template}", "hash", "sop", FOREVER, "their versions", "{version}"
    )
    sop_members = Key(
        "sop:members:{run}:{what}",
        "fact",
        "sop",
        FOREVER,
        "present when a group got it; what they did in the day after",
        "{member}",
    )
    sop_present = Key(
        "sop:present:{run}:{group}",
        "fact",
        "sop",
        400 * DAY,
        "who was in that group when it got it, or got it as a member of that group",
        "{member}",
    )
    sop_places = Key(
        "sop:places:{run}", "fact", "sop", 400 * DAY, "groups whose members got it alone", "{group}"
    )
    sop_failed = Key(
        "sop:failed:{run}",
        "hash",
        "sop",
        FOREVER,
        "targets that failed: whole name, and why",
        "{target} → {text}",
    )
    sop_sent = Key(
        "sop:sent:{run}:{chunk}",
        "string",
        "sop",
        400 * DAY,
        "when what had a link was sent: 256 targets, 4 bytes each, seconds UTC",
    )
    sop_reminders = Key(
        "sop:reminders", "zset", "sop", BUSY, "tasks to remind of, due ms", "{run}/{target}"
    )
    sop_staff = Key(
        "sop:staff:{sop}", "hash", "sop", FOREVER, "tasks closed, by staff and how", "{text}"
    )

    # messages staff confirm inside their platform
    sop_unasked = Key(
        "sop:unasked:{gateway}",
        "zset",
        "sop",
        BUSY,
        "message tasks nobody was asked about, opened ms",
        "{run}/{target}",
    )
    sop_errands = Key(
        "sop:errands:{gateway}", "zset", "sop", BUSY, "errands, when to look next, ms", "{name}"
    )
    sop_errand = Key("sop:errand", "hash", "sop", BUSY, "an errand, JSON", "{name} → {text}")
    sop_errand_targets = Key(
        "sop:errand:targets:{errand}",
        "hash",
        "sop",
        BUSY,
        "its tasks: account or group id",
        "{run}/{target} → {account}",
    )
    sop_errand_of = Key(
        "sop:errand:of", "hash", "sop", BUSY, "the errand a task is in", "{run}/{target} → {name}"
    )
    sop_errand_wish = Key(
        "sop:errand:wish",
        "hash",
        "sop",
        BUSY,
        "what a manager wants done with an errand",
        "{name} → {text}",
    )
    sop_gathering = Key(
        "sop:gathering:{gateway}", "string", "sop", 60, "a node is making errands of tasks"
    )

    # moments steps count from
    moment = Key(
        "moments:{moment}",
        "zset",
        "members",
        FOREVER,
        "when each became a contact, was tagged or entered, ms",
        "{member}",
    )
    groups_created = Key(
        "groups:created", "zset", "groups", FOREVER, "when first heard of, ms", "{group}"
    )
    moment_tags = Key("moments:tags", "set", "members", FOREVER, "tags a SOP counts from", "{tag}")
    member_days = Key("days:{attribute}", "zset", "members", FOREVER, "YYYYMMDD", "{member}")
    member_dates = Key("dates:{attribute}", "zset", "members", FOREVER, "MMDD", "{member}")

    # links
    link_seq = Key("link:seq", "string", "links", FOREVER, "the last link number given")
    link_ids = Key(
        "link:ids", "hash", "links", FOREVER, "destination and campaign", "{digest} → {link}"
    )
    link = Key(
        "link:at:{link}", "hash", "links", FOREVER, "destination, campaign, terms", "{field}"
    )
    link_edits = Key("link:edits", "string", "links", FOREVER, "counts edits of links and words")
    link_edited = Key(
        "link:edited", "zset", "links", FOREVER, "its last edit's count; link 0: words", "{link}"
    )
    link_history = Key(
        "link:history:{link}", "hash", "links", FOREVER, "its terms as they were", "{version}"
    )
    link_words = Key(
        "link:words", "hash", "links", FOREVER, "words in place of codes", "{word} → {link}"
    )
    link_admitted = Key(
        "link:admitted:{link}", "string", "links", FOREVER, "of a limited number of clicks"
    )
    link_place = Key("link:place:{code}:{visitor}", "string", "links", 60, "admitted at, ms")
    link_closed = Key(
        "link:closed:{verdict}", "zset", "links", FOREVER, "hits after it closed", "{link}"
    )
    link_step_seq = Key("link:step:seq", "string", "links", FOREVER, "the last step number given")
    link_steps = Key("link:steps", "hash", "links", FOREVER, "step number", "{step}")
    link_step_names = Key(
        "link:step:names", "hash", "links", FOREVER, "its name", "{number} → {step}"
    )
    link_salt = Key("link:salt:{day}", "string", "links", 2 * DAY, "the key of its visitors")
    link_staff = Key(
        "link:staff:{day}", "set", "links", 400 * DAY, "browsers of operators", "{visitor}"
    )
    hits = Key("hits", "stream", "links", BUSY, "groups of hits not yet counted", "{hits}")
    hits_kept = Key(
        "hits:kept", "stream", "links", FOREVER, "judged hits; trimmed by age, length", "{hit}"
    )
    hits_seen = Key(
        "hits:seen:{origin}:{chunk}",
        "string",
        "links",
        32 * DAY,
        "2**20 serials: counted, bit each",
    )
    hits_recent = Key("hits:recent:{code}:{visitor}", "string", "links", 60, "last click, ms")
    hits_counter = Key("hits:counter", "string", "links", 10, "the process that counts hits now")
    link_orphans = Key(
        "link:orphans", "zset", "links", FOREVER, "codes that led nowhere; bounded", "{code}"
    )
    link_top = Key("link:top", "zset", "links", FOREVER, "clicks", "{link}")
    link_counts = Key(
        "link:counts:{link}", "hash", "links", FOREVER, "sums and verdicts; link 0: all", "{sum}"
    )
    link_by = Key(
        "link:by:{part}:{link}",
        "hash",
        "links",
        FOREVER,
        "sums of each day or step; link 0: of all links",
        "{what}:{sum}",
    )
    link_by_group = Key(
        "link:by:group:{link}", "hash", "links", FOREVER, "the same of groups", "{group}:{sum}"
    )
    link_day = Key(
        "link:day:{link}:{day}",
        "hash",
        "links",
        FOREVER,
        "hits of one day, by all that is known of them",
        "{step}/{group}/{hour}/{way}:{verdict}",
    )
    link_seen = Key(
        "link:seen:{link}:{day}",
        "hash",
        "links",
        FOREVER,
        "visitors without a member that day: all, a step's, a group's, or both",
        "{scope}",
    )
    link_people = Key(
        "link:people:{link}:{day}",
        "hash",
        "links",
        400 * DAY,
        "who clicked (member 0: nobody knows): clicks, first ms, ms since it was sent, way",
        "{step}/{group}/{member}",
    )
    link_active = Key("link:active:{day}", "set", "links", 400 * DAY, "links with hits", "{link}")
    link_used = Key(
        "link:used:{link}", "set", "links", FOREVER, "steps whose texts had it", "{step}"
    )
    link_in = Key("link:in:{step}", "set", "links", FOREVER, "the links a step had", "{link}")
    link_clicked = Key(
        "link:clicked:{link}:{who}",
        "fact",
        "links",
        FOREVER,
        "who clicked; of all, a step, a group or a way",
        "{member}",
    )
    link_today = Key(
        "link:today:{link}:{day}", "fact", "links", 100 * DAY, "members who clicked", "{member}"
    )
    link_visitors = Key(
        "link:visitors:{link}:{day}",
        "set",
        "links",
        8 * DAY,
        "visitors without a member",
        "{scope}/{visitor}",
    )
    link_heard = Key(
        "link:heard:{member}", "string", "links", DAY, "what they clicked last: link, step, group"
    )
    link_followed = Key(
        "link:followed:{link}:{what}",
        "fact",
        "links",
        FOREVER,
        "who clicked and then did it, within a day",
        "{member}",
    )
    hits_rekept = Key(
        "hits:rekept", "stream", "links", BUSY, "hits being judged again, while they are", "{hit}"
    )
    hits_replayer = Key("hits:replayer", "string", "links", 30, "the replay that writes now")
    hits_replayed = Key(
        "hits:replayed",
        "hash",
        "links",
        BUSY,
        "while hits are judged again: clicks already added by app, beyond what hits:kept says",
        "{link}/{day}/{app}",
    )
    link_rules = Key(
        "link:rules:{link}", "hash", "links", FOREVER, "version of the rules that counted", "{day}"
    )

    # conversions: what members did elsewhere, told by other systems
    conversions = Key(
        "conversions", "stream", "links", FOREVER, "each with who it is put down to", "{text}"
    )
    conversion_seen = Key(
        "conversion:seen:{digest}", "string", "links", 400 * DAY, "told already: entry and content"
    )
    conversion_by = Key(
        "conversion:by:{part}:{link}",
        "hash",
        "links",
        FOREVER,
        "sums of all, each day, step or group; link 0: of all links",
        "{what}:{sum}",
    )
    conversion_by_group = Key(
        "conversion:by:group:{link}",
        "hash",
        "links",
        FOREVER,
        "the same of groups",
        "{group}:{sum}",
    )
    conversion_members = Key(
        "conversion:members:{link}:{who}",
        "fact",
        "links",
        FOREVER,
        "who converted; of all, a step or a group",
        "{member}",
    )

    conversion_day = Key(
        "conversion:day:{link}:{day}",
        "hash",
        "links",
        FOREVER,
        "sums of one day by step, group, kind and currency; link 0: of all links",
        "{step}/{group}/{kind}/{currency}:{sum}",
    )
    conversion_people = Key(
        "conversion:people:{link}:{day}",
        "hash",
        "links",
        400 * DAY,
        "how often each member converted on a day",
        "{step}/{group}/{member}",
    )
    conversion_links = Key(
        "conversion:links:{day}",
        "set",
        "links",
        FOREVER,
        "links that brought conversions on a day, or at all",
        "{link}",
    )
    conversion_keys = Key(
        "conversion:keys", "hash", "links", FOREVER, "signing keys without their secrets", "{key}"
    )
    conversion_secrets = Key(
        "conversion:secrets", "hash", "links", FOREVER, "their secrets, never listed", "{key}"
    )

    # the API
    api_tokens = Key("api:tokens", "hash", "api", FOREVER, "a token, JSON", "{token}")
    api_used = Key("api:used", "hash", "api", FOREVER, "when last used, ms", "{token}")
    api_limit = Key("api:limit:{token}", "string", "api", DAY, "its rate: arrival time, µs")
    api_once = Key("api:once:{digest}", "string", "api", DAY, "what a request has made")

    # webhooks: other systems that are told what happens
    webhooks = Key("webhooks", "hash", "webhooks", FOREVER, "an endpoint, JSON", "{endpoint}")
    webhook_version = Key(
        "webhooks:version", "string", "webhooks", FOREVER, "counts the changes of endpoints"
    )
    webhook_secrets = Key(
        "webhooks:secrets", "hash", "webhooks", FOREVER, "what signs its messages", "{endpoint}"
    )
    webhook_cursor = Key(
        "webhooks:cursor",
        "hash",
        "webhooks",
        FOREVER,
        "the last entry read, and how many it had till then",
        "{stream}",
    )
    webhook_gaps = Key(
        "webhooks:gaps",
        "hash",
        "webhooks",
        FOREVER,
        "entries gone unread, and when, ms",
        "{stream}",
    )
    webhook_body = Key(
        "webhook:body:{endpoint}",
        "hash",
        "webhooks",
        FOREVER,
        "tries and body, till it is taken",
        "{event} → {text}",
    )
    webhook_due = Key("webhook:due:{endpoint}", "zset", "webhooks", BUSY, "due ms", "{event}")
    webhook_sending = Key(
        "webhook:sending:{endpoint}", "zset", "webhooks", BUSY, "lease end, ms", "{event}"
    )
    webhook_dead = Key(
        "webhook:dead:{endpoint}", "zset", "webhooks", FOREVER, "given up, ms", "{event}"
    )
    webhook_health = Key(
        "webhook:health:{endpoint}", "hash", "webhooks", FOREVER, "how it does", "{field}"
    )

    # group welcomes: texts for who joins a group, which platforms keep
    group_welcomes = Key(
        "group:welcomes", "hash", "group welcomes", FOREVER, "one and how it stands, JSON", "{id}"
    )

    # the sandbox gateway's own world
    sandbox_feed = Key(
        "sandbox:feed",
        "stream",
        "sandbox",
        FOREVER,
        "all that was said; trimmed by length",
        "{text}",
    )
    sandbox_sent = Key("sandbox:sent", "hash", "sandbox", DAY, "feed entry", "{delivery}")
    sandbox_groups = Key("sandbox:groups", "hash", "sandbox", FOREVER, "name", "{place}")
    sandbox_people = Key("sandbox:people", "hash", "sandbox", FOREVER, "name", "{account}")
    sandbox_members = Key(
        "sandbox:members:{place}", "set", "sandbox", FOREVER, "who is in it", "{account}"
    )

    # the demo community
    demo = Key("demo", "hash", "demo", FOREVER, "since when it is shown, and what it is", "{field}")
    demo_sums = Key("demo:sums", "hash", "demo", FOREVER, "what it added to sums", "{field}")

    # WeCom
    wecom_token = Key(
        "wecom:token:{digest}", "string", "wecom", 7200, "an app's access token or refusal, JSON"
    )
    wecom_lease = Key(
        "wecom:lease:{digest}", "string", "wecom", 10, "the node that fetches the token"
    )
    wecom_calls = Key(
        "wecom:calls:{corp}:{path}:{window}",
        "string",
        "wecom",
        2 * DAY,
        "a limit's arrival time, µs",
    )
    wecom_member = Key(
        "wecom:member:{app}:{account}:{window}",
        "string",
        "wecom",
        3602,
        "the same of messages to a member",
    )
    wecom_notes = Key(
        "wecom:notes:{gateway}",
        "list",
        "wecom",
        7 * DAY,
        "what callbacks told the reconciler, JSON",
        "{text}",
    )
    wecom_welcome = Key(
        "wecom:welcome:{gateway}:{account}",
        "hash",
        "wecom",
        600,
        "a new contact's welcome codes: till when, and the delivery that has it",
        "{code}",
    )
    wecom_said = Key(
        "wecom:said:{app}:{account}:{digest}",
        "string",
        "wecom",
        4 * 3600,
        "the delivery that said these words, which WeCom takes for a repeat",
    )
    wecom_upload = Key(
        "wecom:upload:{corp}:{kind}:{digest}", "string", "wecom", 68 * 3600, "a file's media_id"
    )
    wecom_source = Key(
        "wecom:source:{corp}:{kind}:{digest}",
        "string",
        "wecom",
        68 * 3600,
        "what was at an address: when, ms, and the file's digest",
    )
    wecom_moment = Key(
        "wecom:moment:{corp}:{id}",
        "string",
        "wecom",
        30 * DAY,
        "the moment_id of a job, which WeCom forgets after a day",
    )
    wecom_sync = Key(
        "wecom:sync:{gateway}", "hash", "wecom", FOREVER, "when its lists were last read", "{field}"
    )
    wecom_sync_lease = Key(
        "wecom:syncing:{gateway}", "string", "wecom", 120, "the node that reads the lists"
    )
    wecom_staff = Key(
        "wecom:staff:{gateway}", "set", "wecom", FOREVER, "staff who can have customers", "{staff}"
    )
    wecom_groups = Key(
        "wecom:groups:{gateway}",
        "hash",
        "wecom",
        FOREVER,
        "member versions of the customer groups: the one we have and the one before",
        "{place}",
    )
    wecom_tags = Key(
        "wecom:tags:{gateway}", "hash", "wecom", FOREVER, "the company's tags", "{id} → {tag}"
    )
    wecom_tagged = Key(
        "wecom:tagged:{gateway}:{tag}",
        "fact",
        "wecom",
        FOREVER,
        "who has the company's tag",
        "{member}",
    )
    wecom_pairs = Key(
        "wecom:pairs:{gateway}",
        "hash",
        "wecom",
        FOREVER,
        "company tags that tags of ours go to",
        "{tag} → {id}",
    )
    wecom_customers = Key(
        "wecom:customers:{gateway}", "fact", "wecom", FOREVER, "who can be marked", "{member}"
    )
    wecom_marking = Key(
        "wecom:marking:{gateway}",
        "set",
        "wecom",
        FOREVER,
        "whose tags were told to WeCom, unanswered as yet",
        "{member}/{tag}",
    )

    # WeCom's AI bots
    wecom_bot_chat = Key(
        "wecom:bot:chat:{gateway}:{digest}",
        "hash",
        "wecom_bot",
        3600,
        "what can be answered in a conversation, JSON",
        "{event} → {text}",
    )
    wecom_bot_file = Key(
        "wecom:bot:file:{gateway}:{digest}",
        "string",
        "wecom_bot",
        300,
        "where a file that came can be fetched, and its key, JSON",
    )
    wecom_bot_lost = Key(
        "wecom:bot:lost:{gateway}",
        "string",
        "wecom_bot",
        FOREVER,
        "when another program took the bot over, ms; till ours is connected again",
    )

    # the house
    gateway_owner = Key("gateway:owner:{gateway}", "string", "app", 60, "the node connected to it")
    roles = Key("roles", "hash", "app", FOREVER, "operator role in chat", "{gateway}/{account}")
    nodes = Key(
        "nodes", "zset", "app", FOREVER, "last heartbeat ms; old ones are removed", "{node}"
    )
    settings = Key("settings", "hash", "app", FOREVER, "what is set at run time, JSON", "{name}")
    secrets = Key("secrets", "hash", "app", FOREVER, "keys made once: random bytes, hex", "{name}")


def catalogue() -> list[Key]:
    """Every declared key, in order of declaration."""
    return [value for value in vars(Keys).values() if isinstance(value, Key)]
