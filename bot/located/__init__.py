"""Reading settings with places: every error says its file, line, key and what was expected."""

from bot.located.document import Located, load, parse
from bot.located.problem import KeyPath, Place, Problem, Problems, key_text
from bot.located.shape import Kind
from bot.located.validation import validate
from bot.located.words import expected, known_here, nearest

__all__ = [
    "KeyPath",
    "Kind",
    "Located",
    "Place",
    "Problem",
    "Problems",
    "expected",
    "key_text",
    "known_here",
    "load",
    "nearest",
    "parse",
    "validate",
]
