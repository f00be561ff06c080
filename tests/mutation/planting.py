"""Planting: a mutant takes the place of the sound code in a process that has imported everything already.

The functions stay the objects that others imported by name; only their code is exchanged. That reaches every caller as
long as nothing was copied before: `rebind` copies functions, so a mutant is planted before the first session is built.
"""

import sys
from types import FunctionType, ModuleType
from typing import Any

PACKAGES = ("arbitrage_core.", "tests.")


def plant(module: ModuleType, source: str) -> None:
    """Exchanges the code of a module's functions and the values of its constants for those of `source`.

    Raises whatever importing the source raises, and AttributeError for a name the module does not have.
    """
    mutated: dict[str, Any] = {"__name__": module.__name__}
    exec(compile(source, str(module.__file__), "exec"), mutated)
    changed = {name: value for name, value in mutated.items() if not name.startswith("__")}
    for name, value in changed.items():
        sound = getattr(module, name)
        if isinstance(value, FunctionType) and value.__module__ == module.__name__:
            sound.__code__ = value.__code__
        elif value is not sound and value != sound:
            _exchange(name, sound, value)


def _exchange(name: str, sound: Any, value: Any) -> None:
    """A constant, wherever it was imported to."""
    for module in list(sys.modules.values()):
        if module.__name__.startswith(PACKAGES) and vars(module).get(name) is sound:
            setattr(module, name, value)
