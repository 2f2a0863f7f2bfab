"""Every key of a TOML file is found where it was written."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.located import KeyPath, parse
from bot.located.places import places


def paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:
    """Every path in parsed data."""
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = enumerate(value)
    for part, inner in pairs:
        yield (*path, part)
        yield from paths(inner, (*path, part))


def line(text: str, *path: str | int) -> int:
    return parse(text, "t.toml").place(path).line


def test_tables_of_an_array_are_told_apart() -> None:
    text = '[[step]]\nid = "a"\n[[step]]\nid = "b"\n[step.missed]\nlate = 1\n[[step.more]]\nx=1\n'
    assert line(text, "step", 0) == 1
    assert line(text, "step", 1, "id") == 4
    assert line(text, "step", 1, "missed") == 5
    assert line(text, "step", 1, "missed", "late") == 6
    assert line(text, "step", 1, "more", 0, "x") == 8


def test_text_that_looks_like_keys_is_not_mistaken_for_them() -> None:
    text = 'a = """\nkey = 1\n[section]\n\\"""\n"""\nb = \'\'\'\n[[x]]\nc = 2\'\'\'\nkey = 3\n'
    assert line(text, "key") == 9
    assert line(text, "b") == 6
    assert set(places(text)) == {("a",), ("b",), ("key",)}


def test_quotes_at_the_end_of_a_long_text_belong_to_it() -> None:
    text = "a = \"\"\"x\"\"\"\"\"\nb = '''y'''''\nc = \"\"\"\"\"\"\nd = ''''''\ne = 1\n"
    assert tomllib.loads(text)["a"] == 'x""'
    assert [line(text, key) for key in "abcde"] == [1, 2, 3, 4, 5]


def test_dotted_quoted_and_inline_keys_are_found() -> None:
    text = 'a . "b.c" = { d = [ 1,\n { e = "}" } ], f."g" = 2 }\n["h=1"."中文"]\nk = 1 # x = 2\n'
    assert line(text, "a", "b.c", "d", 1, "e") == 2
    assert line(text, "a", "b.c", "f", "g") == 2
    assert line(text, "h=1", "中文", "k") == 4


def test_a_place_has_the_column_of_the_key() -> None:
    place = parse("[web]\n  port = 1\n", "t.toml").place(("web", "port"))
    assert (place.line, place.column) == (2, 3)


def test_a_key_that_is_missing_is_placed_at_its_table() -> None:
    assert line("x = 1\n[web]\nport = 1\n", "web", "host") == 2
    assert parse("x = 1", "t.toml").place(("y",)).line == 0


def test_windows_line_ends_count_once() -> None:
    assert line("a = 1\r\nb = '''\r\n'''\r\nc = 1", "c") == 4


@dataclass
class Writer:
    """Writes TOML and notes where it put each key."""

    text: str = ""
    at: dict[KeyPath, tuple[int, int]] = field(default_factory=dict)

    def mark(self, path: KeyPath) -> None:
        head, _, last = self.text.rpartition("\n")
        self.at[path] = (head.count("\n") + 1 + ("\n" in self.text), len(last) + 1)


NASTY = st.sampled_from(
    [
        '"""\nkey = 1\n[section]\n"""',
        "'''\n[[step]]\nx = {'''",
        '"""a\\"""b"\n" = 1"""""',
        "'''x = ''y'''''",
        '"# no comment = [ ] } \\" \\\\"',
        "'C:\\path\\'",
        '""',
        "''",
        '""""""',
    ]
)
PLAIN = st.sampled_from(["1", "-1.5e3", "true", "1979-05-27 07:32:00", "21:00:00", "0x1f", "inf"])
GAP = st.sampled_from(["", " ", "\t "])
BREAK = st.sampled_from(["", " ", "\n", " # a = [\n\n  "])
KEY = st.sampled_from(["a", "b-1", "_", "1", '"a b"', "'q.r'", '"\\u4e2d = 1"', '"中"', '""'])


