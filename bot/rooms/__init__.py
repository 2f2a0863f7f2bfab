"""The rooms of one bot, put together; a part for each capability."""

from bot.rooms.rooms import Rooms

__all__ = ["Rooms"]
