"""The WeCom adapter: customers, customer groups, staff and app groups of one company."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import aiohttp
from aiohttp import web

from bot.gateways.adapter import Adapter, Inlet
from bot.gateways.wecom.abilities import abilities
from bot.gateways.wecom.api import WeComApi
from bot.gateways.wecom.callback import Callbacks
from bot.gateways.wecom.errors import repeatable
from bot.gateways.wecom.files import Files, source_of
from bot.gateways.wecom.group_welcomes import STEPS, GroupWelcomes
from bot.gateways.wecom.health import health
from bot.gateways.wecom.known import Known
from bot.gateways.wecom.limits import Limits
from bot.gateways.wecom.mass import MassSends
from bot.gateways.wecom.media import Media
from bot.gateways.wecom.messages import attachment
from bot.gateways.wecom.moments import MomentMedia, Moments
from bot.gateways.wecom.notes import (
    ArchiveAgreed,
    CompareNow,
    ContactEdited,
    Note,
    Unreached,
    written,
)
from bot.gateways.wecom.pairs import Pairs
from bot.gateways.wecom.settings import WeComSettings
from bot.gateways.wecom.staff import StaffMessages
from bot.gateways.wecom.sync import Sync
from bot.gateways.wecom.ways import Ways
from bot.gateways.wecom.welcome import Codes, Welcomes
from bot.i18n.mark import msgid
from bot.model.asking import Ask, AskState, Targets
from bot.model.capabilities import Capabilities
from bot.model.conversation import Account
from bot.model.delivery import Delivery, Receipt, Refused, Retry
from bot.model.event import BaseEvent, ContactAdded, ContactRemoved, MemberLeft
from bot.model.group_welcome import GroupWelcome
from bot.model.health import Health
from bot.model.live_code import LiveCode, LiveCodeKind, LiveCodeLook
from bot.model.message import AnySegment, LinkCard
from bot.model.phrase import Phrase
from bot.store.effects import Effects
from bot.store.line import StoreError

NOTES = 10_000
"""Notes kept for the sync; of more the oldest go, for it looks at everything in the end."""
NOTES_KEPT = 7 * 86_400
CUSTOMER = ("wm", "wo")
"""How the ids of customers begin: those in WeChat and those in WeCom (document 92277)."""
SHORTEST_CUSTOMER = 12
"""Letters their ids have at least, really 32: somebody on the staff may be called wmartin."""
NEEDS_TAP = msgid(
    "WeCom sends nothing to customers and customer groups without a staff member's tap: make it "
    "a step of a SOP, which becomes a task for staff"
)
"""Why nothing but a welcome goes to a customer by itself."""


class WeCom(Adapter):
    """Speaks for one app of a company. Callbacks may come to any node, so each is connected."""

    Settings = WeComSettings
    exclusive = False
    group_welcome_steps = STEPS

    def __init__(self, inlet: Inlet, settings: WeComSettings) -> None:
        super().__init__(inlet, settings)
        if inlet.store is None:
            raise ValueError("the WeCom adapter needs the store")
        self._store = store = inlet.store
        self.settings = settings
        corp, agent = settings.corp_id, settings.agent_id
        limits = Limits(store, corp, agent)
        self._abilities = abilities(settings)
        self._session: aiohttp.ClientSession | None = None
        self._api = WeComApi(
            *(settings.api_url, corp, settings.secret, inlet.clock, store, limits),
            at_once=settings.unconfirmed.call_concurrency,
        )
        files = Files(inlet.clock, self._http)
        self._media = Media(self._api, corp, store, files)
        self._shown = MomentMedia(self._api, f"{corp}/moments", store, files)
        self._codes = Codes(inlet.gateway, store)
        self._welcomes = Welcomes(self._api, self._media, self._codes, store)
        self._staff = StaffMessages(self._api, self._media, limits, store, corp, agent)
        self._mass = MassSends(self._api, self._attachment, self._forget)
        self._moments = Moments(self._api, self._shown, store, corp, inlet.gateway)
        self._group_welcomes = GroupWelcomes(self._api, self._media, agent)
        self._ways = Ways(self._api, settings.unconfirmed.group_size)
        self.sync = Sync(self._api, inlet, settings, store)
        callbacks = replace(inlet, accept=self._accept)
        self._callbacks = Callbacks(callbacks, settings, self._keep)

    @property
    def capabilities(self) -> Capabilities:
        """What reaches customers; the app's messages to staff hold less and need no tap."""
        return self._abilities

    # receiving

    async def receive(self) -> AsyncGenerator[BaseEvent, None]:
        """See that WeCom takes our key; events come by callbacks, and what is lost by the sync."""
        with repeatable():
            await self._api.get("externalcontact/get_follow_user_list")
        self.inlet.alive()
        await self.sync.run()
        async for event in super().receive():  # not reached: the sync goes on
            yield event

    async def webhook(self, request: web.Request) -> web.StreamResponse:
        """Answer WeCom's verification and callbacks."""
        return await self._callbacks.answer(request)

    async def _accept(self, event: BaseEvent) -> bool:
        """Into the inbox, once a welcome may be sent with its code.

        That somebody who was erased is gone from somewhere would make a member of them again.
        """
        if isinstance(event, ContactRemoved | MemberLeft):
            known = Known(self._store, self.inlet.gateway)
            if await known.was_erased(event.account.id):
                return False
        if isinstance(event, ContactAdded) and event.welcome_token:
            await self._codes.keep(event.account.id, event.welcome_token, event.at)
        accepted = await self.inlet.accept(event)
        if isinstance(event, ContactAdded) and accepted and Pairs(self.settings).any:
            await self._keep(ContactEdited(event.staff or "", event.account.id))  # to be marked
        return accepted

    async def _keep(self, note: Note) -> None:
        if isinstance(note, ArchiveAgreed) and note.welcome_code:
            await self._codes.keep(note.customer, note.welcome_code, self.inlet.clock.now())
        effects, key = Effects(self._store.keys), self._store.keys.wecom_notes(self.inlet.gateway)
        effects.do("RPUSH", key, written(note))
        effects.do("LTRIM", key, -NOTES, -1)
        effects.do("EXPIRE", key, NOTES_KEPT)
        await self._store.apply(effects)

    # sending

    async def send(self, delivery: Delivery) -> Receipt:
        """Send to staff or an app group; to a customer only the welcome, else Refused."""
        try:
            return await self._send(delivery)
        except StoreError:  # asked only before anything is sent
            raise Retry(Phrase("the store is away"), after=1.0) from None

    async def _send(self, delivery: Delivery) -> Receipt:
        to = delivery.to
        if to.group is not None:
            if to.group not in self.settings.app_chats:
                raise Refused(Phrase(NEEDS_TAP))
            return await self._staff.to_chat(delivery)
        if not is_customer(to.account or ""):
            return await self._staff.to_member(delivery)
        if delivery.priority != "welcome":
            raise Refused(Phrase(NEEDS_TAP))
        return await self._welcomes.send(delivery, self.capabilities)

    # mass sends and moments, which staff confirm: as the contract says

    async def ask(self, ask: Ask) -> str:
        return await (self._moments if ask.kind == "moment" else self._mass).ask(ask)

    async def find_ask(self, ask: Ask) -> str:
        return await (self._moments if ask.kind == "moment" else self._mass).find_ask(ask)

    async def asked(self, platform_id: str, ask: Ask) -> tuple[AskState, Targets]:
        if ask.kind == "moment":
            return await self._moments.asked(platform_id, ask)
        state, targets = await self._mass.asked(platform_id, ask)
        gone = tuple(target for target, (became, _) in targets.items() if became == "gone")
        if gone and ask.kind == "direct":
            with suppress(StoreError):  # found again by the next mass send
                await self._keep(Unreached(ask.staff, gone, ask.since))
        return state, targets

    async def remind(self, platform_id: str) -> None:
        of_moment = self._moments.made(platform_id)
        await (self._moments if of_moment else self._mass).remind(platform_id)

    async def withdraw(self, platform_id: str) -> None:
        of_moment = self._moments.made(platform_id)
        await (self._moments if of_moment else self._mass).withdraw(platform_id)

    async def _attachment(self, segment: AnySegment) -> dict[str, Any] | None:
        """A segment of a mass message as an attachment, None where only words can tell it."""
        if isinstance(segment, LinkCard):
            return attachment(segment, "")
        source = source_of(segment)
        return attachment(segment, await self._media.id_of(source)) if source else None

    async def _forget(self, segment: AnySegment) -> None:
        if source := source_of(segment):
            await self._media.forget(source)

    async def prepare(self, segments: Sequence[AnySegment]) -> None:
        """Upload what these segments show, and anew what ends within hours; raises SendError."""
        for segment in segments:
            if source := source_of(segment):
                await self._media.renew(source)

    # texts for who joins a customer group: as the contract says

    async def make_group_welcome(self, welcome: GroupWelcome, *, tell: bool) -> str:
        return await self._group_welcomes.make(welcome, tell=tell)

    async def change_group_welcome(self, platform_id: str, welcome: GroupWelcome) -> None:
        await self._group_welcomes.change(platform_id, welcome)

    async def end_group_welcome(self, platform_id: str) -> None:
        await self._group_welcomes.end(platform_id)

    async def group_welcome(self, platform_id: str) -> GroupWelcome | None:
        return await self._group_welcomes.now(platform_id)

    # live codes: as the contract says

    async def staff(self) -> Sequence[Account]:
        return await self._ways.staff()

    async def idle(self, staff: Collection[str]) -> frozenset[str]:
        return await self._ways.idle(staff)

    async def make_live_code(self, code: LiveCode, staff: Sequence[str]) -> tuple[str, str]:
        return await self._ways.make(code, staff)

    async def find_live_code(self, code: LiveCode, since: int) -> str:
        return await self._ways.find(code, since)

    async def change_live_code(
        self, platform_id: str, code: LiveCode, staff: Sequence[str]
    ) -> None:
        await self._ways.change(platform_id, code, staff)

    async def live_code(self, platform_id: str, kind: LiveCodeKind) -> LiveCodeLook | None:
        return await self._ways.look(platform_id, kind)

    async def end_live_code(self, platform_id: str, kind: LiveCodeKind) -> None:
        await self._ways.end(platform_id, kind)

    # for operators: as the contract says

    async def health(self) -> Health:
        key = self._store.keys.wecom_tags(self.inlet.gateway)
        tags = int(await self._store.call("HLEN", key))
        return health(await self.sync.status(), tags, self._callbacks, self.settings)

    async def refresh(self) -> None:
        self._api.forgive()
        await self._keep(CompareNow(self.inlet.clock.now()))

    # who is there

    async def members(self, group: str) -> Sequence[Account]:
        """The accounts in a customer group now; raises as ``send`` does."""
        body = {"chat_id": group, "need_name": 1}
        with repeatable():
            answer = await self._api.post("externalcontact/groupchat/get", body)
        rows = answer.get("group_chat", {}).get("member_list") or []
        return [Account(id=row["userid"], name=row.get("name") or "") for row in rows]

    async def groups(self) -> Sequence[tuple[str, str]]:
        """The customer groups; WeCom lists them without names. Raises as ``send`` does."""
        path = "externalcontact/groupchat/list"
        with repeatable():
            rows = await self._api.rows(path, "group_chat_list", {}, 1000)
        return [(row["chat_id"], "") for row in rows]

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    async def close(self) -> None:
        """End uploads and close the connections."""
        await self._media.close()
        await self._shown.close()
        await self._api.close()
        if self._session:
            await self._session.close()


def is_customer(account: str) -> bool:
    """Whether an account id is a customer's, and not of somebody on the staff."""
    return account.startswith(CUSTOMER) and len(account) >= SHORTEST_CUSTOMER
