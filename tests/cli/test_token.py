"""``muster token``: made, listed and revoked, and told only once."""

from __future__ import annotations

import json

from tests.cli.conftest import Line


def test_a_token_is_made_once_listed_without_its_secret_and_revoked(muster: Line) -> None:
    made = muster.muster("token", "new", "shop", "--scope", "read:links,read:stats")
    assert made.exit_code == 0, made.output
    text = made.stdout.strip()
    assert text.startswith("muster_")
    listed = muster.muster("token", "list", "--json")
    (row,) = json.loads(listed.stdout)
    assert (row["name"], row["scopes"]) == ("shop", ["read:links", "read:stats"])
    assert row["until"] - row["since"] == 90 * 86_400_000
    assert text.rpartition("_")[2] not in listed.output
    assert "digest" not in row
    assert muster.muster("token", "revoke", "shop").output == "shop is revoked.\n"
    assert "No tokens yet." in muster.muster("token", "list").output


def test_what_is_wrong_with_a_token_is_said(muster: Line) -> None:
    wrong = muster.muster("token", "new", "shop", "--scope", "read:link")
    assert (wrong.exit_code, 'did you mean "read:links"?' in wrong.output) == (1, True)
    late = muster.muster("token", "new", "shop", "--scope", "read:links", "--expires", "soon")
    assert (late.exit_code, "--expires" in late.output) == (2, True)
    gone = muster.muster("token", "revoke", "shop")
    assert (gone.exit_code, 'there is no token "shop"' in gone.output) == (1, True)
