"""The style as a test: each rule reads one file and names every line that breaks it, and has examples it must find.

It is wrong where names lie: a rule sees how a file is written, not what it does, and a banned call under a computed
name passes.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("arbitrage_core", "checks", "console", "deployments", "flows")
CORE = re.compile(r"arbitrage_core/(domain|engine|statistics|strategies|laws)\b")

FILE_LINES_MAX = 450  # about 400 is the aim; past that a file holds two nouns
FUNCTION_LINES_MAX = 60  # without its docstring
BANNED_NAMES = {"base", "common", "helpers", "misc", "utils"}
PICKLERS = {"_pickle", "cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
IMPURE_MODULES = {
    *(
        "asyncio",
        "logging",
        "multiprocessing",
        "numpy.random",
        "random",
        "secrets",
        "socket",
        "subprocess",
        "threading",
    ),
    *("ccxt", "great_expectations", "prefect", "redis", "sqlalchemy", "time", "uuid"),
}
CLOCKS = {"datetime.date.today", *(f"datetime.datetime.{name}" for name in ("now", "today", "utcnow"))}
IMPURE_BUILTINS = {"__import__", "eval", "exec", "input", "open", "print"}
CONTAINERS = {"defaultdict", "deque", "dict", "list", "set", "Counter", "OrderedDict"}
OTHER_LOCKS = {"Pipfile.lock", "poetry.lock", "pylock.toml", "uv.lock"}

Findings = Iterator[tuple[int, str]]


@dataclass(frozen=True)
class Source:
    """One file: its path below the root, with slashes, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    def imports(self) -> Iterator[tuple[int, str, str]]:
        """Line, dotted name and local name of everything imported."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield node.lineno, alias.name, alias.asname or alias.name
            elif isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    yield node.lineno, f"{node.module or '.'}.{alias.name}", alias.asname or alias.name

    def called(self, node: ast.expr) -> str:
        """The dotted name an expression stands for, read through the imports; empty if it is not a name."""
        if isinstance(node, ast.Attribute):
            owner = self.called(node.value)
            return f"{owner}.{node.attr}" if owner else ""
        return self._origins.get(node.id, node.id) if isinstance(node, ast.Name) else ""

    @cached_property
    def _origins(self) -> dict[str, str]:
        return {local: name for _, name, local in self.imports() if "." not in local}


def file_is_short(source: Source) -> Findings:
    lines = source.text.count("\n")
    if lines > FILE_LINES_MAX:
        yield FILE_LINES_MAX, f"{lines} lines: past about 400 a file holds two nouns"


def functions_are_short(source: Source) -> Findings:
    for node in source.nodes:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            text = node.body[0] if ast.get_docstring(node, clean=False) is not None else None
            lines = _lines(node) - (_lines(text) if text else 0)
            if lines > FUNCTION_LINES_MAX:
                yield node.lineno, f"{node.name} has {lines} lines"


def module_is_a_noun(source: Source) -> Findings:
    for part in PurePosixPath(source.path).with_suffix("").parts:
        if part.strip("_") in BANNED_NAMES:
            yield 1, f"'{part}' names nothing"


def module_has_a_docstring(source: Source) -> Findings:
    if not ast.get_docstring(source.tree):
        yield 1, "no module docstring"


def public_names_have_docstrings(source: Source) -> Findings:
    for node in source.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if not node.name.startswith("_") and not ast.get_docstring(node):
                yield node.lineno, f"{node.name} has no docstring"


def core_is_pure(source: Source) -> Findings:
    for line, name, _ in source.imports():
        if any(name == module or name.startswith(f"{module}.") for module in IMPURE_MODULES):
            yield line, f"imports {name}"
    for node in source.nodes:
        if isinstance(node, ast.Attribute) and (name := source.called(node)) in IMPURE_MODULES | CLOCKS:
            yield node.lineno, f"uses {name}"
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_BUILTINS:
            yield node.lineno, f"calls {node.func.id}"


def no_exception_is_swallowed(source: Source) -> Findings:
    broad = {"BaseException", "Exception"}
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler):
            caught = {source.called(name) for name in _members(node.type)}
            if (node.type is None or caught & broad) and not isinstance(node.body[-1], ast.Raise):
                yield node.lineno, "catches everything and does not end in a raise"
        elif isinstance(node, ast.Call) and source.called(node.func) == "contextlib.suppress":
            if broad & {source.called(name) for name in node.args}:
                yield node.lineno, "suppresses everything"


def nothing_is_pickled(source: Source) -> Findings:
    for line, name, _ in source.imports():
        if name.split(".")[0] in PICKLERS:
            yield line, f"imports {name}"
    for node in source.nodes:
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            if not (isinstance(node.value, ast.Constant) and node.value.value is False):
                yield node.value.lineno, "allows pickle"
        elif isinstance(node, ast.Attribute) and node.attr in ("read_pickle", "to_pickle"):
            yield node.lineno, node.attr


def nothing_is_asserted(source: Source) -> Findings:
    for node in source.nodes:
        if isinstance(node, ast.Assert):
            yield node.lineno, "assert vanishes under -O: raise"


def modules_hold_no_state(source: Source) -> Findings:
    for node in source.nodes:
        if isinstance(node, ast.Global):
            yield node.lineno, f"global {', '.join(node.names)}"
    for node in source.tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value and _is_empty_container(node.value):
            yield node.lineno, "an empty container at module level waits to be filled"


def lock_names_no_host(source: Source) -> Findings:
    for number, line in enumerate(source.text.splitlines(), 1):
        if re.search(r"https?:|://|\bindex\b|--find-links|\w @ |file:", line):
            yield number, line
    for requirement in re.finditer(r"^[a-z][^#\n]*\n(?!    --hash=sha256:)", source.text, re.MULTILINE):
        yield source.text.count("\n", 0, requirement.start()) + 1, f"no hash: {requirement[0].strip()}"


def one_lock_only(source: Source) -> Findings:
    if PurePosixPath(source.path).name in OTHER_LOCKS:
        yield 1, "requirements.lock, and that of the mutation check, are the only locks"


def no_machine_is_named(source: Source) -> Findings:
    folder = re.compile(r"(?<![\w.:/~-])(?:[A-Za-z]:)?[/\\]{1,2}(?:home|root|Users|work|workspace)[/\\]+[\w.-]")
    for number, line in enumerate(source.text.splitlines(), 1):
        if folder.search(line):
            yield number, line.strip()


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _members(node: ast.expr | None) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node] if node else []


def _is_empty_container(node: ast.expr) -> bool:
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return name in CONTAINERS and all(isinstance(arg, ast.Name) for arg in node.args) and not node.keywords
    return (isinstance(node, ast.List) and not node.elts) or (isinstance(node, ast.Dict) and not node.keys)


def _is_python(path: str) -> bool:
    return path.endswith(".py")


def _is_product(path: str) -> bool:
    return _is_python(path) and path.startswith(tuple(f"{name}/" for name in PACKAGES))


def _is_engine_package(path: str) -> bool:
    return _is_python(path) and path.startswith("arbitrage_core/")


def _is_core(path: str) -> bool:
    return _is_python(path) and bool(CORE.match(path))


def _is_lock(path: str) -> bool:
    return path in ("requirements.lock", "requirements-mutation.lock")


def _is_any(path: str) -> bool:
    return True


Rule = Callable[[Source], Findings]
RULES: dict[Rule, Callable[[str], bool]] = {
    file_is_short: _is_python,
    functions_are_short: _is_python,
    module_is_a_noun: _is_python,
    module_has_a_docstring: _is_python,
    public_names_have_docstrings: _is_engine_package,
    core_is_pure: _is_core,
    no_exception_is_swallowed: _is_python,
    nothing_is_pickled: _is_python,
    nothing_is_asserted: _is_product,
    modules_hold_no_state: _is_product,
    lock_names_no_host: _is_lock,
    one_lock_only: _is_any,
    no_machine_is_named: _is_any,
}

ENGINE = "arbitrage_core/engine/step.py"
BAD: list[tuple[Rule, str, str]] = [
    (file_is_short, ENGINE, "x = 1\n" * 451),
    (functions_are_short, ENGINE, "def f():\n" + "    x = 1\n" * 60),
    (functions_are_short, ENGINE, 'async def f():\n    """Short."""\n' + "    x = 1\n" * 60),
    (module_is_a_noun, "arbitrage_core/utils.py", ""),
    (module_is_a_noun, "tests/_helpers.py", ""),
    (module_is_a_noun, "flows/common/retry.py", ""),
    (module_has_a_docstring, "flows/__init__.py", ""),
    (module_has_a_docstring, ENGINE, "import math\n"),
    (public_names_have_docstrings, ENGINE, "def step(): ...\n"),
    (public_names_have_docstrings, ENGINE, "class State: ...\n"),
    (core_is_pure, ENGINE, "import time\n"),
    (core_is_pure, ENGINE, "from asyncio import sleep\n"),
    (core_is_pure, ENGINE, "import ccxt.pro as exchange\n"),
    (core_is_pure, ENGINE, "import redis\n"),
    (core_is_pure, ENGINE, "from sqlalchemy.orm import Session\n"),
    (core_is_pure, ENGINE, "import prefect\n"),
    (core_is_pure, ENGINE, "import random\n"),
    (core_is_pure, ENGINE, "from numpy.random import default_rng\n"),
    (core_is_pure, ENGINE, "import numpy as np\nnp.random.seed(1)\n"),
    (core_is_pure, ENGINE, "from numpy import random\n"),
    (core_is_pure, "arbitrage_core/domain/money.py", "from datetime import datetime\ndatetime.now()\n"),
    (core_is_pure, "arbitrage_core/strategies/spread.py", "import datetime as dt\nnow = dt.datetime.utcnow\n"),
    (core_is_pure, "arbitrage_core/statistics/ratios.py", "from datetime import date\ndate.today()\n"),
    (core_is_pure, "arbitrage_core/laws.py", "open('journal')\n"),
    (core_is_pure, ENGINE, "print('here')\n"),
    (no_exception_is_swallowed, ENGINE, "try:\n    f()\nexcept:\n    pass\n"),
    (no_exception_is_swallowed, ENGINE, "try:\n    f()\nexcept Exception as error:\n    log(error)\n"),
    (no_exception_is_swallowed, ENGINE, "try:\n    f()\nexcept (OSError, BaseException):\n    g()\n"),
    (no_exception_is_swallowed, ENGINE, "from contextlib import suppress\nwith suppress(Exception):\n    f()\n"),
    (nothing_is_pickled, ENGINE, "import pickle\n"),
    (nothing_is_pickled, ENGINE, "def f():\n    from joblib.numpy_pickle import load\n"),
    (nothing_is_pickled, ENGINE, "import numpy as np\nnp.load('f', allow_pickle=True)\n"),
    (nothing_is_pickled, ENGINE, "frame.to_pickle('f')\n"),
    (nothing_is_asserted, ENGINE, "assert lots > 0\n"),
    (modules_hold_no_state, ENGINE, "def f():\n    global count\n    count = 1\n"),
    (modules_hold_no_state, ENGINE, "_cache = {}\n"),
    (modules_hold_no_state, ENGINE, "seen: list[int] = []\n"),
    (modules_hold_no_state, ENGINE, "import collections\nby_symbol = collections.defaultdict(list)\n"),
    (lock_names_no_host, "requirements.lock", "--index-url https://pypi.example/simple\n"),
    (lock_names_no_host, "requirements.lock", "numpy @ file:numpy.whl\n"),
    (lock_names_no_host, "requirements.lock", "numpy==2.4.6\n"),
    (lock_names_no_host, "requirements-mutation.lock", "parso==0.8.7\n"),
    (one_lock_only, "uv.lock", ""),
    (one_lock_only, "docs/pylock.toml", ""),
    (no_machine_is_named, "docs/run.md", "Run it in /" + "home/alice/arbitrage.\n"),
    (no_machine_is_named, "README.md", "`C:\\" + "Users\\alice`\n"),
]
GOOD: list[tuple[Rule, str, str]] = [
    (file_is_short, ENGINE, "x = 1\n" * 450),
    (functions_are_short, ENGINE, 'def f():\n    """' + "\n" * 60 + '"""\n' + "    x = 1\n" * 59),
    (module_is_a_noun, "arbitrage_core/domain/baseline.py", ""),
    (public_names_have_docstrings, ENGINE, "def _edge(): ...\n"),
    (
        core_is_pure,
        ENGINE,
        "import datetime\nimport numpy as np\ntime = datetime.datetime.fromtimestamp(0)\nnp.sum(time)\n",
    ),
    (no_exception_is_swallowed, ENGINE, "try:\n    f()\nexcept Exception:\n    seal()\n    raise\n"),
    (no_exception_is_swallowed, ENGINE, "try:\n    f()\nexcept OSError:\n    pass\n"),
    (nothing_is_pickled, ENGINE, "import numpy as np\nnp.load('f', allow_pickle=False)\n"),
    (modules_hold_no_state, ENGINE, "FEES = {'maker': 1}\nVENUES = set('ab')\n__all__ = ['FEES']\n"),
    (lock_names_no_host, "requirements.lock", "# by uv\nnumpy==2.4.6 \\\n    --hash=sha256:00\n    # via pandas\n"),
    (no_machine_is_named, "docs/api.md", "GET https://example.org/home/page and ~/home/x, at/home/y\n"),
]


def test_the_walk_sees_every_package():
    roots = {source.path.split("/")[0] for source in _tree()}
    assert {*PACKAGES, "tests"} <= roots


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps_the_rule(rule: Rule):
    broken = [
        f"{source.path}:{line}: {what}" for source in _tree() if RULES[rule](source.path) for line, what in rule(source)
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.parametrize("rule, path, text", BAD)
def test_a_bad_example_is_found(rule: Rule, path: str, text: str):
    assert RULES[rule](path)
    assert list(rule(Source(path, text)))


@pytest.mark.parametrize("rule, path, text", GOOD)
def test_a_good_example_passes(rule: Rule, path: str, text: str):
    assert RULES[rule](path)
    assert not list(rule(Source(path, text)))


def test_every_rule_has_a_bad_example():
    assert {rule for rule, _, _ in BAD} == set(RULES)


TOOLS = {"lint": ["check", "--no-cache"], "format": ["format", "--check", "--no-cache"]}


@pytest.mark.parametrize("tool", TOOLS)
def test_ruff_finds_nothing(tool: str):
    result = _ruff(*TOOLS[tool], ".")
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("tool, text", [("lint", "import os\n"), ("format", "x=1\n")])
def test_ruff_finds_a_bad_example(tool: str, text: str):
    assert _ruff(*TOOLS[tool], "--stdin-filename", "flows/bad.py", "-", text=text).returncode == 1


@cache
def _tree() -> tuple[Source, ...]:
    """Every text file that git tracks or would track."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git checkout, so nothing says which files are the project's")
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listing, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    files = [ROOT / name for name in sorted(names.split("\0")) if name and (ROOT / name).is_file()]
    contents = ((file, file.read_bytes()) for file in files)
    return tuple(
        Source(file.relative_to(ROOT).as_posix(), content.decode("utf-8"))
        for file, content in contents
        if b"\0" not in content
    )


def _ruff(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ruff", *arguments]
    return subprocess.run(command, cwd=ROOT, input=text, capture_output=True, text=True, check=False)
