"""The adapters that ship with Muster, by the name a configuration uses."""

from bot.gateways.adapter import Adapter
from bot.gateways.onebot11 import OneBot11
from bot.gateways.wecom import WeCom
from bot.gateways.wecom_bot import WeComBot
from bot.gateways.wecom_robot import WeComRobot

ADAPTERS: dict[str, type[Adapter]] = {
    "onebot11": OneBot11,
    "wecom": WeCom,
    "wecom_bot": WeComBot,
    "wecom_robot": WeComRobot,
}
