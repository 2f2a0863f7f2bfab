"""A WeCom that a test can have: one company, its API, and its callbacks."""

from bot.testing.wecom.call import App, Fault
from bot.testing.wecom.callbacks import Posted
from bot.testing.wecom.sealing import Seal
from bot.testing.wecom.server import WeComServer
from bot.testing.wecom.variants import Limits, Variants

__all__ = ["App", "Fault", "Limits", "Posted", "Seal", "Variants", "WeComServer"]
