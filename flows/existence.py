"""Existence: whether a name of code or a test is in the checkout, read from the sources and not imported.

It is wrong where names lie: it sees that a name is written, not that it does what it says. What it does is for the
measured evidence to show.
"""

import ast
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
SKIPS = ("skip", "xfail")
"""Markers of a test that is not run, or may fail."""


def missing_code(names: Iterable[str], root: Path = CHECKOUT) -> tuple[str, ...]:
    """Of `module` and `module:name` (`module:Class.name`) those that are not there."""
    return tuple(name for name in names if not _code_is_there(name, root))


def missing_tests(names: Iterable[str], root: Path = CHECKOUT) -> tuple[str, ...]:
    """Of `tests/….py` (any test in it) and `tests/….py::name` those that are not there, or are skipped."""
    return tuple(name for name in names if not _test_is_there(name, root))


def _code_is_there(name: str, root: Path) -> bool:
    module, _, attribute = name.partition(":")
    path = root / module.replace(".", "/")
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    if not file.is_file():
        return False
    body = _body(file)
    for part in attribute.split(".") if attribute else ():
        found = [node for node in body if part in _names(node)]
        if not found:
            return False
        body = found[-1].body if isinstance(found[-1], ast.ClassDef) else []
    return True


def _test_is_there(name: str, root: Path) -> bool:
    path, _, wanted = name.partition("::")
    file = root / path
    if not file.is_file():
        return False
    tests = [
        node
        for node in _body(file)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    ]
    return any(node.name == wanted or not wanted for node in tests if not _is_skipped(node))


def _is_skipped(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it bears `@pytest.mark.skip` or `xfail`; a condition (`skipif`) is another matter."""
    marks = [mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list]
    return any(isinstance(mark, ast.Attribute) and mark.attr in SKIPS for mark in marks)


def _names(node: ast.stmt) -> tuple[str, ...]:
    """What a statement gives a name to."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return (node.name,)
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return tuple(target.id for target in targets if isinstance(target, ast.Name))


@lru_cache(maxsize=512)
def _body(file: Path) -> list[ast.stmt]:
    return ast.parse(file.read_text(encoding="utf-8")).body
