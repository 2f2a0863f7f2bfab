"""The sandbox gateway: a chat in the browser in which one person tries the bot as many members."""

from bot.gateways.sandbox.adapter import Sandbox, SandboxSettings
from bot.gateways.sandbox.world import World

__all__ = ["Sandbox", "SandboxSettings", "World"]
