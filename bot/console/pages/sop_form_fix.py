"""A fix put into a form: only what it changes, in the fields where its author wrote."""

from __future__ import annotations

from dataclasses import replace

from bot.console.pages.sop_form import STEPS, Form
from bot.console.pages.sop_step_form import Fields
from bot.sop.check import Fix
from bot.sop.templates.template import Template


def mended(form: Form, template: Template, fix: Fix, language: str) -> Form:
    """The form after a fix of ``template``, which is what the form says; the same for none.

    ``language``: as for ``Form.of``.
    """
    before, after = Form.of(template, language), Form.of(fix.apply(template), language)
    written = dict(zip((one["id"] for one in before.steps), form.steps, strict=True))
    old = {one["id"]: one for one in before.steps}
    steps: list[Fields] = []
    beside: Fields = {}
    for step in after.steps:
        ident = step["id"]
        beside = written.get(ident, beside)
        steps.append({**written.get(ident, {}), **_changed(old.get(ident, {}), step, beside)})
    head = {**form.head, **_changed(before.head, after.head, form.head)}
    return replace(form, head=head, steps=tuple(steps[:STEPS]))


def _changed(before: Fields, after: Fields, written: Fields) -> Fields:
    """What is not as before; what is in one language stays in the language it is written in."""
    changed = {key: text for key, text in after.items() if before.get(key) != text}
    changed |= {key: "" for key in before if key not in after}
    found = dict(changed)
    for key, text in changed.items():
        home = _home(key, written)
        if text and home != key:
            found |= {key: "", home: text}
    return found


def _home(key: str, written: Fields) -> str:
    """The field of a text, or that of the other language where only that is written in."""
    name, dot, language = key.rpartition(".")
    if language not in ("zh", "en"):
        return key
    other = f"{name}{dot}{'en' if language == 'zh' else 'zh'}"
    only = written.get(other, "").strip() and not written.get(key, "").strip()
    return other if only else key
