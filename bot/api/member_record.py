"""A member's record over the API: attributes, notes, who may be the same, merging, splitting."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from bot.api.members import MemberShown, member_shown
from bot.api.operation import Call, Number, Operation
from bot.api.problem import Fault, Refused, pointer
from bot.api.record import Record
from bot.clock import utc
from bot.members.candidates import Candidates
from bot.members.dossier import Conflict, Dossier, WrongValues
from bot.members.merging import CannotMerge, Merging
from bot.members.notes import LONGEST, Note, Notes
from bot.model.base import Frozen
from bot.model.phrase import Phrase
from bot.store.members import Member, Members
from bot.tokens import Scope


class RecordAsked(Frozen):
    """Which member."""

    number: Number


class AttributesGiven(Frozen):
    """Attributes to be set; '' takes one away, and others stay."""

    attributes: dict[str, str] = Field(
        min_length=1, max_length=100, examples=[{"city": "Shanghai"}]
    )


class AttributesKept(Frozen):
    """A member's attributes, as they are kept."""

    attributes: dict[str, str]


class NoteGiven(Frozen):
    """A note to be written."""

    text: str = Field(min_length=1, max_length=LONGEST, examples=["likes green tea"])


class NoteShown(Frozen):
    """A note of an operator or another system."""

    at: datetime
    by: str
    text: str


class NoteList(Frozen):
    """A member's notes, the newest first."""

    items: tuple[NoteShown, ...]


class CandidateShown(MemberShown):
    """A member who may be the same person, and why."""

    why: str


class CandidateList(Frozen):
    """Who may be the same person, by number."""

    items: tuple[CandidateShown, ...]


class MergeGiven(Frozen):
    """Whom to merge with: the lower number stays.

    ``attributes``: the values of those both have; of others the lower number's.
    """

    other: Number
    why: str = Field(default="", max_length=200)
    attributes: dict[str, str] = Field(default={}, max_length=100)


class Merged(Frozen):
    """Two members are one, or two again."""

    survivor: int
    former: int


class MemberRecordResource:
    """What hangs on ``/members/{number}``."""

    def __init__(
        self,
        members: Members,
        dossier: Dossier,
        notes: Notes,
        merging: Merging,
        candidates: Candidates,
        record: Record,
    ) -> None:
        self._members = members
        self._dossier = dossier
        self._notes = notes
        self._merging = merging
        self._candidates = candidates
        self._record = record

    def operations(self) -> list[Operation]:
        """What can be done with a member's record."""
        write: Scope = "write:members"
        one, asked = "/members/{number}", RecordAsked
        attributes = {200: AttributesKept}
        return [
            Operation(
                *("PUT", f"{one}/attributes", write, self.set_attributes, attributes),
                *(asked, AttributesGiven, (404, 409)),
            ),
            Operation(
                *("GET", f"{one}/notes", "read:members", self.list_notes, {200: NoteList}),
                *(asked, None, (404,)),
            ),
            Operation(
                *("POST", f"{one}/notes", write, self.write_note, {201: NoteShown}),
                *(asked, NoteGiven, (404,)),
            ),
            Operation(
                *("GET", f"{one}/candidates", "read:members", self.list_candidates),
                *({200: CandidateList}, asked, None, (404,)),
            ),
            Operation(
                *("POST", f"{one}/merge", write, self.merge_members, {200: Merged}),
                *(asked, MergeGiven, (404, 409)),
            ),
            Operation(
                *("POST", f"{one}/split", write, self.split_members, {200: Merged}),
                *(asked, None, (409,)),
            ),
        ]

    async def set_attributes(self, call: Call[RecordAsked, AttributesGiven]) -> AttributesKept:
        """Set attributes of a member, all or none; each is checked as it is declared."""
        member = await self._known(call.asked.number)
        try:
            await self._dossier.change(member, call.body.attributes, call.token.actor)
        except WrongValues as error:
            faults = [
                Fault(where="body", at=pointer(("attributes", name)), message=str(said))
                for name, said in error.faults.items()
            ]
            raise Refused(422, faults[0].message, faults) from None
        except Conflict:
            raise Refused(409, "It was changed meanwhile; read it again.") from None
        return AttributesKept(attributes=(await self._known(member.number)).attributes)

    async def list_notes(self, call: Call[RecordAsked, None]) -> NoteList:
        """What operators and other systems wrote of a member."""
        member = await self._known(call.asked.number)
        return NoteList(items=tuple(map(_shown, await self._notes.of(member.number))))

    async def write_note(self, call: Call[RecordAsked, NoteGiven]) -> NoteShown:
        """Write a note about a member, who never sees it."""
        member = await self._known(call.asked.number)
        await self._notes.add(member.number, call.token.actor, call.body.text)
        return _shown((await self._notes.of(member.number))[0])

    async def list_candidates(self, call: Call[RecordAsked, None]) -> CandidateList:
        """Who may be the same person: by phone, e-mail address or union id; nobody is merged."""
        member = await self._known(call.asked.number)
        found = await self._candidates.of(member)
        shown = [
            CandidateShown(**member_shown(one.member).model_dump(), why=one.why) for one in found
        ]
        return CandidateList(items=tuple(shown))

    async def merge_members(self, call: Call[RecordAsked, MergeGiven]) -> Merged:
        """Make one member of two who are the same person."""
        given, number = call.body, call.asked.number
        await self._known(number)
        try:
            made = await self._merging.merge(
                number, given.other, call.token.actor, given.why, given.attributes
            )
        except CannotMerge as error:
            raise Refused(409, str(Phrase.of(error))) from None
        on = f"member {made.survivor}"
        await self._record.write(call.token, "member.merged", on, former=made.former)
        return Merged(survivor=made.survivor, former=made.former)

    async def split_members(self, call: Call[RecordAsked, None]) -> Merged:
        """Give a merged number its accounts back, with what they brought."""
        former = call.asked.number
        try:
            survivor = await self._merging.split(former, call.token.actor)
        except CannotMerge as error:
            raise Refused(409, str(Phrase.of(error))) from None
        on = f"member {survivor}"
        await self._record.write(call.token, "member.split", on, former=former)
        return Merged(survivor=survivor, former=former)

    async def _known(self, number: int) -> Member:
        member = await self._members.member(number)
        if member is not None:
            return member
        if led := await self._members.survivors([number]):
            raise Refused(404, f"Member {number} was merged with member {led[number]}.")
        raise Refused(404, f"There is no member {number}.")


def _shown(note: Note) -> NoteShown:
    return NoteShown(at=utc(note.at), by=note.by, text=note.text)
