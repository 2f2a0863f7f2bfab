"""Handler modules: found by the names in the configuration, checked, and never half loaded."""

from __future__ import annotations

import importlib
import pkgutil
import sys
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType

from bot.located import Place, Problem, Problems
from bot.routing.router import Router

OURS = Path(__file__).parent
"""Where no mistake of a handler's is."""


def load_routers(names: Sequence[str], folder: Path) -> list[Router]:
    """The routers of the named modules, and of every module in named packages.

    A module gives its routers as module-level names. Modules are looked for in ``folder`` too.
    Raises Problems: what could not be imported, with its file and line, and modules without any.
    """
    problems: list[Problem] = []
    routers: list[Router] = []
    for name in names:
        found, problem = import_from(folder, name)
        if problem:
            problems.append(problem)
            continue
        assert found is not None
        for module_name in _modules(found):
            module, problem = import_from(folder, module_name)
            if problem:
                problems.append(problem)
            elif module is not None:
                own = [r for r in vars(module).values() if isinstance(r, Router)]
                routers += [r for r in own if r not in routers]
                if not own and not hasattr(module, "__path__"):
                    place = Place(module.__file__ or module_name)
                    message = "no Router here"
                    problems.append(
                        Problem(place, module_name, message, "write: router = Router(...)")
                    )
    if problems:
        raise Problems(problems)
    return routers


def _modules(module: ModuleType) -> Iterator[str]:
    yield module.__name__
    for info in pkgutil.iter_modules(getattr(module, "__path__", [])):
        yield f"{module.__name__}.{info.name}"


def import_from(folder: Path, name: str) -> tuple[ModuleType | None, Problem | None]:
    """A module, looked for in ``folder`` too, or why it cannot be imported."""
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    try:
        return importlib.import_module(name), None
    except SyntaxError as error:
        place = Place(error.filename or name, error.lineno or 0)
        return None, Problem(place, name, f"not Python: {error.msg}")
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        named = [f for f in frames if "importlib" not in f.filename]
        own = [f for f in named if not Path(f.filename).is_relative_to(OURS)] or named
        last = own[-1] if own else None
        where = Place(last.filename, last.lineno or 0) if last else Place(name)
        return None, Problem(where, name, f"{type(error).__name__}: {error}")
