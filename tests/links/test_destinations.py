"""Where a link may lead, and that its letters arrive unharmed."""

from __future__ import annotations

from urllib.parse import unquote

import pytest

from bot.links.destinations import BadDestination, destination, location


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("//evil.example", "must begin with https"),
        ("javascript:alert(1)", "must begin with https"),
        ("data:text/html,x", "must begin with https"),
        ("ftp://files.example/a", "must begin with https"),
        ("/local/path", "must begin with https"),
        ("", "must begin with https"),
        ("https://", "names no host"),
        ("https:///path", "names no host"),
        ("https://:80/x", "names no host"),
        ("https://ok.example/a\r\nSet-Cookie: x=1", "control character"),
        ("https://ok.example\\@evil.example", "backslash"),
        ("https://two words.example", "blank"),
        ("https://[::1/x", "cannot be read"),
        ("https://h.example:99999/", "cannot be read"),
        ("https://" + "长" * 70 + ".example", "cannot be read"),
        ("https://h.example/" + "a" * 5000, "longer than"),
    ],
)
def test_a_bad_destination_is_refused_with_its_reason(url: str, why: str) -> None:
    with pytest.raises(BadDestination, match=why):
        destination(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/a?b=c&d=%2F%E6%98%A5#top",
        "http://h.example:8080/?q=a+b&redirect=https://x.example/?y=1",
        "HTTPS://Shop.example/A;p=1?x=[1]&y='z'#a/b?c",
        "http://[::1]:80/x",
        "https://user:word@h.example/~a",
    ],
)
def test_a_destination_in_ascii_stays_as_it_is(url: str) -> None:
    assert location(destination(url)).lower() == url.lower()


def test_letters_beyond_ascii_are_escaped_and_nothing_else() -> None:
    url = "https://商店.example/护肤/a%2Fb?词=春天&e=%41#片段"
    sent = location(destination(f"  {url}\n"))
    assert sent.isascii()
    assert sent.startswith("https://xn--czrs0t.example/")
    assert "a%2Fb" in sent
    assert "e=%41" in sent
    assert unquote(sent.split("?")[1]) == "词=春天&e=A#片段"
