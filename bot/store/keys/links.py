"""The keys of links, clicks and conversions."""

from __future__ import annotations

from bot.store.keys.key import BUSY, DAY, FOREVER, Key, Prefixed


class LinksKeys(Prefixed):
    """Where links lead, who followed them, and what came of it."""

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
    link_trail = Key(
        "link:trail:{member}",
        "zset",
        "links",
        400 * DAY,
        "what they clicked on which day: first click, ms",
        "{link}/{step}/{group}/{day}",
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
