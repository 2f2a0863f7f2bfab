"""A WeCom for AI bots to be tested against: both its ways, with the faults they can have."""

from bot.testing.wecom_bot.caller import Caller
from bot.testing.wecom_bot.faults import Faults, Variants
from bot.testing.wecom_bot.server import AiBotServer

__all__ = ["AiBotServer", "Caller", "Faults", "Variants"]
