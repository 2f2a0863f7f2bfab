"""The words of the sandbox's page that its script puts together."""

from __future__ import annotations

from collections.abc import Callable

from bot.i18n.mark import msgid

WORDS = (
    msgid("Muster"),
    msgid("Direct chat with the bot"),
    msgid("My groups"),
    msgid("Other groups"),
    msgid("No message yet"),
    msgid("{n} members"),
    msgid("1 member"),
    msgid("{name} joined"),
    msgid("{name} left"),
    msgid("{name} made the group"),
    msgid("The bot made the group"),
    msgid("{name} added the bot"),
    msgid("{name} removed the bot"),
    msgid("Today"),
    msgid("Yesterday"),
    msgid("Ming"),
    msgid("Write a message"),
    msgid("It did not get through. Try again."),
    msgid("The server does not answer. Trying again …"),
    msgid("Try this first"),
    msgid("A tap says it for you."),
    msgid("hello"),
    msgid("check in"),
    msgid("join the tea group"),
    msgid("leaderboard"),
    msgid("Make a group first: what the bot says to those who join is its welcome."),
    msgid("New group"),
    msgid("Name of the group"),
    msgid("New person"),
    msgid("Name of the person"),
    msgid("Picture"),
    msgid("bot"),
)


def page_words(say: Callable[[str], str]) -> dict[str, str]:
    """Every word by its English form."""
    return {text: say(text) for text in WORDS}
