"""Operators: who may use the console, in which role."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field

from bot.console.passwords import LONGEST, SHORTEST, Passwords, new_password
from bot.i18n.mark import msgid
from bot.model.base import Frozen
from bot.store.audit import Change, audit
from bot.store.effects import Effects
from bot.store.store import Store

Role = Literal["viewer", "author", "manager", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "author", "manager", "admin")
FIRST = "admin"
ATTEMPTS = 8


class Operator(Frozen):
    """A console user; ``since`` is UTC ms. Sessions of an earlier ``epoch`` are over.

    ``chat`` is the operator's own chat account, "gateway/account", for test messages.
    """

    name: str
    role: Role
    hash: str = Field(repr=False)
    language: Literal["zh", "en"] | None = None
    chat: str = ""
    must_change: bool = False
    epoch: int = 0
    since: int = 0

    def may(self, role: Role) -> bool:
        """Whether the operator's role includes ``role``."""
        return ROLES.index(self.role) >= ROLES.index(role)


class Unacceptable(Exception):
    """What was asked cannot be; the text is an English msgid for the operator."""


Table = dict[str, Operator]


class Operators:
    """Keeps operators; every change is one step together with its audit entry."""

    def __init__(self, store: Store, passwords: Passwords) -> None:
        self._store = store
        self._passwords = passwords

    async def find(self, name: str) -> Operator | None:
        """The operator of a name, however it is spelt."""
        body = await self._store.call("HGET", self._store.keys.operators(), folded(name))
        return Operator.model_validate_json(body) if body else None

    async def all(self) -> list[Operator]:
        """Every operator, by name."""
        table, _ = await self._read()
        return [table[name] for name in sorted(table)]

    async def ensure_admin(self) -> str | None:
        """Make the first admin when there is no operator; its password, told once, else None."""
        if await self._store.call("HLEN", self._store.keys.operators()):
            return None
        password = new_password()
        admin = await self._new(FIRST, "admin", password)

        def first(table: Table) -> None:
            if table and table != {FIRST: admin}:
                raise Unacceptable("")
            table[FIRST] = admin

        try:
            await self._change(FIRST, FIRST, "operator.added", first)
        except Unacceptable:
            return None  # another node was faster
        return password

    async def log_in(self, name: str, password: str) -> Operator | None:
        """The operator whose name and password these are; slow on purpose."""
        operator = await self.find(name) if 0 < len(name) <= 100 else None
        fits = await self._passwords.fits(operator.hash if operator else None, password)
        return operator if fits else None

    async def add(self, by: str, name: str, role: Role) -> str:
        """Add an operator; their first password. Raises Unacceptable."""
        shown = unicodedata.normalize("NFKC", name).strip()
        if not 1 <= len(shown) <= 40 or any(c.isspace() or not c.isprintable() for c in shown):
            raise Unacceptable(msgid("A name has 1 to 40 letters and no spaces."))
        password = new_password()
        operator = await self._new(shown, role, password)

        def add(table: Table) -> None:
            if table.get(folded(shown), operator) != operator:
                raise Unacceptable(msgid("There is an operator of this name."))
            table[folded(shown)] = operator

        await self._change(by, shown, "operator.added", add)
        return password

    async def set_role(self, by: str, name: str, role: Role) -> None:
        """Give another role. Raises Unacceptable."""
        await self._edit(by, name, "operator.role", role=role)

    async def set_language(self, name: str, language: Literal["zh", "en"] | None) -> None:
        """Choose the language of an operator's pages."""
        await self._edit(name, name, "operator.language", language=language)

    async def set_chat(self, name: str, chat: str) -> None:
        """Say which chat account is an operator's own; '' for none. Raises Unacceptable."""
        gateway, _, account = chat.partition("/")
        if chat and not (gateway and account):
            raise Unacceptable(msgid("Write it as gateway/account, such as sandbox/u1."))
        await self._edit(name, name, "operator.chat", chat=chat)

    async def set_password(self, name: str, old: str, new: str) -> None:
        """An operator's own change; ends all their sessions. Raises Unacceptable."""
        if await self.log_in(name, old) is None:
            raise Unacceptable(msgid("The old password is not right."))
        if not SHORTEST <= len(new) <= LONGEST:
            raise Unacceptable(msgid("A password has at least 10 characters."))
        if new == old or folded(new) == folded(name):
            raise Unacceptable(msgid("Choose another one than the old one and your name."))
        kept = await self._passwords.hash(new)
        await self._edit(name, name, "operator.password", hash=kept, must_change=False)

    async def reset_password(self, by: str, name: str) -> str:
        """A new first password, told once; ends all their sessions. Raises Unacceptable."""
        password = new_password()
        kept = await self._passwords.hash(password)
        await self._edit(by, name, "operator.password", hash=kept, must_change=True)
        return password

    async def remove(self, by: str, name: str) -> None:
        """Remove an operator. Raises Unacceptable for the last admin."""

        def remove(table: Table) -> None:
            table.pop(folded(name), None)

        await self._change(by, name, "operator.removed", remove)

    # one way to change

    async def _edit(self, by: str, name: str, what: str, **values: Any) -> None:
        def edit(table: Table) -> None:
            operator = table.get(folded(name))
            if operator is None:
                raise Unacceptable(msgid("There is no operator of this name."))
            epoch = operator.epoch + ("hash" in values)
            table[folded(name)] = operator.model_copy(update={**values, "epoch": epoch})

        await self._change(by, name, what, edit)

    async def _change(self, by: str, name: str, what: str, edit: Callable[[Table], None]) -> None:
        """Edit the table as it is now; the change stands only on exactly what was read."""
        keys, key = self._store.keys, folded(name)
        for _ in range(ATTEMPTS):
            before, seen = await self._read()
            after = dict(before)
            edit(after)
            if _admins(before) and not _admins(after):
                raise Unacceptable(msgid("The last admin stays."))
            effects = Effects(keys)
            effects.guard(seen, "HGETALL", keys.operators())
            if key in after:
                effects.do("HSET", keys.operators(), key, after[key].model_dump_json())
            else:
                effects.do("HDEL", keys.operators(), key)
            audit(
                effects,
                Change(
                    at=self._store.clock.now(),
                    who=by,
                    what=what,
                    on=name,
                    before=_shown(before.get(key)),
                    after=_shown(after.get(key)),
                ),
            )
            if await self._store.apply(effects):
                return
            # Refused because others changed it, or because the answer to our own change was lost.
            if (await self._read())[0] == after:
                return
        raise Unacceptable(msgid("Others are changing operators too. Try again."))

    async def _read(self) -> tuple[Table, str]:
        """The table, and how the server spells it in a guard."""
        flat = await self._store.texts("HGETALL", self._store.keys.operators())
        names, bodies = flat[::2], flat[1::2]
        table = {n: Operator.model_validate_json(b) for n, b in zip(names, bodies, strict=True)}
        return table, ",".join(flat)

    async def _new(self, name: str, role: Role, password: str) -> Operator:
        return Operator(
            name=name,
            role=role,
            hash=await self._passwords.hash(password),
            must_change=True,
            since=self._store.clock.now(),
        )


def folded(name: str) -> str:
    """How a name is looked up: width and case do not matter."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _admins(table: Table) -> int:
    return sum(operator.role == "admin" for operator in table.values())


def _shown(operator: Operator | None) -> dict[str, Any]:
    return operator.model_dump(exclude={"hash", "name", "since", "epoch"}) if operator else {}
