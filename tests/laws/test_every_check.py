"""A check that cannot fail is a defect: every place in the laws that can find something does so for some tampering."""

import ast
import pkgutil
import sys
from importlib import import_module
from pathlib import Path

import pytest

from arbitrage_core import laws
from arbitrage_core.laws import violation
from tests.laws.tampering import broken_by
from tests.laws.test_tampering import TAMPERINGS

FINDERS = ("violations_where", "unequal")
Place = tuple[str, int]


def test_every_check_finds_something(monkeypatch: pytest.MonkeyPatch):
    found: set[Place] = set()
    modules = [import_module(f"arbitrage_core.laws.{module.name}") for module in pkgutil.iter_modules(laws.__path__)]
    for name in FINDERS:
        original = getattr(violation, name)

        def finder(*arguments, original=original):
            violations = original(*arguments)
            if violations:
                caller = sys._getframe(1)
                found.add((Path(caller.f_code.co_filename).name, caller.f_lineno))
            return violations

        for module in modules:
            if module is not violation and hasattr(module, name):
                monkeypatch.setattr(module, name, finder)
    for tampering in TAMPERINGS:
        broken_by(tampering.evidence(), tampering.edit)
    silent = [f"{file}:{first}" for file, first, last in _checks() if not _within(found, file, first, last)]
    assert silent == []


def _within(found: set[Place], file: str, first: int, last: int) -> bool:
    return any((file, line) in found for line in range(first, last + 1))


def _checks() -> list[tuple[str, int, int]]:
    """Every call of a finder in the laws: its file, first and last line."""
    return [
        (path.name, node.lineno, node.end_lineno or node.lineno)
        for path in sorted(Path(laws.__path__[0]).glob("*.py"))
        if path.name != "violation.py"
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FINDERS
    ]
