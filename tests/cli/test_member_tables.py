"""``muster members search | import | export``."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import openpyxl

from tests.cli.conftest import Line


def told(muster: Line, *arguments: str, code: int = 0) -> str:
    result = muster.muster("members", *arguments)
    assert result.exit_code == code, result.output
    return result.output


def table(folder: Path, *lines: str) -> str:
    file = folder / "people.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return str(file)


def test_a_table_is_tried_then_imported_found_and_written_again(
    muster: Line, tmp_path: Path
) -> None:
    file = table(
        tmp_path, "id,name,手机,note", "u1,小明,13800138000,=1+1", "u2,李雷,139,", ",谁,1,"
    )
    said = told(muster, "import", file, "--dry-run", "--column", "note=")
    assert "手机: attribute:phone" in said
    assert "note: left out" in said
    assert "row 2: new" in said
    assert "row 4: refused  id: This cell says who is meant" in said
    assert "Nobody found." in told(muster, "search", "小明")
    said = told(muster, "import", file, code=1)
    assert "2 new, 0 changed, 0 as they were, 1 refused." in said
    assert "row 4: id: This cell says who is meant" in said
    assert "小明" in told(muster, "search", "xm")
    found = json.loads(told(muster, "search", "13800", "--json"))
    assert [(one["number"], one["attributes"]["note"]) for one in found] == [(1, "=1+1")]
    out = tmp_path / "out.csv"
    assert "2 members" in told(muster, "export", str(out))
    rows = [*csv.DictReader(out.read_text(encoding="utf-8-sig").splitlines())]
    assert [row["note"] for row in rows] == ["'=1+1", ""]
    assert "2 as they were, 0 refused" in told(muster, "import", str(out))
    book = tmp_path / "out.xlsx"
    told(muster, "export", str(book))
    assert openpyxl.load_workbook(book).active["B2"].value == "小明"


def test_mistakes_are_said_and_change_nothing(muster: Line, tmp_path: Path) -> None:
    file = table(tmp_path, "name,note", "小明,x")
    assert "must say who is meant" in told(muster, "import", file, code=1)
    wrong = told(muster, "import", file, "--column", "nmae=name", code=1)
    assert "has no column nmae" in wrong
    assert "expected a name that ends in" in told(muster, "export", "x.pdf", code=1)
    assert "is there already" in told(muster, "export", file, code=1)
    assert "audience" in told(
        muster, "export", str(tmp_path / "n.csv"), "--audience", "tagg:x", code=1
    )


def test_only_who_is_known_is_changed_when_asked(muster: Line, tmp_path: Path) -> None:
    file = table(tmp_path, "id,city", "u1,上海")
    said = told(muster, "import", file, "--existing", code=1)
    assert "Nobody has this account" in said
