"""A visit to a signed address records a conversion once, or says clearly why it does not."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from urllib.parse import urlencode

import pytest
from aiohttp import ClientSession

from bot.links.codes import Code
from bot.links.conversions import Conversion, Told
from bot.links.signing import SigningKey, sign
from bot.store.erasure import Erasure
from tests.console.house import House, opened, people

_houses = count(1)
THANKS = "https://shop.example/thanks?order=17#done"


@dataclass
class Till:
    """A shop that signs, and a customer's browser."""

    house: House
    key: SigningKey
    secret: str
    code: str
    client: ClientSession

    def address(self, kind: str = "sale", secret: str = "", **changes: str) -> str:
        """A signed address; '' takes a parameter away."""
        fields = {"name": "order-17", "code": self.code, "value": "12.00", "currency": "CNY"}
        fields = {k: v for k, v in {**fields, "key": self.key.id, **changes}.items() if v}
        fields["sig"] = sign(secret or self.secret, kind, fields)
        return f"/v/{kind}?{urlencode(fields)}"

    async def visit(self, address: str, accept: str = "*/*") -> tuple[int, str, str]:
        """Status, type or where it leads, and text."""
        headers = {"Accept": accept}
        async with self.client.get(address, headers=headers, allow_redirects=False) as answer:
            text = await answer.text("latin-1")
            leads = answer.headers.get("Location", answer.content_type)
            assert answer.headers["Cache-Control"] == "no-store"
            return answer.status, leads, text

    async def recorded(self) -> list[Conversion]:
        return await self.house.rooms.conversions.recent()

    def counted(self) -> dict[str, float]:
        """What became of visits, as the metrics say."""
        text = self.house.community.app.metrics.text().decode()
        found = re.findall(r'conversion_visits_total{outcome="([\w ]+)"} (\S+)', text)
        return {outcome: float(number) for outcome, number in found}


@pytest.fixture
async def till(valkey: str) -> AsyncIterator[Till]:
    async with opened(valkey, f"till{next(_houses)}") as house:
        await people(house, 2)
        links = house.rooms.links
        link = await links.make("https://shop.example/spring", "spring-sale")
        step = await links.steps.number("sop/weekly_tips/1/wednesday/w")
        key, secret = await house.rooms.signing_keys.make("shop", ["Pay.Example"], "ann")
        code = links.codes.pack(Code(link, step, 2, 1))
        async with ClientSession(house.url) as client:
            yield Till(house, key, secret, code, client)


async def test_it_is_recorded_once_and_the_customer_goes_on(till: Till) -> None:
    for _ in range(3):
        assert (await till.visit(till.address(to=THANKS)))[:2] == (302, THANKS)
    (found,) = await till.recorded()
    assert (found.member, found.link, found.group) == (1, 1, 2)
    assert (str(found.value), found.currency) == ("12.00", "CNY")
    assert (found.by, found.attributed) == ("key shop", "code")
    assert till.counted() == {"recorded": 1, "repeated": 2}


async def test_without_a_destination_it_is_an_image_or_nothing(till: Till) -> None:
    image = await till.visit(till.address(), "image/avif,image/webp,*/*;q=0.8")
    assert image[:2] == (200, "image/gif")
    assert image[2].startswith("GIF89a")
    assert (await till.visit(till.address(), "text/html,image/webp"))[0] == 204
    assert len(await till.recorded()) == 1


async def test_letters_of_any_language_may_be_signed(till: Till) -> None:
    to = "https://shop.example/谢谢?a=1+2&b=%2F"
    status, leads, _ = await till.visit(till.address(to=to))
    assert (status, leads) == (302, "https://shop.example/%E8%B0%A2%E8%B0%A2?a=1+2&b=%2F")


