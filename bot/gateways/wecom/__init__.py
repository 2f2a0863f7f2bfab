"""WeCom (企业微信): the app of a company, its staff, customers and groups."""

from bot.gateways.wecom.adapter import WeCom
from bot.gateways.wecom.settings import WeComSettings

__all__ = ["WeCom", "WeComSettings"]
