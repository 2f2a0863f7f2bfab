"""The keys of members, groups, tags and audiences."""

from __future__ import annotations

from bot.store.keys.key import BUSY, DAY, FOREVER, Key, Prefixed


class PeopleKeys(Prefixed):
    """Who the members are and where they are, what is known of them, and who is meant by words."""

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
    group_awaited = Key(
        "group:awaited", "hash", "groups", FOREVER, "its number when it is seen", "{conversation}"
    )
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
    attributes_index = Key(
        "attributes:index",
        "hash",
        "members",
        FOREVER,
        "by what members are found, how far that is, what is taken down",
        "{attribute}",
    )
    attribute_has = Key(
        "attribute:has:{attribute}", "fact", "members", FOREVER, "who has any value", "{member}"
    )
    attribute_is = Key(
        "attribute:is:{attribute}={value}", "fact", "members", FOREVER, "who has it", "{member}"
    )
    attribute_numbers = Key(
        "attribute:numbers:{attribute}", "zset", "members", FOREVER, "the value", "{member}"
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
