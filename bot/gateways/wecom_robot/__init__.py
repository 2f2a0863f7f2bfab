"""WeCom group robots (消息推送, formerly 群机器人): into internal groups by webhook, send only."""

from bot.gateways.wecom_robot.adapter import WeComRobot
from bot.gateways.wecom_robot.settings import WeComRobotSettings

__all__ = ["WeComRobot", "WeComRobotSettings"]
