"""Pairs: which tag of ours is which of the company's, and which go both ways.

A company tag is ours by its name after ``tag_prefix``; the same name in two groups of tags is one
tag. Those of the setting ``tags`` are the one company tag they are set to, and no other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.gateways.wecom.lists import CorpTag
from bot.gateways.wecom.settings import WeComSettings


class Pairs:
    """Reads the settings of a gateway's tags."""

    def __init__(self, settings: WeComSettings) -> None:
        self.set = settings.tags
        self.prefix = settings.tag_prefix
        self._new = settings.create_tags

    @property
    def any(self) -> bool:
        """Whether tags can go both ways at all."""
        return bool(self.set or self.prefix)

    def both_ways(self, tag: str) -> bool:
        """Whether a tag of ours goes to WeCom too."""
        return tag in self.set or bool(self.prefix and tag.startswith(self.prefix))

    def going(self, tags: Iterable[str]) -> list[str]:
        """Those of our tags that go both ways, by name."""
        return sorted({*self.set, *filter(self.both_ways, tags)} - {self.prefix})

    def found(self, listed: Mapping[str, CorpTag], before: Mapping[str, str]) -> dict[str, str]:
        """The tags that are set and their company tags' ids, as ``kept``; ``before``: so far.

        A company tag that was renamed is still the same one, while its setting is the same.
        """
        ids = {corp.path: ident for ident, corp in listed.items()}
        there = {tag: ids[path] for tag, path in self.set.items() if path in ids}
        for tag, path in self.set.items():
            ident, _, was = before.get(tag, "").partition(" ")
            if tag not in there and was == path and ident in listed.keys() - set(there.values()):
                there[tag] = ident
        return {tag: self.kept(tag, ident) for tag, ident in there.items()}

    def kept(self, tag: str, ident: str) -> str:
        """A pair of the settings as it is kept: the id, and what was set."""
        return f"{ident} {self.set[tag]}"

    def named(self, listed: Mapping[str, CorpTag], pairs: Mapping[str, str]) -> dict[str, str]:
        """Every company tag that is one of ours: id → tag of ours; ``pairs`` as ``found``."""
        tags = {kept.partition(" ")[0]: tag for tag, kept in pairs.items()}
        named = {}
        for ident, corp in listed.items():
            name = self.prefix + corp.name
            if ident in tags or name not in self.set:
                named[ident] = tags.get(ident, name)
        return named

    def created(self, tag: str) -> CorpTag | None:
        """The company tag to create for a tag of ours; None where none is to be created."""
        if not self._new:
            return None
        if tag in self.set:
            group, _, name = self.set[tag].partition("/")
            return CorpTag(name, group)
        return CorpTag(tag.removeprefix(self.prefix), self._new)
