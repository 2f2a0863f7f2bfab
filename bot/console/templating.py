"""The templates' environment: autoescaped, strict, with the charts and menu at hand."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.console import charts
from bot.console.journal_words import CHANGES, STATES, chosen_word, event_word, reason_word, tone
from bot.console.navigation import BAR, BAR_SIZE, menu
from bot.console.operators import ROLES
from bot.console.result_words import goal_word, verdict, way_word
from bot.console.sop_words import outcome_word

TEMPLATES = Path(__file__).parent / "templates"


def environment() -> Environment:
    """A new environment over ``templates/``."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(
        charts=charts,
        menu=menu,
        bar=BAR,
        bar_size=BAR_SIZE,
        roles=ROLES,
        event_word=event_word,
        outcome_word=outcome_word,
        goal_word=goal_word,
        verdict=verdict,
        way_word=way_word,
        reason_word=reason_word,
        chosen_word=chosen_word,
        tone=tone,
        changes=CHANGES,
        states=STATES,
    )
    return made
