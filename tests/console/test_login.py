"""Logging in: sessions, throttling, forged forms, roles, and where one may be sent on to."""

from __future__ import annotations

import asyncio

import pytest

from bot.console.operators import Operators, Unacceptable
from bot.console.page import local
from bot.console.passwords import Passwords
from bot.console.sessions import IDLE, LONGEST, RENEW
from bot.console.throttle import PER_ADDRESS, PER_NAME, WINDOW
from bot.store.store import Store
from tests.console.conftest import CHEAP, PASSWORD, Site


async def test_the_first_admin_is_made_once_also_when_two_nodes_start(store: Store) -> None:
    both = [Operators(store, Passwords(CHEAP)) for _ in range(2)]
    told = await asyncio.gather(*(o.ensure_admin() for o in both))
    assert sum(password is not None for password in told) == 1
    password = next(p for p in told if p)
    assert await both[0].log_in("ADMIN", password)
    assert await both[0].ensure_admin() is None


async def test_the_first_password_opens_nothing_but_its_own_change(site: Site) -> None:
    password = await site.console.operators.ensure_admin()
    assert password
    visitor = site.visitor()
    answer = await visitor.log_in("admin", password)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert await visitor.status("/members") == (303, "/account")
    form = {"old": password, "new": PASSWORD, "again": PASSWORD}
    answer = await visitor.post("/account/password", form)
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    assert (await visitor.status("/members"))[0] == 200


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"old": "wrong", "new": PASSWORD + "!", "again": PASSWORD + "!"}, "old password"),
        ({"old": PASSWORD, "new": "short", "again": "short"}, "at least 10"),
        ({"old": PASSWORD, "new": PASSWORD, "again": PASSWORD}, "another one"),
        ({"old": PASSWORD, "new": PASSWORD + "1", "again": PASSWORD + "2"}, "not the same"),
    ],
)
async def test_a_password_is_not_changed_to_a_bad_one(
    site: Site, form: dict[str, str], words: str
) -> None:
    visitor = await site.operator("ann", "viewer")
    token = await visitor.csrf()
    async with visitor.client.post("/account/password", data={**form, "csrf": token}) as answer:
        assert answer.status == 422
        assert words in await answer.text()
    assert await site.console.operators.log_in("ann", PASSWORD)


async def test_changing_the_password_ends_the_other_sessions(site: Site) -> None:
    here = await site.operator("ann", "viewer")
    there = site.visitor()
    await there.log_in("ann", PASSWORD)
    form = {"old": PASSWORD, "new": PASSWORD + "!", "again": PASSWORD + "!"}
    assert (await here.post("/account/password", form)).status == 303
    assert (await here.status("/"))[0] == 200
    assert await there.status("/") == (303, "/login")


async def test_a_stranger_is_asked_to_log_in_and_then_sent_on(site: Site) -> None:
    await site.operator("ann", "viewer")
    visitor = site.visitor()
    status, location = await visitor.status("/members?q=li")
    assert (status, location) == (303, "/login?next=%2Fmembers%3Fq%3Dli")
    answer = await visitor.log_in("ann", PASSWORD, next="/members?q=li")
    assert answer.headers["Location"] == "/members?q=li"


@pytest.mark.parametrize(
    "path",
    [
        *("https://evil.example", "//evil.example", "/\\evil.example", "\\\\evil.example"),
        *("/\t/evil.example", "javascript:alert(1)", "", "evil", "/a\r\nSet-Cookie: x=1"),
        *("http:///evil.example", "///evil.example", "/\n/evil.example"),
    ],
)
async def test_nobody_is_sent_on_to_another_site(path: str) -> None:
    assert local(path) == "/"


async def test_a_wrong_password_and_a_wrong_name_look_the_same(site: Site) -> None:
    await site.operator("ann", "viewer")
    visitor = site.visitor()
    answers = [await visitor.log_in("ann", "nope"), await visitor.log_in("nobody", "nope")]
    assert [a.status for a in answers] == [401, 401]
    assert not any(a.cookies for a in answers)


async def test_tries_for_one_name_are_limited_until_the_window_ends(site: Site) -> None:
    await site.operator("ann", "viewer")
    visitor = site.visitor()
    for _ in range(PER_NAME):
        assert (await visitor.log_in("Ann", "nope")).status == 401
    refused = await visitor.log_in("ann", PASSWORD)
    assert refused.status == 429
    assert 0 < int(refused.headers["Retry-After"]) <= WINDOW
    assert (await visitor.log_in("bob", "nope")).status == 401
    site.clock.advance(WINDOW)
    assert (await visitor.log_in("ann", PASSWORD)).status == 303


