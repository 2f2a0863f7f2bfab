"""QR codes as SVG and PNG, with a logo in the middle."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

import png  # type: ignore[import-untyped]
import segno

from bot.model.phrase import Phrase

Correction = Literal["L", "M", "Q", "H"]
CORRECTIONS: tuple[Correction, ...] = ("L", "M", "Q", "H")
"""How much of the code may be covered or torn: about 7, 15, 25 and 30 percent."""
BORDER = 4
"""Modules of white around, as ISO/IEC 18004 asks for."""
SHARE = 0.24
"""Of the code's width for the logo with its white edge: some 6 percent of the area."""
LARGEST = 200_000
MOST_PIXELS = 1024
SAMPLES = 3

Pixel = tuple[float, ...]


class BadLogo(ValueError):
    """A file that cannot be a logo; a phrase says why."""


@dataclass(frozen=True, slots=True)
class Logo:
    """A picture for the middle of a code."""

    data: bytes
    kind: Literal["png", "svg"]

    @classmethod
    def read(cls, data: bytes) -> Logo:
        """A logo from a file's content; raises BadLogo unless it is a small PNG or SVG."""
        if len(data) > LARGEST:
            raise BadLogo(Phrase("the logo is larger than {most} kB", most=LARGEST // 1000))
        if data.startswith(b"\x89PNG"):
            _pixels(data)
            return cls(data, "png")
        if re.match(rb"(\xef\xbb\xbf)?\s*<(\?xml|!--|svg)", data) and b"<svg" in data:
            if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
                raise BadLogo(Phrase("the logo must be an SVG without a DOCTYPE"))
            return cls(data, "svg")
        raise BadLogo(Phrase("the logo must be a PNG or an SVG"))

    @property
    def uri(self) -> str:
        """It as a data URI."""
        kind = "svg+xml" if self.kind == "svg" else "png"
        return f"data:image/{kind};base64,{b64encode(self.data).decode()}"


def svg(url: str, correction: Correction = "M", logo: Logo | None = None) -> bytes:
    """A QR code as an SVG that has the size of where it is shown; with a logo, correction is H."""
    code, out = _code(url, correction, logo), BytesIO()
    code.save(out, kind="svg", border=BORDER, omitsize=True, light="#fff", xmldecl=True)
    text = out.getvalue()
    if logo is None:
        return text
    start, side = _middle(code)
    box = f'x="{start}" y="{start}" width="{side}" height="{side}"'
    inner = (
        f'x="{start + 0.5}" y="{start + 0.5}" width="{side - 1}" height="{side - 1}" '
        f'href="{logo.uri}"'
    )
    return text.replace(b"</svg>", f'<rect {box} fill="#fff"/><image {inner}/></svg>'.encode())


def picture(
    url: str, correction: Correction = "M", logo: Logo | None = None, scale: int = 10
) -> bytes:
    """A QR code as a PNG of ``scale`` pixels to a module; with a logo, correction is H.

    Raises BadLogo for an SVG: it can only be in an SVG.
    """
    code = _code(url, correction, logo)
    if logo is None:
        out = BytesIO()
        code.save(out, kind="png", border=BORDER, scale=scale)
        return out.getvalue()
    if logo.kind == "svg":
        raise BadLogo(Phrase("a PNG code needs a PNG logo; an SVG code takes both"))
    rows = [
        bytearray(b for dark in row for b in (b"\0\0\0" if dark else b"\xff\xff\xff"))
        for row in code.matrix_iter(scale, BORDER)
    ]
    start, side = (n * scale for n in _middle(code))
    for row in rows[start : start + side]:
        row[3 * start : 3 * (start + side)] = b"\xff" * (3 * side)
    _paint(rows, logo, start + scale // 2, side - scale)
    out = BytesIO()
    png.Writer(len(rows), len(rows), greyscale=False).write(out, rows)
    return out.getvalue()


def _code(url: str, correction: Correction, logo: Logo | None) -> segno.QRCode:
    error = "H" if logo else correction
    return segno.make_qr(url, error=error, boost_error=False)


def _middle(code: segno.QRCode) -> tuple[int, int]:
    """Where the logo's square begins and how wide it is, in modules with the border."""
    width = int(code.symbol_size(border=0)[0])
    side = int(width * SHARE) | 1  # the code's width is odd, so it is in the very middle
    return BORDER + (width - side) // 2, side


def _pixels(data: bytes) -> tuple[int, int, list[bytes]]:
    """Width, height and RGBA rows; raises BadLogo."""
    try:
        reader = png.Reader(bytes=data)
        reader.preamble()
        if max(reader.width, reader.height) > MOST_PIXELS:
            raise BadLogo(Phrase("the logo is wider than {most} pixels", most=MOST_PIXELS))
        width, height, rows, _ = reader.asRGBA8()
        return width, height, [bytes(row) for row in rows]
    except (png.Error, ValueError, IndexError, OverflowError) as error:
        if isinstance(error, BadLogo):
            raise
        raise BadLogo(Phrase("the logo is a broken PNG")) from None


def _paint(rows: Sequence[bytearray], logo: Logo, start: int, side: int) -> None:
    """The logo into a square of the picture, as large as fits, over white."""
    width, height, pixels = _pixels(logo.data)
    factor = side / max(width, height)
    wide, high = max(1, round(width * factor)), max(1, round(height * factor))
    left, top = start + (side - wide) // 2, start + (side - high) // 2
    for y in range(high):
        ys = [int((y + (n + 0.5) / SAMPLES) * height / high) for n in range(SAMPLES)]
        for x in range(wide):
            xs = [int((x + (n + 0.5) / SAMPLES) * width / wide) for n in range(SAMPLES)]
            at = 3 * (left + x)
            rows[top + y][at : at + 3] = _blended(
                [pixels[b][4 * a : 4 * a + 4] for b in ys for a in xs]
            )


def _blended(samples: Sequence[bytes]) -> bytes:
    """The mean of RGBA samples over white."""
    seen = len(samples) * 255
    return bytes(
        sum(one[c] * one[3] + 255 * (255 - one[3]) for one in samples) // seen for c in range(3)
    )
