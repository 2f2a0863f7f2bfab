"""The keys of the console, the API, other systems, and what the nodes share."""

from __future__ import annotations

from bot.store.keys.key import BUSY, DAY, FOREVER, Key, Prefixed


class HouseKeys(Prefixed):
    """Operators and tokens, the endpoints of other systems, and what all nodes share."""

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

    # the demo community
    demo = Key("demo", "hash", "demo", FOREVER, "since when it is shown, and what it is", "{field}")
    demo_sums = Key("demo:sums", "hash", "demo", FOREVER, "what it added to sums", "{field}")

    # the house
    gateway_owner = Key("gateway:owner:{gateway}", "string", "app", 60, "the node connected to it")
    roles = Key("roles", "hash", "app", FOREVER, "operator role in chat", "{gateway}/{account}")
    nodes = Key(
        "nodes", "zset", "app", FOREVER, "last heartbeat ms; old ones are removed", "{node}"
    )
    settings = Key("settings", "hash", "app", FOREVER, "what is set at run time, JSON", "{name}")
    secrets = Key("secrets", "hash", "app", FOREVER, "keys made once: random bytes, hex", "{name}")
