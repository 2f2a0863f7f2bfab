"""The test kit: a community in a test, over the real dispatcher and a real Valkey."""

from bot.testing.clock import TestClock
from bot.testing.community import Chat, Community, Person

__all__ = ["Chat", "Community", "Person", "TestClock"]
