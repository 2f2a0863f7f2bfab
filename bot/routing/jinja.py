"""What Jinja2 and Python say of a text that cannot be rendered, to be said in other languages."""

from __future__ import annotations

from bot.i18n.mark import msgid

MISTAKES = (
    msgid(
        "Unexpected end of template. Jinja was looking for the following tags: {tags}. "
        "The innermost block that needs to be closed is {block}."
    ),
    msgid("Unexpected end of template."),
    msgid(
        "Encountered unknown tag {tag}. You probably made a nesting mistake. "
        "Jinja is expecting this tag, but currently looking for {tags}. "
        "The innermost block that needs to be closed is {block}."
    ),
    msgid(
        "Encountered unknown tag {tag}. Jinja was looking for the following tags: {tags}. "
        "The innermost block that needs to be closed is {block}."
    ),
    msgid("Encountered unknown tag {tag}."),
    msgid("unexpected end of template, expected '{what}'."),
    msgid("Expected an expression, got '{given}'"),
    msgid("expected token '{what}', got '{given}'"),
    msgid("unexpected char {given} at {n}"),
    msgid("unexpected '{given}', expected '{what}'"),
    msgid("unexpected '{given}'"),
    msgid("Missing end of comment tag"),
    msgid("Missing end of raw directive"),
    msgid("tag name expected"),
    msgid("expected name or number"),
    msgid("expected subscript expression"),
    msgid("invalid syntax for function call expression"),
    msgid("You cannot chain multiple tests with is"),
    msgid("can't assign to {what}"),
    msgid("end of print statement"),
    msgid("end of statement block"),
    msgid("{name} is undefined"),
    msgid("{value} has no attribute {name}"),
    msgid("{value} has no element {name}"),
    msgid("{value} object is not callable"),
    msgid("can only concatenate str (not {kind}) to str"),
    msgid("division by zero"),
)
