"""QR codes: what they hold, and that a logo leaves enough of them."""

from __future__ import annotations

from io import BytesIO

import png  # type: ignore[import-untyped]
import pytest
import segno

from bot.reports.qr import BadLogo, Logo, picture, svg

URL = "https://go.example/l/8xKq2Lm93aZt"
DRAWN = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle r="4"/></svg>'


def painted(width: int = 40, height: int = 20, alpha: int = 255) -> bytes:
    """A red PNG."""
    out, row = BytesIO(), bytes([255, 0, 0, alpha]) * width
    png.Writer(width, height, greyscale=False, alpha=True).write(out, [row] * height)
    return out.getvalue()


def modules(data: bytes, scale: int) -> list[list[int]]:
    """Red, green and blue at the middle of each module, 0 for dark."""
    width, _, rows, _ = png.Reader(bytes=data).asRGB8()
    lines = [bytes(row) for row in rows][scale // 2 :: scale]
    return [
        [sum(line[3 * x : 3 * x + 3]) for x in range(scale // 2, width, scale)] for line in lines
    ]


def expected(error: str) -> list[list[int]]:
    code = segno.make_qr(URL, error=error, boost_error=False)
    return [[0 if dark else 765 for dark in row] for row in code.matrix_iter(border=4)]


def test_a_png_has_exactly_the_modules_of_its_correction() -> None:
    for correction in ("L", "M", "Q", "H"):
        assert modules(picture(URL, correction, scale=6), 6) == expected(correction)


def test_a_logo_covers_the_middle_alone_and_less_than_correction_mends() -> None:
    shown, plain = modules(picture(URL, "L", Logo.read(painted())), 10), expected("H")
    assert len(shown) == len(plain)
    changed = [
        (x, y) for y, row in enumerate(shown) for x, value in enumerate(row) if value != plain[y][x]
    ]
    middle = len(shown) // 2
    assert (middle, middle) in changed or plain[middle][middle] == 255
    assert all(abs(x - middle) <= 5 and abs(y - middle) <= 5 for x, y in changed)
    assert len(changed) / (len(shown) - 8) ** 2 < 0.08
    assert shown[middle][middle] == 255  # red


def test_a_logo_one_can_see_through_is_on_white() -> None:
    shown = modules(picture(URL, "L", Logo.read(painted(alpha=0))), 10)
    assert shown[len(shown) // 2][len(shown) // 2] == 765


def test_an_svg_holds_either_logo_within_itself() -> None:
    assert svg(URL).count(b"<path") == 2
    for logo, kind in ((DRAWN, b"svg+xml"), (painted(), b"png")):
        drawn = svg(URL, "L", Logo.read(logo))
        assert b'href="data:image/' + kind + b";base64," in drawn
        assert drawn.endswith((b"</svg>", b"</svg>\n"))
        assert b"http://www.w3.org/1999/xlink" not in drawn


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "must be a PNG or an SVG"),
        (b"GIF89a", "must be a PNG or an SVG"),
        (b"<html><svg></svg></html>", "must be a PNG or an SVG"),
        (b"<svg><!DOCTYPE x></svg>", "without a DOCTYPE"),
        (painted()[:60], "broken PNG"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 50, "broken PNG"),
        (painted(1200, 2), "wider than 1024"),
        (b"<svg>" + b" " * 200_000, "larger than 200 kB"),
    ],
)
def test_what_is_no_logo_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadLogo, match=why):
        Logo.read(data)


def test_a_png_takes_no_svg_logo() -> None:
    with pytest.raises(BadLogo, match="needs a PNG logo"):
        picture(URL, "H", Logo.read(DRAWN))
