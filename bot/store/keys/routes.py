"""The keys of keyword routes."""

from __future__ import annotations

from bot.store.keys.key import BUSY, DAY, FOREVER, Key, Prefixed


class RoutesKeys(Prefixed):
    """The words that lead to groups, the places held there, and who waits for one."""

    # keyword routes
    routes = Key("routes", "hash", "routes", FOREVER, "routes written at run time, JSON", "{route}")
    routes_version = Key(
        "routes:version", "string", "routes", FOREVER, "counts the changes of these routes"
    )
    routes_grown = Key(
        "routes:grown",
        "hash",
        "routes",
        FOREVER,
        "groups made for full routes of the configuration, JSON",
        "{route}",
    )
    route_absent = Key(
        "route:absent", "set", "routes", FOREVER, "groups no gateway has", "{conversation}"
    )
    route_making = Key(
        "route:making:{route}", "string", "routes", 7 * DAY, "the group being made for it, JSON"
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
        "groups they may have, where they are told, what led to it",
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
    route_sources = Key(
        "route:sources:{route}", "set", "routes", FOREVER, "words and SOPs that led to it", "{way}"
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
