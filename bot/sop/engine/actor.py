"""The actor: does a step for one target: writes its message, opens its task, or acts at once."""

from __future__ import annotations

from typing import Any

from bot.clock import Days
from bot.model.capabilities import Capabilities
from bot.model.conversation import Conversation
from bot.model.delivery import Cap, Delivery, Result
from bot.model.message import Mention, Message, Text
from bot.routing.template import TemplateFailed
from bot.routing.writer import Reader
from bot.sop.engine.turn import Turn
from bot.sop.engine.verdict import Assign, Await, Case, Done, Send, Skip, Target, Verdict
from bot.sop.means import Invitation
from bot.sop.outcomes.tasks import Task, rich
from bot.sop.record import followers
from bot.sop.sops import Sops
from bot.sop.templates.anchor import CONTACT_ADDED
from bot.sop.templates.step import CAME, TIMED_OUT, Step
from bot.sop.templates.words import Words, spoken
from bot.sop.times.timing import share_of
from bot.sop.times.window import Opening, moment_gateway, quota_cap
from bot.store.effects import Effects
from bot.store.members import Member

TASK_TIME = 86_400.0
"""Seconds staff have for a task that says nothing else."""
_OWN = ("member", "group")
"""What a text can name of its reader."""


class Actor:
    """Knows how each kind of step is done."""

    def __init__(self, sops: Sops) -> None:
        self._sops = sops
        self._means = sops.means
        self._store = sops.means.store

    # at once

    async def act(self, turn: Turn, case: Case) -> Verdict:
        """Do what nobody sees."""
        step, number = case.step, case.target.number
        assert step is not None
        match step.action:
            case "tag":
                return Done(act=lambda effects: _tag(effects, step, number, turn))
            case "untag":
                return Done(act=lambda effects: _untag(effects, step, number, turn))
            case "start":
                return await self._enrol(turn, str(step.start), number)
            case "stop":
                key = self._store.keys.sop_quit(step.stop)
                return Done(act=lambda effects: effects.fact(key, number))
            case "branch":
                return await self._branch(turn, step, number)
            case "wait":
                return await self._wait(turn, case, step)
            case _:
                return Done()

    async def _enrol(self, turn: Turn, ident: str, number: int) -> Verdict:
        state = await self._store.text("HGET", self._store.keys.sop_state(), ident)
        if state is None or not state.startswith(("running/", "paused/")):
            return Skip("no such SOP", ident)
        key = self._store.keys.moment(f"enrolled:{ident}")
        return Done(act=lambda effects: effects.do("ZADD", key, "NX", turn.now, number))

    async def _branch(self, turn: Turn, step: Step, number: int) -> Verdict:
        for way in step.branch:
            if way.condition is None or number in await turn.crowd.of(way.condition):
                return Done(way.name)
        return Skip("condition", "no way fits")

    async def _wait(self, turn: Turn, case: Case, step: Step) -> Verdict:
        result, number = f"{turn.sop.id}/{case.run}", case.target.number
        keys, facts = self._store.keys, self._means.facts
        person = [number, *await self._means.members.former(number)]
        came, waiting = [
            any([await facts.has(keys.sop_result(result, one), n) for n in person])
            for one in (CAME, "waiting")
        ]
        if came:
            return Done(CAME)
        if waiting:
            waits, field = keys.sop_waits(number), wait_name(turn.sop.id, case)
            return Done(TIMED_OUT, lambda effects: effects.do("HDEL", waits, field))
        assert step.wait is not None
        return Await(case.due + int(step.wait.most * 1000), step.wait.what)

    # messages and tasks

    async def write(self, turn: Turn, case: Case, opening: Opening) -> Verdict:
        """Write the message for a target, for the bot or for staff to send."""
        step, target, version = case.step, case.target, case.flight.version
        assert step is not None
        to, can = self._way(target)
        if to is None and step.action != "task":
            return Skip("cannot be reached")
        to = to or _nowhere(target)
        variables = variables_of(version.parameters, self._means.workspace, to, target)
        way, words = self._variant(turn, step, target)
        moment = step.action == "moment"
        if moment and not can.moments:
            return Skip("no moments", to.gateway)
        invitation = Invitation("open")
        if step.action == "route":
            invitation = await self._means.invite(
                str(step.route), target.number, to, turn.sop.source
            )
            if invitation.outcome != "open":
                return Skip(f"route {invitation.outcome}", str(step.route))
            words, variables = words or invitation.text, {**variables, **invitation.variables}
        reader = Reader(
            f"sop/{turn.sop.id}/{case.run}",
            target.group.number if target.group else 0,
            # In a group anybody may click: a link there is nobody's own.
            target.number if target.member and to.group is None else 0,
        )
        if moment:  # nobody's own, for it is the same for everybody
            reader = Reader(reader.step)
            variables = {name: v for name, v in variables.items() if name not in _OWN}
        try:
            write, language = self._means.writer.write, version.language
            message = await write(spoken(words, language), variables, reader) if words else None
            what = (
                await write(spoken(step.task, language), variables, reader) if step.task else None
            )
        except TemplateFailed as error:
            return Skip("text failed", str(error), act=invitation.untold)
        due, run = case.due, f"{turn.sop.id}/{case.run}"
        timed = words is not None and "link(" in spoken(words, language)
        greets = 0 if what is not None or moment else await self._greets(turn, case, to, can)
        # A welcome counts against no quota of mass messages.
        counted = can.model_copy(update={"quotas": ()}) if greets else can
        caps = _moments(turn, target, to, can) if moment else self._caps(turn, case, to, counted)
        if what is not None or moment or (can.staff_confirm and not greets):
            task = Task(
                id=f"{run}/{target.number}",
                sop=turn.sop.id,
                run=run,
                target=target.number,
                name=target.name,
                to=to,
                title=what.summary if what else "",
                text=message.summary if message else "",
                rich=rich(message),
                moment=moment,
                seen_by=(step.seen_by or ()) if moment else (),
                opened=turn.now,
                due=turn.now + int((step.within or TASK_TIME) * 1000) if what or can.asks else due,
                member=target.number if target.member else None,
                owner=_owner(target),
                follow=followers(case.flight.template, case.occurrence, step.id, way),
                timed=timed,
            )
            return await self._assigned(task, way, () if what else caps, invitation)
        assert message is not None
        if target.member is not None and to.group is not None:
            message = _called(message, target.member, to.gateway)
        delivery = Delivery(
            to=to,
            message=message,
            priority="welcome" if greets else "broadcast",
            due=due,
            until=None if greets else opening.until,
            expires=greets or turn.now + step.late,
            source=turn.sop.source,
            member=target.number if target.member else None,
            caps=caps,
            result=Result(
                run=run,
                target=target.number,
                name=target.name,
                follow=followers(case.flight.template, case.occurrence, step.id, way),
                who=target.who,
                timed=timed,
            ),
        )
        return Send(delivery, way, invitation.told)

    async def may_welcome(self, turn: Turn, case: Case) -> bool:
        """Whether the step is a new contact's welcome, which waits for nothing."""
        to, can = self._way(case.target)
        return to is not None and bool(await self._greets(turn, case, to, can))

    async def _greets(self, turn: Turn, case: Case, to: Conversation, can: Capabilities) -> int:
        """Till when (UTC ms) this may go out as a new contact's welcome; 0 for no more."""
        step, template = case.step, case.flight.template
        first = template.anchor == CONTACT_ADDED and step is not None and step.follows is None
        says = step is not None and step.action in ("message", "route")
        if not (first and says and can.staff_confirm and can.welcome_window and to.account):
            return 0
        key = self._store.keys.welcome_open(to.gateway, case.target.number)
        until = int(await self._store.text("GET", key) or 0)
        return until if turn.now < until else 0

    def _variant(self, turn: Turn, step: Step, target: Target) -> tuple[str, Words | None]:
        """The text a target gets, always the same one, and the variant's name."""
        if not step.variant:
            return "", step.text
        seed = f"{turn.sop.identity.number}/{step.id}"
        place = share_of(seed, target.number) * sum(one.share for one in step.variant)
        for one in step.variant:
            place -= one.share
            if place < 0:
                return one.name, one.text
        return step.variant[-1].name, step.variant[-1].text

    def _caps(self, turn: Turn, case: Case, to: Conversation, can: Capabilities) -> tuple[Cap, ...]:
        """The caps of the workspace and template, and the gateway's quotas."""
        target, template = case.target, case.flight.template
        caps = self._sops.windows.caps(
            target.who, turn.now, target.zone, template.topic, template.guards
        )
        zone = turn.zone_of(None)
        day, owner = Days(zone.key).of(turn.now), _owner(target)
        for quota in can.quotas:
            who = {"owner": f"o:{owner}" if owner else "", "group": "", "member": ""}[quota.per]
            if quota.per != "owner" and target.who[0] == quota.per[0]:
                who = target.who
            if who:
                caps = (*caps, quota_cap(quota, to.gateway, who, day, zone))
        return caps

    async def _assigned(
        self, task: Task, way: str, caps: tuple[Cap, ...], invitation: Invitation
    ) -> Verdict:
        """Staff tasks are counted when they are opened."""
        names = list(dict.fromkeys(key for cap in caps for key in cap.keys))
        asked = [
            self._store.ask("GET", self._store.keys.cap(*name.rsplit(":", 1))) for name in names
        ]
        counted = {n: (await one or b"").decode() for n, one in zip(names, asked, strict=True)}
        for cap in caps:
            if sum(int(counted[key] or 0) for key in cap.keys) >= cap.limit:
                return Skip("frequency cap", act=invitation.untold)
        used = {cap.keys[0]: counted[cap.keys[0]] for cap in caps}
        return Assign(task, way, caps, used, invitation.told)

    def _way(self, target: Target) -> tuple[Conversation | None, Capabilities]:
        """Where to write: directly where the gateway can, else in the group, calling the member."""
        group, capabilities = target.group, self._means.capabilities
        if target.member is None and group is not None:
            can = capabilities(group.conversation.gateway)
            return (group.conversation if can.send_group else None), can
        accounts = dict(target.member.accounts) if target.member else {}
        own = group.conversation.gateway if group else ""
        for gateway in sorted(accounts, key=lambda name: name != own):
            can = capabilities(gateway)
            if can.send_direct:
                return Conversation(gateway=gateway, account=accounts[gateway]), can
        can = capabilities(own) if own else Capabilities()
        reachable = group is not None and own in accounts and can.send_group
        return (group.conversation if group and reachable else None), can


