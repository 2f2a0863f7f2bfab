"""A damaged append-only file is cut at its last whole command, and nothing else is touched."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.aof import Cut, DamagedInTheMiddle, repair

NOW = 1_795_000_000_123
MANIFEST = """\
file appendonly.aof.2.base.rdb seq 2 type b
file appendonly.aof.1.incr.aof seq 1 type h
file appendonly.aof.2.incr.aof seq 2 type i
file appendonly.aof.3.incr.aof seq 3 type i
"""


def command(*words: bytes) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


SET = command(b"SET", b"greeting", "你好\r\n".encode())
MULTI, EXEC = command(b"MULTI"), command(b"EXEC")


class Files:
    """A server's directory with a base and two incremental parts."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.parts = root / "appendonlydir"
        self.parts.mkdir()
        (self.parts / "appendonly.aof.manifest").write_text(MANIFEST)
        (self.parts / "appendonly.aof.2.base.rdb").write_bytes(b"VALKEY080\0\0")
        self.older = self.parts / "appendonly.aof.2.incr.aof"
        self.last = self.parts / "appendonly.aof.3.incr.aof"
        self.older.write_bytes(SET)
        self.last.write_bytes(SET)

    def content(self) -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in self.parts.iterdir()}

    def expect_cut(self, whole: bytes, tail: bytes) -> Cut:
        """Write both; what is whole must stay, the tail must be in the copy."""
        self.last.write_bytes(whole + tail)
        cut = repair(self.root, NOW)
        assert cut is not None
        assert self.last.read_bytes() == whole
        assert cut.copy.read_bytes() == tail
        assert (cut.file, cut.offset, cut.size) == (self.last, len(whole), len(tail))
        assert repair(self.root, NOW) is None
        return cut


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_a_whole_file_is_not_touched(files: Files) -> None:
    files.last.write_bytes(b"#TS:1795000000\r\n" + MULTI + SET + EXEC + SET)
    before, changed = files.content(), files.last.stat().st_mtime_ns
    assert repair(files.root, NOW) is None
    assert files.content() == before
    assert files.last.stat().st_mtime_ns == changed


def test_a_directory_without_files_has_nothing_to_repair(tmp_path: Path) -> None:
    assert repair(tmp_path, NOW) is None


@pytest.mark.parametrize(
    ("tail", "what"),
    [
        (SET[:-1], "an unfinished command"),
        (SET[:-2], "an unfinished command"),
        (b"*", "an unfinished command"),
        (bytes(4096), "zeros"),
        (b"\xfe\x9a some old block \x00\x01", "unreadable bytes"),
        (b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$9999999999\r\nabc", "an unfinished command"),
        (b"*3\r\n$3\r\nSET\r\n$1\r\na\r\n$8\r\nabc" + bytes(64), "an unfinished command"),
        (MULTI + SET, "a transaction without its end"),
        (MULTI + SET + bytes(8), "a transaction without its end, then zeros"),
        (MULTI + SET + EXEC[:-3], "a transaction without its end, then an unfinished command"),
        (b"#TS:17950", "unreadable bytes"),
    ],
)
def test_a_damaged_tail_is_cut_and_kept(files: Files, tail: bytes, what: str) -> None:
    cut = files.expect_cut(SET + MULTI + SET + EXEC, tail)
    assert cut.what == what


def test_the_message_says_what_was_cut_and_where_it_is(files: Files) -> None:
    cut = files.expect_cut(SET, bytes(4096))
    assert cut.copy.name == "appendonly.aof.3.incr.aof.cut-20261118T110640123000Z"
    assert str(cut) == (
        f"the end of {files.last} was damaged (zeros); its last 4096 bytes were cut and kept in"
        f" {cut.copy}, everything before byte {len(SET)} is whole"
    )


def test_the_part_before_is_repaired_when_the_last_is_empty(files: Files) -> None:
    files.older.write_bytes(SET + SET[:9])
    files.last.write_bytes(b"")
    cut = repair(files.root, NOW)
    assert cut is not None
    assert cut.file == files.older
    assert files.older.read_bytes() == SET


@pytest.mark.parametrize(
    "damage", [bytes(512), b"\xff" * 7, SET[:20], b"*2\r\n$3\r\nDEL\r\n$900\r\n"]
)
def test_damage_followed_by_whole_commands_is_never_cut(files: Files, damage: bytes) -> None:
    files.last.write_bytes(SET + damage + SET * 3 + SET[:5])
    before = files.content()
    with pytest.raises(DamagedInTheMiddle) as told:
        repair(files.root, NOW)
    assert files.content() == before
    assert told.value.offset == len(SET)
    assert told.value.resumes == len(SET + damage)
    assert f"truncate -s {len(SET)} '{files.last}'" in str(told.value)


def test_nothing_is_cut_when_the_copy_cannot_be_kept(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.last.write_bytes(SET + bytes(64))
    before = files.content()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bot.store.aof.shutil.copyfileobj", full)
    with pytest.raises(OSError, match="No space left"):
        repair(files.root, NOW)
    assert files.content() == before


# A value that holds a whole command is told from damage in the middle by nobody.
word = st.binary(max_size=40).filter(lambda value: b"\r\n$" not in value)
plain = st.lists(word, min_size=1, max_size=5).map(lambda words: command(b"SET", *words))
transaction = st.lists(plain, max_size=3).map(lambda inner: MULTI + b"".join(inner) + EXEC)
stamp = st.integers(0, 2**40).map(lambda seconds: b"#TS:%d\r\n" % seconds)


@given(st.lists(plain | transaction | stamp, min_size=1, max_size=8), st.data())
def test_cut_at_any_byte_exactly_the_whole_commands_stay(
    written: list[bytes], data: st.DataObject
) -> None:
    log = b"".join(written)
    cut_at = data.draw(st.integers(0, len(log)))
    ends = [len(b"".join(written[:count])) for count in range(len(written) + 1)]
    whole = max(end for end in ends if end <= cut_at)
    zeros = data.draw(st.sampled_from([0, 1, 4096]))
    with tempfile.TemporaryDirectory() as root:
        files = Files(Path(root))
        files.older.write_bytes(b"")
        files.last.write_bytes(log[:cut_at] + bytes(zeros))
        cut = repair(files.root, NOW)
        assert files.last.read_bytes() == log[:whole]
        assert (cut is None) == (whole == cut_at + zeros)
        assert cut is None or cut.copy.read_bytes() == log[whole:cut_at] + bytes(zeros)