async def test_the_right_password_forgives_earlier_tries(site: Site) -> None:
    await site.operator("ann", "viewer")
    for _ in range(3):
        visitor = site.visitor()
        for _ in range(PER_NAME - 1):
            await visitor.log_in("ann", "nope")
        assert (await visitor.log_in("ann", PASSWORD)).status == 303
        site.clock.advance(WINDOW)


async def test_tries_from_one_address_are_limited_over_all_names(site: Site) -> None:
    visitor = site.visitor()
    tries = [visitor.log_in(f"name{n}", "nope") for n in range(PER_ADDRESS + 5)]
    statuses = [answer.status for answer in await asyncio.gather(*tries)]
    assert statuses.count(401) == PER_ADDRESS
    assert statuses.count(429) == 5


async def test_a_session_ends_when_nobody_uses_it(site: Site) -> None:
    visitor = await site.operator("ann", "viewer")
    site.clock.advance(IDLE - 1)
    assert (await visitor.status("/"))[0] == 200
    site.clock.advance(IDLE - 1)
    assert (await visitor.status("/"))[0] == 200
    site.clock.advance(IDLE)
    assert await visitor.status("/") == (303, "/login")


async def test_a_session_ends_in_any_case_after_two_weeks(site: Site) -> None:
    visitor = await site.operator("ann", "viewer")
    for _ in range(LONGEST // (IDLE // 2)):
        assert (await visitor.status("/"))[0] == 200
        site.clock.advance(IDLE // 2)
    assert (await visitor.status("/"))[0] == 303


async def test_renewing_never_revives_a_closed_session(site: Site) -> None:
    visitor = await site.operator("ann", "viewer")
    token = visitor.client.cookie_jar.filter_cookies(visitor.client._base_url)["muster_session"]  # type: ignore[arg-type]
    sessions = site.console.frame._sessions
    session = await sessions.find(token.value)
    assert session
    assert (await visitor.post("/logout", {})).status == 303
    site.clock.advance(RENEW)
    await sessions.renew(token.value, session)
    assert await sessions.find(token.value) is None


async def test_logging_out_ends_the_session(site: Site) -> None:
    visitor = await site.operator("ann", "viewer")
    assert (await visitor.post("/logout", {})).headers["Location"] == "/login"
    assert await visitor.status("/") == (303, "/login")


async def test_the_cookie_is_hidden_from_scripts_and_other_sites(site: Site) -> None:
    await site.operator("ann", "viewer")
    answer = await site.visitor().log_in("ann", PASSWORD)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie  # over plain http the browser would not keep it


async def test_a_form_without_the_sessions_token_does_nothing(site: Site) -> None:
    visitor = await site.operator("ann", "admin")
    other = await (await site.operator("bob", "admin")).csrf()
    for token in ("", "x" * 32, other):
        answer = await visitor.post("/operators", {"name": "eve", "role": "admin"}, csrf=token)
        assert answer.status == 403
    assert await site.console.operators.find("eve") is None


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_a_form_of_another_site_does_nothing(site: Site, origin: str) -> None:
    visitor = await site.operator("ann", "admin")
    form = {"name": "eve", "role": "admin"}
    assert (await visitor.post("/operators", form, Origin=origin)).status == 403
    form = {"name": "ann", "password": PASSWORD}
    assert (await site.visitor().post("/login", form, csrf="", Origin=origin)).status == 403
    assert await site.console.operators.find("eve") is None


async def test_only_forms_are_taken(site: Site) -> None:
    visitor = await site.operator("ann", "admin")
    async with visitor.client.post("/operators", json={"name": "eve"}) as answer:
        assert answer.status == 415
    form = {"name": "x" * 100_000, "role": "admin"}
    assert (await visitor.post("/operators", form)).status == 413


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("viewer", "/dead-letters/1-1/replay", 403),
        ("viewer", "/in-doubt/1/send", 403),
        ("viewer", "/operators", 403),
        ("manager", "/dead-letters/1-1/replay", 303),
        ("manager", "/operators", 403),
    ],
)
async def test_a_role_does_what_it_may_and_nothing_more(
    site: Site, role: str, path: str, status: int
) -> None:
    visitor = await site.operator("ann", role)
    assert (await visitor.post(path, {"name": "eve", "role": "admin"})).status == status
    assert await site.console.operators.find("eve") is None


@pytest.mark.parametrize("path", ["/operators", "/audit"])
async def test_pages_about_operators_are_for_admins(site: Site, path: str) -> None:
    manager = await site.operator("ann", "manager")
    assert (await manager.status(path))[0] == 403
    assert f'href="{path}"' not in await manager.get("/")
    assert (await (await site.operator("bob", "admin")).status(path))[0] == 200


