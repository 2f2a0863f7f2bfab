"""The keys of SOPs, what staff confirm, and moments."""

from __future__ import annotations

from bot.store.keys.key import BUSY, DAY, FOREVER, Key, Prefixed


class SopsKeys(Prefixed):
    """What runs and how far it is, what staff were asked to send, and what steps count from."""

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
