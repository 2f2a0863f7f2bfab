"""What a company has: staff, customers, who knows whom, customer groups, tags, welcome codes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Staff:
    """``contacts``: may have customers; ``active``: has activated the account."""

    userid: str
    name: str
    departments: tuple[int, ...] = (1,)
    active: bool = True
    contacts: bool = True


@dataclass(slots=True)
class Customer:
    """``type``: 1 in WeChat ("wm…"), 2 in WeCom ("wo…")."""

    external_userid: str
    name: str
    type: int = 1
    unionid: str = ""


@dataclass(slots=True)
class Relation:
    """A member of the staff has a customer.

    ``gone``: the customer removed the member, so calls still work but nothing arrives.
    ``half``: not confirmed by the member. ``talked``: the chat has begun.
    """

    userid: str
    external_userid: str
    createtime: int
    add_way: int = 1
    state: str = ""
    remark: str = ""
    tags: set[str] = field(default_factory=set)
    half: bool = False
    gone: bool = False
    talked: bool = False


@dataclass(slots=True)
class Present:
    """Somebody in a group; ``type``: 1 staff, 2 customer; ``join_scene``: 1, 2 or 3 (QR code)."""

    userid: str
    type: int
    join_time: int
    join_scene: int
    state: str = ""
    invitor: str = ""


@dataclass(slots=True)
class Group:
    chat_id: str
    name: str
    owner: str
    create_time: int
    notice: str = ""
    members: dict[str, Present] = field(default_factory=dict)
    admins: list[str] = field(default_factory=list)
    version: int = 1
    changed: int = 0

    @property
    def member_version(self) -> str:
        return f"{self.chat_id}-v{self.version}"


@dataclass(slots=True)
class Tag:
    id: str
    name: str
    group_id: str
    order: int
    create_time: int


@dataclass(slots=True)
class TagGroup:
    """``agent_id``: the app that made it and may change it, 0 for the admin's pages."""

    group_id: str
    name: str
    order: int
    create_time: int
    agent_id: int = 0


@dataclass(slots=True)
class WelcomeCode:
    """``busy``: another app is sending with it right now."""

    userid: str
    external_userid: str
    issued: int
    used: bool = False
    busy: bool = False
