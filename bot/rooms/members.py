"""Members: found, described, tagged, brought in and out, and merged."""

from __future__ import annotations

from collections.abc import Sequence, Set
from difflib import get_close_matches
from typing import TYPE_CHECKING

from bot.audience.algebra import Algebra
from bot.i18n.mark import msgid
from bot.links.links import Links
from bot.links.trail import Trail
from bot.members.attribute_index import AttributeIndex
from bot.members.attributes import Attributes, WrongAttribute
from bot.members.candidates import Candidates
from bot.members.dossier import Dossier
from bot.members.export import MemberExport
from bot.members.footprint import Footprint, Holding
from bot.members.import_work import ImportWork
from bot.members.imports import Imports
from bot.members.merging import Merging
from bot.members.notes import Notes
from bot.members.search import Search
from bot.members.timeline import Timeline
from bot.model.phrase import Phrase
from bot.routing.fold import fold
from bot.routing.wording import shared
from bot.sop.changes.tag_use import TagUse
from bot.sop.sops import Sops
from bot.tags.configured import configured, stored
from bot.tags.room import Tags

if TYPE_CHECKING:
    from bot.app import App

NEAR_ATTRIBUTE = msgid("No attribute “{name}” is declared; “{near}” is.")
KEPT_AS = msgid("“{value}” is kept as “{kept}”: write that.")


class MemberRooms:
    """What is known of members, and their tags."""

    def __init__(
        self,
        app: App,
        gateways: Set[str],
        algebra: Algebra,
        index: AttributeIndex,
        links: Links,
        sops: Sops,
        holdings: Sequence[Holding],
    ) -> None:
        """``holdings``: what each room keeps of a member, to be carried when two are merged."""
        store, every = app.store, sorted(gateways)
        self.attributes = Attributes(store)
        self.notes = Notes(store, app.members)
        self.search = Search(store, app.members, lambda: every, index)
        self.imports = Imports(store, lambda: every, lambda: self.attributes.known)
        self.import_work = ImportWork(
            store, self.imports, lambda: app.node, lambda: self.attributes.read
        )
        self.member_export = MemberExport(store, app.members, algebra)
        self.dossier = Dossier(store, app.members, app.facts, self.attributes)
        self.footprint = Footprint(store, app.members, app.facts, holdings)
        self.merging = Merging(store, app.members, app.facts, self.footprint)
        self.candidates = Candidates(store, self.search)
        uses, synonyms = TagUse(sops), shared(app.config.synonyms)

        async def named(tag: str) -> list[str]:
            kept = [*await uses.of(tag), *await stored(store, tag)]
            return [*kept, *configured(app.config.model_dump(), tag)]

        self.tags = Tags(store, app.members, algebra, gateways, named, synonyms)
        clicks = Trail(store, links, app.members)
        self.timeline = Timeline(
            *(store, app.members, app.journal, self.notes, (clicks, self.tags.given))
        )

    def wrong_value(self, name: str, value: str) -> Phrase | None:
        """Why no member's attribute can have a value; None when one can."""
        try:
            kept = self.attributes.read(name, value)
        except WrongAttribute as error:
            return Phrase.of(error)
        known = self.attributes.known
        if name not in known and (near := get_close_matches(name, known, n=1)):
            return Phrase(NEAR_ATTRIBUTE, name=name, near=near[0])
        return Phrase(KEPT_AS, value=value, kept=kept) if fold(kept) != fold(value) else None