@pytest.mark.parametrize(
    ("changes", "status", "said", "outcome"),
    [
        ({"secret": "another"}, 403, "not signed", "unsigned"),
        ({"key": "00000000"}, 403, "not signed", "unsigned"),
        ({"name": ""}, 400, "name:", "malformed"),
        ({"name": "two words"}, 400, "name:", "malformed"),
        ({"value": "12.00001"}, 400, "value:", "malformed"),
        ({"value": "1e3"}, 400, "value:", "malformed"),
        ({"value": "NaN"}, 400, "value:", "malformed"),
        ({"value": "1000000001"}, 400, "value:", "malformed"),
        ({"currency": ""}, 400, "currency:", "malformed"),
        ({"at": "12"}, 400, "at:", "malformed"),
        ({"coupon": "x"}, 400, "'coupon': no such parameter", "malformed"),
        ({"kind": "a b"}, 400, "kind:", "malformed"),
        ({"name": "a\nvalue=1"}, 400, "name: has a control character", "malformed"),
        ({"code": "nonsense"}, 422, "code:", "unknown code"),
        ({"to": "https://evil.example/"}, 422, "evil.example is no host", "destination"),
        ({"to": "https://shop.example@evil.example/"}, 422, "to:", "destination"),
        ({"to": "https://shop.example.evil.example/"}, 422, "to:", "destination"),
        ({"to": "https://evil.example\\@shop.example/"}, 422, "to:", "destination"),
        ({"to": "javascript://shop.example/%0aalert(1)"}, 422, "to:", "destination"),
        ({"to": "//shop.example/"}, 422, "to:", "destination"),
        ({"to": "https://shop.example/" + "a" * 7000}, 414, "too long", "oversized"),
    ],
)
async def test_what_is_wrong_is_said_and_counted_and_nothing_recorded(
    till: Till, changes: dict[str, str], status: int, said: str, outcome: str
) -> None:
    got, _, text = await till.visit(till.address(**changes))
    assert (got, said in text) == (status, True), text
    assert till.secret not in text
    assert await till.recorded() == []
    assert await till.house.rooms.conversions.sums() == []
    assert till.counted() == {outcome: 1}


async def test_no_part_of_a_signed_address_can_be_changed(till: Till) -> None:
    address = till.address(to=THANKS)
    for old, new in (
        ("/v/sale", "/v/refund"),
        ("order-17", "order-18"),
        ("12.00", "13.00"),
        ("CNY", "EUR"),
        ("thanks", "other"),
    ):
        assert (await till.visit(address.replace(old, new)))[0] == 403
    assert (await till.visit(address + "&value=1"))[0] == 400
    assert (await till.visit(re.sub("sig=.*", "", address)))[0] == 403
    assert await till.recorded() == []


async def test_other_content_under_a_used_name_is_refused(till: Till) -> None:
    await till.visit(till.address())
    status, _, text = await till.visit(till.address(value="99.00"))
    assert (status, "name:" in text) == (409, True)
    (total,) = await till.house.rooms.conversions.sums()
    assert (total.count, str(total.value)) == (1, "12.0000")


async def test_an_order_told_both_ways_is_counted_once(till: Till) -> None:
    await till.visit(till.address())
    told = (await till.recorded())[0]
    same = Told(name="id:order-17", kind="sale", value=told.value, currency="CNY", code=till.code)
    assert (await till.house.rooms.conversions.record(same, "token shop"))[1] is False
    assert len(await till.recorded()) == 1


async def test_a_host_of_the_key_is_a_destination_too(till: Till) -> None:
    to = "https://pay.example:8443/done"
    assert (await till.visit(till.address(to=to)))[:2] == (302, to)


async def test_when_it_was_may_be_told(till: Till) -> None:
    at = till.house.clock.now() // 1000 - 86_400
    await till.visit(till.address(at=str(at)))
    assert (await till.recorded())[0].at == at * 1000
    old = str(at - 401 * 86_400)
    assert (await till.visit(till.address(name="b", at=old)))[0] == 400


async def test_a_revoked_key_signs_nothing_more(till: Till) -> None:
    keys = till.house.rooms.signing_keys
    assert await keys.revoke(till.key.id, "ann")
    assert not await keys.revoke(till.key.id, "ann")
    assert (await till.visit(till.address()))[0] == 403
    assert await keys.all() == []
    secrets = till.house.store.keys.conversion_secrets()
    assert await till.house.store.call("EXISTS", secrets) == 0


async def test_only_visits_count(till: Till) -> None:
    for method in ("HEAD", "POST"):
        async with till.client.request(method, till.address()) as answer:
            assert answer.status == 405
    assert await till.recorded() == []


async def test_of_an_erased_member_the_visit_records_nothing_again(till: Till) -> None:
    await till.visit(till.address())
    house = till.house
    await Erasure(house.store, house.members, house.community.app.node).erase_member(1, "ann")
    assert (await till.visit(till.address()))[0] == 410
    assert [one.count for one in await house.rooms.conversions.sums()] == [1]


async def test_the_refusal_is_in_the_visitors_language(till: Till) -> None:
    headers = {"Accept-Language": "zh-CN"}
    async with till.client.get(till.address(secret="x"), headers=headers) as answer:
        said = await answer.text()
    words = till.house.community.app.translator.translate
    assert said.strip() == words("zh", "This address is not signed by a key of ours.")


async def test_whether_a_key_is_there_is_not_told(till: Till) -> None:
    unknown = await till.visit(till.address(key="ffffffff"))
    assert unknown == await till.visit(till.address(secret="wrong"))
