"""OneBot 11: QQ through NapCat, LLOneBot, Lagrange, go-cqhttp and the like.

Protocol facts: the OneBot 11 standard (github.com/botuniverse/onebot-11), and where
implementations differ, their issue trackers, named at the place.
"""

from bot.gateways.onebot11.adapter import OneBot11
from bot.gateways.onebot11.settings import OneBot11Settings

__all__ = ["OneBot11", "OneBot11Settings"]
