"""Ways in: each member is shown the best way their gateway can show, and full groups' new ones."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.gateways.sandbox import Sandbox
from bot.live_codes.standing import Book, Standing
from bot.located import Problems
from bot.model.capabilities import Capabilities
from bot.model.live_code import LiveCode
from bot.routes.way import Means, unable, way
from bot.settings.rooms import RouteSettings
from bot.store.address import unix
from bot.store.effects import Effects
from bot.store.store import Store
from bot.testing import Community

CONFIG = """
language = "en"
handlers = ["handlers.keyword_routes"]

[[routes]]
name = "tea"
words = ["tea"]
groups = [{ group = "sandbox/tea", link = "https://join.example/tea" }]
capacity = 1

[[routes]]
name = "wine"
words = ["wine"]
groups = ["sandbox/wine"]
"""
PLAIN = Capabilities(segments=frozenset({"text"}))
PICTURES = Capabilities(segments=frozenset({"text", "image"}))
CARDS = Capabilities(segments=frozenset({"text", "image", "link_card"}))
LINK, CODE = "https://join.example/tea", "https://platform.example/code.png"


@pytest.fixture
async def community(valkey: str, store: Store) -> AsyncIterator[Community]:
    workspace = store.keys.workspace
    async with Community(CONFIG, locate=unix(valkey), workspace=workspace) as made:
        await made.group("tea", "tea")
        await made.group("wine", "wine")
        yield made


async def has_code(community: Community, *groups: str, new: bool = False) -> None:
    """A live code the platform has made."""
    app = community.app
    code = LiveCode(
        id="tea", title="tea", gateway="sandbox", kind="group", groups=groups, new_group=new
    )
    book, effects = Book(app.store), Effects(app.store.keys)
    book.put(effects, code)
    standing = Standing(platform_id="p1", image=CODE, groups=groups, checked=community.clock.now())
    book.stand(effects, code, standing)
    await app.store.apply(effects)


async def pictures(community: Community, who: str, says: str = "tea") -> tuple[str, list[str]]:
    """What somebody hears who asks for tea, and the pictures in it."""
    person = community.member(who)
    await person.says(says)
    [said] = await community.direct(person).hears()
    shown = [one.url for one in said.message.segments if one.kind == "image"]
    return said.message.text, shown


def only_live_codes(community: Community, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox makes no groups itself; live codes at it do."""
    can = community.app.capabilities("sandbox")
    able = can.model_copy(update={"create_group": False, "live_codes": frozenset({"group"})})
    monkeypatch.setattr(Sandbox, "capabilities", able)


@pytest.mark.parametrize(
    ("link", "code", "can", "same", "means"),
    [
        (LINK, CODE, CARDS, True, "card"),
        (LINK, CODE, PICTURES, False, "qr"),
        ("", CODE, CARDS, True, "code"),
        (LINK, "", CARDS, True, "card"),
        (LINK, "", PICTURES, True, "link"),
        (LINK, "", CARDS, False, "qr"),
        (LINK, "", PLAIN, False, "link"),
        ("", CODE, PLAIN, True, "name"),
        ("", "", CARDS, True, "name"),
    ],
)
def test_the_best_way_is_what_the_gateway_can_show(
    link: str, code: str, can: Capabilities, same: bool, means: Means
) -> None:
    found = way(link, code, can, same)
    assert found.means == means
    if means == "qr":
        assert found.picture.startswith("data:image/png;base64,")


async def test_the_live_code_of_the_group_is_shown_where_there_is_no_link(
    community: Community,
) -> None:
    await has_code(community, "wine")
    text, shown = await pictures(community, "ming", "wine")
    assert text.startswith("Scan this code to get into “wine”:")
    assert shown == [CODE]


async def test_a_live_code_that_may_lead_elsewhere_is_not_shown(community: Community) -> None:
    await has_code(community, "tea", "wine")
    assert (await pictures(community, "ming", "wine"))[1] == []


async def test_a_full_route_shows_the_code_that_makes_new_groups(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    only_live_codes(community, monkeypatch)
    await has_code(community, "tea", new=True)
    route = {"name": "more", "words": ["more"], "groups": ["sandbox/tea"], "full": "create"}
    await community.app.rooms.routes.save({**route, "capacity": 1})
    await community.member("full").joins(await community.group("tea"))
    text, shown = await pictures(community, "ming", "more")
    assert text.startswith("“more” is full; a new group is being made.")
    assert shown == [CODE]


async def test_new_groups_are_not_promised_where_no_gateway_makes_any(
    community: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Sandbox, "capabilities", PLAIN)
    route = {"name": "x", "words": ["x"], "groups": ["sandbox/tea"], "full": "create"}
    with pytest.raises(Problems) as caught:
        await community.app.rooms.routes.save(route)
    [problem] = caught.value.problems
    assert problem.key == "full"
    assert "no gateway of these groups makes new groups: sandbox cannot" in problem.message
    for able in (
        Capabilities(live_codes=frozenset({"group"})),
        Capabilities(create_group=True, member_list=True),
    ):
        assert not list(unable(RouteSettings.model_validate(route), {"sandbox": able}.__getitem__))