def unquoted(key: str) -> str:
    return next(iter(tomllib.loads(f"{key} = 1")))


def write_value(draw: st.DrawFn, out: Writer, path: KeyPath, depth: int) -> None:
    kind = draw(
        st.sampled_from(["nasty", "plain", "array", "table"] if depth else ["nasty", "plain"])
    )
    if kind == "array":
        out.text += "["
        for index in range(draw(st.integers(0, 3))):
            out.text += draw(BREAK)
            out.mark((*path, index))
            write_value(draw, out, (*path, index), depth - 1)
            out.text += draw(BREAK) + ","
        out.text += draw(BREAK) + "]"
    elif kind == "table":
        out.text += "{" + draw(GAP)
        for index, key in enumerate(draw(st.lists(KEY, max_size=3, unique_by=unquoted))):
            out.text += "," + draw(GAP) if index else ""
            write_pair(draw, out, path, key, depth - 1)
            out.text += draw(GAP)
        out.text += "}"
    else:
        out.text += draw(NASTY if kind == "nasty" else PLAIN)


def write_pair(draw: st.DrawFn, out: Writer, table: KeyPath, key: str, depth: int) -> None:
    path = (*table, unquoted(key))
    out.mark(path)
    out.text += key
    if draw(st.booleans()):
        path = (*path, "dotted")
        out.at[path] = out.at[path[:-1]]
        out.text += draw(GAP) + "." + draw(GAP) + "dotted"
    out.text += draw(GAP) + "=" + draw(GAP)
    write_value(draw, out, path, depth)


def write_pairs(draw: st.DrawFn, out: Writer, table: KeyPath) -> None:
    for key in draw(st.lists(KEY, max_size=3, unique_by=unquoted)):
        out.text += draw(st.sampled_from(["", "  ", "# a = 1\n", "\n"]))
        write_pair(draw, out, table, key, 2)
        out.text += draw(GAP) + draw(st.sampled_from(["\n", " # [b]\n"]))


def write_header(out: Writer, path: KeyPath, opening: str, text: str, closing: str) -> None:
    out.text += opening
    out.mark(path)
    out.text += f"{text}{closing}\n"


@st.composite
def documents(draw: st.DrawFn) -> Writer:
    out = Writer()
    write_pairs(draw, out, ())
    for number in range(draw(st.integers(0, 3))):
        if draw(st.booleans()):
            write_header(out, (f"t{number}",), "[ ", f"t{number}", " ]")
            write_pairs(draw, out, (f"t{number}",))
            continue
        name = f"s{number}"
        for index in range(draw(st.integers(1, 3))):
            write_header(out, (name, index), "[[", name, "]]")
            out.at.setdefault((name,), out.at[name, 0])
            write_pairs(draw, out, (name, index))
            if draw(st.booleans()):
                write_header(out, (name, index, "sub"), "[", f"{name} . sub", "]")
                column = out.at[name, index, "sub"][1]
                assert column == 2
                write_pairs(draw, out, (name, index, "sub"))
    return out


@given(documents())
def test_every_key_of_any_document_is_found_where_it_was_written(written: Writer) -> None:
    assert places(written.text) == written.at


STATEMENTS = ["[[a]]", "[a]", "[a.b]", "a = 1", "b = [1, 2]", "b.c = {d = 1}", '"a" = ""', "\r"]
TOKENS = st.sampled_from(
    [*"ab.=[]{},\n \"'\\#1", '"""', "'''", *(f"{statement}\n" for statement in STATEMENTS)]
)


@given(st.lists(TOKENS, max_size=25).map("".join))
def test_whatever_tomllib_reads_has_a_place_for_each_of_its_keys(text: str) -> None:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(places(text)) == set(paths(data))


@pytest.mark.parametrize("depth", [50, 100])
def test_deep_nesting_is_followed(depth: int) -> None:
    assert len(places("a = " + "[" * depth + "]" * depth)) == depth
