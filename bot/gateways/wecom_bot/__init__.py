"""WeCom AI bots (智能机器人): internal groups and members, over a long connection or callbacks."""

from bot.gateways.wecom_bot.adapter import WeComBot
from bot.gateways.wecom_bot.settings import WeComBotSettings

__all__ = ["WeComBot", "WeComBotSettings"]