async def test_a_lost_role_is_lost_at_once(site: Site) -> None:
    await site.operator("bob", "admin")
    visitor = await site.operator("ann", "admin")
    await site.console.operators.set_role("bob", "ann", "viewer")
    assert (await visitor.status("/audit"))[0] == 403
    await site.console.operators.remove("bob", "ann")
    assert await visitor.status("/") == (303, "/login")


async def test_the_last_admin_stays(site: Site) -> None:
    visitor = await site.operator("ann", "admin")
    await site.operator("bob", "manager")
    operators = site.console.operators
    with pytest.raises(Unacceptable):
        await operators.remove("ann", "ann")
    with pytest.raises(Unacceptable):
        await operators.set_role("ann", "ann", "viewer")
    assert (await visitor.post("/operators/remove", {"name": "ann"})).status == 422
    assert (await visitor.post("/operators/remove", {"name": "bob"})).status == 303
    assert [o.name for o in await operators.all()] == ["ann"]


async def test_two_admins_cannot_remove_each_other_at_once(site: Site) -> None:
    await site.operator("ann", "admin")
    await site.operator("bob", "admin")
    operators = site.console.operators
    removed = await asyncio.gather(
        operators.remove("ann", "bob"), operators.remove("bob", "ann"), return_exceptions=True
    )
    assert [type(r) for r in removed].count(Unacceptable) == 1
    assert len(await operators.all()) == 1


async def test_a_new_operators_password_is_shown_once(site: Site) -> None:
    visitor = await site.operator("ann", "admin")
    token = await visitor.csrf()
    form = {"name": "李 雷", "role": "viewer", "csrf": token}
    async with visitor.client.post("/operators", data=form) as answer:
        assert answer.status == 422
    async with visitor.client.post("/operators", data={**form, "name": "李雷"}) as answer:
        text = await answer.text()
    password = text.split('<code id="password">')[1].split("<")[0]
    assert password not in await visitor.get("/operators")
    assert (await site.visitor().log_in("李雷", password)).status == 303


async def test_what_operators_change_is_audited_without_secrets(site: Site) -> None:
    visitor = await site.operator("ann", "admin")
    await visitor.post("/operators", {"name": "bob", "role": "viewer"})
    await visitor.post("/operators/role", {"name": "bob", "role": "manager"})
    page = await visitor.get("/audit?q=bob")
    assert "Changed a role" in page
    assert "role: viewer → manager" in page
    rows = [change.model_dump_json() for _, change in await site.console.audit.recent()]
    assert not any("argon2" in row or PASSWORD in row for row in rows)


async def test_the_store_holds_neither_passwords_nor_session_tokens(site: Site) -> None:
    visitor = await site.operator("ann", "admin")
    cookies = visitor.client.cookie_jar.filter_cookies(visitor.client._base_url)  # type: ignore[arg-type]
    secret = cookies["muster_session"].value
    _, names = await site.store.call("SCAN", 0, "COUNT", 10_000)
    for name in names:
        kind = await site.store.text("TYPE", name)
        read = {"hash": ("HGETALL", name), "string": ("GET", name)}.get(kind or "")
        kept = name + (repr(await site.store.call(*read)).encode() if read else b"")
        assert secret.encode() not in kept
        assert PASSWORD.encode() not in kept


async def test_every_answer_carries_the_security_headers(site: Site) -> None:
    visitor = await site.operator("ann", "viewer")
    for path in ("/login", "/", "/members", "/audit", "/members/99"):
        async with visitor.client.get(path) as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'self'" in policy
            assert "unsafe" not in policy
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["Cache-Control"] == "no-store"
            text = await answer.text()
            assert " style=" not in text
            assert "<style" not in text
            assert " onclick" not in text


async def test_the_language_is_the_operators_then_the_browsers(site: Site) -> None:
    visitor = await site.operator("ann", "viewer", language="fr, zh-TW;q=0.9, en;q=0.4")
    assert "概览" in await visitor.get("/")
    await visitor.post("/account/language", {"language": "en"})
    assert "Overview" in await visitor.get("/")
    async with site.visitor().client.get("/login") as answer:
        assert "登录" in await answer.text()  # nobody said: the configuration's


async def test_a_store_that_is_away_ends_in_a_kind_page(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bot.store.line import StoreAway

    visitor = await site.operator("ann", "viewer")

    async def away(*_: object) -> None:
        raise StoreAway("the store is away")

    monkeypatch.setattr(site.members, "groups", away)
    async with visitor.client.get("/groups") as answer:
        assert answer.status == 503
        assert "Nothing is lost" in await answer.text()
