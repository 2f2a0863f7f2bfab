"""Specimens: a template's texts as somebody made up would read them, while they are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.clock import utc
from bot.model.message import Message
from bot.model.phrase import Phrase
from bot.routing.template import TemplateFailed
from bot.routing.writer import Reader
from bot.sop.means import Means
from bot.sop.templates.step import Step
from bot.sop.templates.template import Parameter, Template, Value
from bot.sop.templates.words import Localized, Words, spoken

NAMES = {"zh": ("小明", "茶友会"), "en": ("Ada", "Tea friends")}
"""Who reads, and in which group."""
_VALUES: Mapping[str, Value] = {"number": 1, "time": "20:00", "cron": "0 20 * * 3"}

Text = Message | str
"""What is read, or why it cannot be written."""


class Specimens:
    """Writes texts for nobody; parameters have their defaults, or a made-up value."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._writer = means.writer.rehearsal()

    async def texts(self, template: Template, step: Step, language: str) -> dict[str, Text]:
        """What a step says, by variant; "task" is what staff are told to do."""
        words: dict[str, Words] = {**step.texts, **({"task": step.task} if step.task else {})}
        variables = self._variables(template, language)
        return {name: await self._write(one, variables, language) for name, one in words.items()}

    def values(self, template: Template, language: str) -> dict[str, Value]:
        """A made-up value for every parameter that has no default."""
        asked = {name: one for name, one in template.parameters.items() if one.default is None}
        return {name: self._made_up(name, one, language) for name, one in asked.items()}

    async def _write(self, words: Words, variables: Mapping[str, Any], language: str) -> Text:
        try:
            return await self._writer.write(spoken(words, language), variables, Reader())
        except TemplateFailed as error:
            return Phrase.of(error)

    def _variables(self, template: Template, language: str) -> dict[str, Any]:
        name, group = NAMES.get(language, NAMES["en"])
        found: dict[str, Any] = {**self._means.workspace, "gateway": ""}
        for key, parameter in template.parameters.items():
            found[key] = self._value(key, parameter, language)
        found["group"] = {"name": group, "id": "1"}
        if template.to == "member":
            found["member"] = {"name": name, "account": "1"}
        return found

    def _value(self, name: str, parameter: Parameter, language: str) -> object:
        default = parameter.default
        if default is not None and default not in ("today", "now"):
            return spoken(default, language) if isinstance(default, Localized) else default
        return self._made_up(name, parameter, language)

    def _made_up(self, name: str, parameter: Parameter, language: str) -> Value:
        today = f"{utc(self._means.store.clock.now()):%Y-%m-%d}"
        made_up = {**_VALUES, "date": today, "url": f"https://example.com/{name}"}
        title = spoken(parameter.title, language) if parameter.title else name
        return made_up.get(parameter.type, f"〈{title}〉")
