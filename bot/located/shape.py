"""What a pydantic model lets stand at a key path: types, annotations and neighbouring keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from bot.located.problem import KeyPath


@dataclass(frozen=True, slots=True)
class Kind:
    """Annotated to a type, says in errors and in the reference what is expected."""

    words: str


@dataclass(frozen=True, slots=True)
class Slot:
    """The types a value may have, with Annotated and unions taken off, and their annotations."""

    kinds: tuple[Any, ...] = ()
    notes: tuple[Any, ...] = ()

    @property
    def models(self) -> list[type[BaseModel]]:
        """The models a table here may be."""
        return [kind for kind in self.kinds if is_model(kind)]

    @property
    def secret(self) -> bool:
        """Whether the value is a pydantic secret."""
        return SecretStr in self.kinds

    @property
    def keys(self) -> list[str]:
        """The keys the models here name."""
        return [key for model in self.models for key in fields_of(model)]

    @property
    def values(self) -> Slot:
        """What stands under the free keys of tables here."""
        return _joined(slot(get_args(k)[1]) for k in self.kinds if _is(k, Mapping))

    @property
    def items(self) -> Slot:
        """What stands in lists here."""
        lists = (kind for kind in self.kinds if _is(kind, Sequence, set, frozenset))
        return _joined(slot(get_args(kind)[0]) for kind in lists)

    def inside(self, part: str | int) -> Slot:
        """What stands under one key or at one position here; empty when nothing may."""
        if isinstance(part, int):
            return self.items
        named = (fields_of(model).get(part) for model in self.models)
        return _joined([*(slot_of(field) for field in named if field), self.values])

    def accepts(self, part: str) -> bool:
        """Whether a table here may have this key."""
        is_open = any(model.model_config.get("extra") == "allow" for model in self.models)
        return is_open or bool(self.inside(part).kinds)


def slot_at(model: type[BaseModel], path: KeyPath) -> Slot:
    """What ``model`` lets stand at ``path``."""
    found = Slot((model,))
    for part in path:
        found = found.inside(part)
    return found


def slot_of(field: FieldInfo) -> Slot:
    """What may stand in a model's field."""
    return slot(field.annotation, field.metadata)


def slot(annotation: Any, notes: Sequence[Any] = ()) -> Slot:
    """An annotation taken apart."""
    own = tuple(inner for note in notes for inner in _notes(note))
    if is_model(annotation) and any(isinstance(note, Kind) for note in own):
        # A model with words of its own is written in its own way, not as a table of its fields.
        return Slot((object,), own)
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _joined([slot(inner, more), Slot((), own)])
    if get_origin(annotation) in (Union, UnionType):
        return _joined([*map(slot, get_args(annotation)), Slot((), own)])
    return Slot((annotation,), own)


def fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model under the keys a file uses for them."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def is_model(kind: Any) -> bool:
    """Whether a type is a pydantic model."""
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _notes(note: Any) -> Sequence[Any]:
    return note.metadata if isinstance(note, FieldInfo) else [note]


def _joined(slots: Iterator[Slot] | Sequence[Slot]) -> Slot:
    found = list(slots)
    kinds = dict.fromkeys(kind for one in found for kind in one.kinds)
    return Slot(tuple(kinds), tuple(note for one in found for note in one.notes))


def _is(kind: Any, *bases: type) -> bool:
    origin = get_origin(kind)
    return isinstance(origin, type) and issubclass(origin, bases) and bool(get_args(kind))
