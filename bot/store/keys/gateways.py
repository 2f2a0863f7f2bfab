"""The keys of what single gateways keep."""

from __future__ import annotations

from bot.store.keys.key import DAY, FOREVER, Key, Prefixed


class GatewaysKeys(Prefixed):
    """What one platform's adapter must remember: tokens, limits, uploads, callbacks."""

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
        "what callbacks told the sync, JSON",
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
