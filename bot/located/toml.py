"""What tomllib says of a text that is not TOML, so that it can be said in other languages."""

from __future__ import annotations

from bot.i18n.mark import msgid

MISTAKES = (
    msgid("Invalid value"),
    msgid("Invalid statement"),
    msgid("Expected newline or end of document after a statement"),
    msgid("Expected '=' after a key in a key/value pair"),
    msgid("Expected ']' at the end of a table declaration"),
    msgid("Expected ']]' at the end of an array declaration"),
    msgid("Expected {what}"),
    msgid("Invalid initial character for a key part"),
    msgid("Found invalid character {what}"),
    msgid("Illegal character {what}"),
    msgid("Cannot declare {what} twice"),
    msgid("Cannot overwrite a value"),
    msgid("Cannot mutate immutable namespace {what}"),
    msgid("Cannot redefine namespace {what}"),
    msgid("Duplicate inline table key {what}"),
    msgid("Unclosed array"),
    msgid("Unclosed inline table"),
    msgid("Unescaped '\\' in a string"),
    msgid("Invalid hex value"),
    msgid("Escaped character is not a Unicode scalar value"),
    msgid("Unterminated string"),
    msgid("Invalid date or datetime"),
)
