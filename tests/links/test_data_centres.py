"""Which addresses are those of machines."""

from __future__ import annotations

import ipaddress
import tomllib
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.links.data_centres import LIST, DataCentres, Ranges

shipped = DataCentres()


@pytest.mark.parametrize(
    ("address", "flag"),
    [
        ("101.226.33.7", "w"),  # WeChat's servers, seen 2017
        ("43.129.1.1", "d"),  # Tencent Cloud
        ("2402:4e00::5", "d"),
        ("47.96.0.1", "d"),  # Alibaba Cloud
        ("52.95.110.1", "d"),  # AWS
        ("::ffff:52.95.110.1", "d"),
        ("34.80.0.1", "d"),  # GCP
        ("20.205.243.1", "d"),  # Azure
        ("114.92.0.1", ""),  # a household of Shanghai
        ("223.104.1.1", ""),  # a phone of China Mobile
        ("104.28.0.1", ""),  # a private relay, so people
        ("127.0.0.1", ""),
        ("fe80::1%eth0", ""),
        ("", ""),
        ("unknown, 1.2.3.4", ""),
    ],
)
def test_machines_are_told_from_people(address: str, flag: str) -> None:
    assert shipped.flag(address) == flag


def test_a_workspace_names_further_networks() -> None:
    own = DataCentres([ip_network("198.51.100.0/24"), ip_network("2001:db8::/32")])
    assert [own.flag(one) for one in ("198.51.100.9", "2001:db8::9", "198.51.101.9")] == [
        *("d", "d", ""),
    ]
    assert shipped.flag("198.51.100.9") == ""


def test_every_section_of_the_list_says_its_source_and_holds_networks() -> None:
    sections = tomllib.loads(LIST.read_text("utf-8"))
    assert {"wechat", "tencent", "alibaba", "aws", "gcp", "azure"} <= sections.keys()
    for section in sections.values():
        assert section["source"]
        assert all(ip_network(one).num_addresses >= 256 for one in section["ranges"].split())


numbers = st.integers(0, 300)


@given(st.lists(st.tuples(numbers, numbers).map(lambda pair: (min(pair), max(pair)))), numbers)
def test_ranges_hold_what_one_of_them_holds(ranges: list[tuple[int, int]], number: int) -> None:
    assert (number in Ranges(ranges)) == any(first <= number <= last for first, last in ranges)


@given(st.ip_addresses())
def test_the_fast_look_says_what_ipaddress_says(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    own = DataCentres([ip_network("0.0.0.0/1"), ip_network("8000::/1")])
    top = int(address) >> (address.max_prefixlen - 1)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    if not mapped and top == (0 if address.version == 4 else 1):
        assert own.flag(str(address)) in ("d", "w")
