"""Audiences: expressions that choose members or groups, their grammar, reading and algebra."""

from bot.audience.algebra import Algebra
from bot.audience.audience import Audience
from bot.audience.expression import And, Expression, Not, Or, Term
from bot.audience.reading import Reading
from bot.audience.segments import Segment, Segments
from bot.audience.source import NOWHERE, GroupSource, Scope, Source
from bot.store.bits import Bits

__all__ = [
    "NOWHERE",
    "Algebra",
    "And",
    "Audience",
    "Bits",
    "Expression",
    "GroupSource",
    "Not",
    "Or",
    "Reading",
    "Scope",
    "Segment",
    "Segments",
    "Source",
    "Term",
]
