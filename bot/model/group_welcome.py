"""Group welcomes: a text the platform itself shows to who joins a group, kept there by name."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bot.model.base import Frozen
from bot.model.message import File, Image, LinkCard, MiniProgram, Video

NAME = "{{ member.name }}"
"""What stands for the name of who joins."""

Attachment = Annotated[Image | LinkCard | MiniProgram | File | Video, Field(discriminator="kind")]


class GroupWelcome(Frozen):
    """A text, with NAME in it, and one attachment.

    As a platform tells it, the addresses of pictures, films and files are left out: it has its own.
    """

    text: str = ""
    attachment: Attachment | None = None

    @property
    def title(self) -> str:
        """One short line, for lists and the audit."""
        line = self.text.strip().partition("\n")[0]
        shown = line or (self.attachment.kind if self.attachment else "")
        return shown if len(shown) <= 60 else f"{shown[:59]}…"
