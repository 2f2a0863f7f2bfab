"""What is wrong in a file is said with its line, its key and what would be right."""

from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr, field_validator

from bot.located import Problems, expected, key_text, load, parse, validate
from bot.model.base import Frozen


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Late(Frozen):
    send_late: int


class Step(Frozen):
    id: str
    missed: Literal["skip", "ask"] | Late = "skip"


class Door(Frozen):
    port: int = Field(default=1, ge=1, le=65535)
    colour: Colour = Colour.RED
    open: bool = True
    weight: float | None = None
    names: tuple[str, ...] = ()
    small: Annotated[int, Field(gt=0)] | None = None
    token: SecretStr | None = None
    password: str | None = None

    @field_validator("password")
    @classmethod
    def _long_enough(cls, value: str) -> str:
        if len(value) < 20:
            raise ValueError(f"{value} is too short")
        return value


class House(Frozen):
    title: str = ""
    door: Door = Door()
    doors: dict[str, Door] = Field(default={})
    step: tuple[Step, ...] = ()


def problems(text: str, model: type[BaseModel] = House) -> list[str]:
    with pytest.raises(Problems) as raised:
        validate(model, parse(text, "house.toml"))
    return str(raised.value).split("\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[door]\nprot = 1", ':2: door.prot: unknown key; did you mean "port"?'),
        ("[doors.a-b]\nprot = 1", ':2: doors.a-b.prot: unknown key; did you mean "port"?'),
        ("titel = ''", ':1: titel: unknown key; did you mean "title"?'),
        ("zzz = 1", ":1: zzz: unknown key; known here: door, doors, step, title"),
        (
            '[door]\nport = "eighty"',
            ':2: door.port: expected a whole number between 1 and 65535, got "eighty"',
        ),
        ("[door]\nport = 0", ":2: door.port: expected a whole number between 1 and 65535, got 0"),
        (
            "[door]\nport = 1.5",
            ":2: door.port: expected a whole number between 1 and 65535, got 1.5",
        ),
        ("[door]\nsmall = -1", ":2: door.small: expected a whole number above 0, got -1"),
        ("[door]\nopen = 'perhaps'", ':2: door.open: expected true or false, got "perhaps"'),
        ("[door]\nweight = []", ":2: door.weight: expected a number, got a list"),
        ("[door]\nnames = ['a',\n 2]", ":3: door.names[1]: expected text, got 2"),
        ("[door]\nnames = 'a'", ":2: door.names: expected a list of texts, got text"),
        (
            "[door]\ncolour = 'gren'",
            ':2: door.colour: expected "red" or "green", got "gren"; did you mean "green"?',
        ),
        ("[[door]]\nport = 1", ":1: door: expected a table, got a list"),
        ("title = 3", ":1: title: expected text, got 3"),
        ("[[step]]\nid='a'\n[[step]]\n", ":3: step[1].id: missing; expected text"),
        (
            "[[step]]\nid='a'\nmissed='skp'",
            ':3: step[0].missed: expected "skip", "ask" or a table, got "skp"; '
            'did you mean "skip"?',
        ),
        (
            "[[step]]\nid='a'\nmissed={send_late='x'}",
            ':3: step[0].missed.send_late: expected a whole number, got "x"',
        ),
        ("[[step]]\nid='a'\nmissed={}", ":3: step[0].missed.send_late: missing"),
    ],
)
def test_a_wrong_setting_is_explained_in_plain_words(text: str, said: str) -> None:
    (line,) = problems(text)
    assert line.startswith(f"house.toml{said}")


def test_everything_wrong_is_said_at_once_in_reading_order() -> None:
    found = problems("zz = 1\n[door]\nport = 0\n[[step]]\n")
    assert [line.split(": ")[0] for line in found] == [f"house.toml:{n}" for n in (1, 3, 4)]


@pytest.mark.parametrize(
    "text",
    [
        "[door]\ntoken = ['hunter2']",
        "[door]\npassword = 'hunter2'",
        "[door]\npasword = 'hunter2'",
        "door = 'hunter2'",
        "title = ['redis://me:hunter2@host']",
        "[door]\nopen = 'redis://me:hunter2@host'",
        "[door]\nopen = 'https://host/?access_token=hunter2'",
        "[doors.secret]\nport = 'hunter2'",
    ],
)
def test_a_secret_is_never_shown(text: str) -> None:
    (line,) = problems(text)
    assert "hunter2" not in line