def wait_name(sop: str, case: Case) -> str:
    """What a member's list of waits calls this one; lib_heard.lua reads it."""
    return f"{case.occurrence}\n{case.target.name}\n{sop}/{case.run}"


def variables_of(
    parameters: dict[str, Any], workspace: Any, to: Conversation, target: Target
) -> dict[str, Any]:
    """What a step's text can name."""
    found: dict[str, Any] = {**workspace, **parameters, "gateway": to.gateway, "group": None}
    if group := target.group:
        ident = str(group.conversation.group)
        found["group"] = {"name": group.name or ident, "id": ident}
    if member := target.member:
        account = member.accounts.get(to.gateway, "")
        found["member"] = {"name": member.name or account, "account": account}
    return found


def _moments(turn: Turn, target: Target, to: Conversation, can: Capabilities) -> tuple[Cap, ...]:
    """How many moments the target is shown, which no messages count against."""
    zone = turn.zone_of(None)
    day = Days(zone.key).of(turn.now)
    return tuple(
        quota_cap(quota, moment_gateway(to.gateway), target.who, day, zone)
        for quota in can.moment_quotas
    )


def _owner(target: Target) -> str:
    return target.member.attributes.get("owner", "") if target.member else ""


def _nowhere(target: Target) -> Conversation:
    """A conversation for a task about somebody no gateway reaches."""
    if target.group is not None:
        return target.group.conversation
    accounts = target.member.accounts if target.member else {}
    gateway, account = next(iter(accounts.items()), ("none", str(target.number)))
    return Conversation(gateway=gateway, account=account)


def _called(message: Message, member: Member, gateway: str) -> Message:
    mention = Mention(account=member.accounts[gateway], name=member.name)
    return Message(segments=(mention, Text(text=" "), *message.segments))


def _tag(effects: Effects, step: Step, number: int, turn: Turn) -> None:
    for tag in step.tag or ():
        effects.tag(tag, number, turn.now, "sop", source=turn.sop.source)


def _untag(effects: Effects, step: Step, number: int, turn: Turn) -> None:
    for tag in step.untag or ():
        effects.untag(tag, number, turn.now, source=turn.sop.source)