def test_a_validator_says_what_it_expects_and_hints() -> None:
    class Even(Frozen):
        number: int

        @field_validator("number")
        @classmethod
        def _even(cls, value: int) -> int:
            if value % 2:
                raise expected("an even number", f"try {value + 1}")
            return value

    assert problems("number = 3", Even) == [
        "house.toml:1: number: expected an even number, got 3; try 4"
    ]


def test_a_long_value_is_cropped_and_stays_on_one_line() -> None:
    (line,) = problems(f'[door]\nport = """a\n{"b" * 500}"""')
    assert len(line) < 200


def test_a_wrong_tag_of_a_union_names_the_valid_ones() -> None:
    class Cat(Frozen):
        kind: Literal["cat"]

    class Dog(Frozen):
        kind: Literal["dog"]

    class Zoo(Frozen):
        animal: Annotated[Cat | Dog, Field(discriminator="kind")]

    (line,) = problems("[animal]\nkind = 'dgo'", Zoo)
    assert line.endswith(': animal: kind: expected "cat" or "dog", got "dgo"; did you mean "dog"?')


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1\nb = ", "t.toml:2: not valid TOML: Invalid value; text needs quotes"),
        ("a = 1\nname = hello\n", "t.toml:2: not valid TOML: Invalid value; text needs quotes"),
        ("a = “hi”", "t.toml:1: not valid TOML: Invalid value; the line has full-width marks"),
        ("a ＝ 1", "t.toml:1: not valid TOML"),
        ("a = 1\n\na = 2\n", "t.toml:3: not valid TOML: Cannot overwrite a value"),
        ("a = [1,\n", "t.toml:2: not valid TOML"),
        ("a = " + "[" * 5000, "t.toml: nested too deeply"),
        ("a = " + "9" * 5000, "t.toml:1: not valid TOML: Exceeds the limit"),
    ],
)
def test_what_is_not_toml_is_explained_with_its_line(text: str, said: str) -> None:
    with pytest.raises(Problems) as raised:
        parse(text, "t.toml")
    assert str(raised.value).startswith(said)


def test_a_file_in_another_encoding_is_named_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_bytes("a = 1\nname = '护肤'\n".encode("gbk"))
    with pytest.raises(Problems, match=r"c\.toml:2: not UTF-8 text; save the file .* UTF-8"):
        load(file)


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_bytes(b"\xef\xbb\xbfa = 1")
    assert load(file).data == {"a": 1}


@pytest.mark.parametrize("name", ["none.toml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(Problems, match=r"(no such file|is a directory)"):
        load(tmp_path / name)


def test_a_part_of_a_file_can_be_read_with_its_own_model() -> None:
    located = parse("[a.b]\nport = 2\n[a.c]\nprot = 3\n", "t.toml")
    assert validate(Door, located, ("a", "b")).port == 2
    with pytest.raises(Problems, match=r't.toml:4: a.c.prot: unknown key; did you mean "port"'):
        validate(Door, located, ("a", "c"))


def test_a_replaced_value_stands_where_it_was_replaced() -> None:
    located = parse("[a]\nb = [1]\nc = 2\n", "t.toml")
    place = parse("x = 1", "other").place(("x",))
    changed = located.replaced(("a", "b"), [5], place)
    assert changed.data == {"a": {"b": [5], "c": 2}}
    assert changed.place(("a", "b", 0)) == place
    assert changed.place(("a", "c")).line == 3
    assert located.data == {"a": {"b": [1], "c": 2}}


def test_a_document_shows_no_values_when_printed() -> None:
    assert "hunter2" not in repr(parse("token = 'hunter2'", "t.toml"))


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (("routes", 0, "words", 1), "routes[0].words[1]"),
        (("welcome", "groups", "tea room"), 'welcome.groups."tea room"'),
        (("checkin", "晨读"), "checkin.晨读"),
    ],
)
def test_a_key_is_written_as_in_the_file(path: Any, text: str) -> None:
    assert key_text(path) == text
