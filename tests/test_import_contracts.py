"""Imports point one way: the contracts of pyproject.toml hold in the tree, and each is broken by an import it forbids.

The examples run in a skeleton of the packages, those still to come included, with one import planted in it.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENGINE_PACKAGES = (
    *("domain", "engine", "strategies", "statistics", "feeds", "venues", "storage"),
    *("services", "monitoring", "session", "scenarios", "tuning", "drills"),
)
LINT = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"

FORBIDDEN = [
    ("Packages", "arbitrage_core.session", "checks"),
    ("Packages", "checks", "flows"),
    ("Packages", "flows", "deployments"),
    ("Packages", "deployments", "console"),
    ("The engine package: layers", "arbitrage_core.session", "arbitrage_core.tuning"),
    ("The engine package: layers", "arbitrage_core.session", "arbitrage_core.scenarios"),
    ("The engine package: layers", "arbitrage_core.services", "arbitrage_core.session"),
    ("The engine package: layers", "arbitrage_core.venues", "arbitrage_core.monitoring"),
    ("The engine package: layers", "arbitrage_core.feeds", "arbitrage_core.venues"),
    ("The engine package: layers", "arbitrage_core.storage", "arbitrage_core.feeds"),
    ("The engine package: layers", "arbitrage_core.laws", "arbitrage_core.storage"),
    ("The engine package: layers", "arbitrage_core.statistics", "arbitrage_core.laws"),
    ("The engine package: layers", "arbitrage_core.strategies", "arbitrage_core.statistics"),
    ("The engine package: layers", "arbitrage_core.engine", "arbitrage_core.strategies"),
    ("The engine package: layers", "arbitrage_core.domain", "arbitrage_core.engine"),
    ("The engine package knows neither", "arbitrage_core.session", "prefect"),
    ("The engine package knows neither", "arbitrage_core.storage", "great_expectations"),
    ("The engine package knows neither", "arbitrage_core.tuning", "distributed"),
    ("The core has no I/O", "arbitrage_core.engine", "time"),
    ("The core has no I/O", "arbitrage_core.domain", "asyncio"),
    ("The core has no I/O", "arbitrage_core.strategies", "ccxt"),
    ("The core has no I/O", "arbitrage_core.statistics", "sqlalchemy"),
    ("The core has no I/O", "arbitrage_core.engine", "redis"),
    ("Checks see storage", "checks", "arbitrage_core.engine"),
    ("Checks see storage", "checks", "arbitrage_core.laws"),
]
ALLOWED = [
    ("console", "arbitrage_core.domain"),
    ("flows", "checks"),
    ("checks", "arbitrage_core.storage"),
    ("checks", "arbitrage_core.statistics"),
    ("checks.__init__", "arbitrage_core.storage.planted"),
    ("arbitrage_core.tuning", "arbitrage_core.session"),
    ("arbitrage_core.scenarios", "arbitrage_core.session"),
    ("arbitrage_core.session", "asyncio"),
    ("arbitrage_core.storage", "arbitrage_core.statistics"),
    ("flows", "prefect"),
    ("checks", "great_expectations"),
]


def test_the_tree_keeps_every_contract():
    passed, report = _lint(ROOT)
    assert passed, report


@pytest.mark.parametrize("contract, importer, imported", FORBIDDEN)
def test_a_forbidden_import_breaks_its_contract(skeleton: Path, contract: str, importer: str, imported: str):
    _plant(skeleton, importer, imported)
    passed, report = _lint(skeleton)
    assert not passed
    assert any(line.startswith(contract) and line.endswith("BROKEN") for line in report.splitlines()), report


def test_allowed_imports_break_nothing(skeleton: Path):
    for importer, imported in ALLOWED:
        _plant(skeleton, importer, imported)
    passed, report = _lint(skeleton)
    assert passed, report


def test_a_circle_is_found(skeleton: Path):
    (skeleton / "flows/first.py").write_text("import flows.second\n")
    (skeleton / "flows/second.py").write_text("import flows.first\n")
    assert "No import goes round in a circle BROKEN" in _lint(skeleton)[1]


def test_a_place_the_layout_does_not_name_is_found(skeleton: Path):
    (skeleton / "arbitrage_core/attic.py").touch()
    assert not _lint(skeleton)[0]


@pytest.fixture
def skeleton(tmp_path: Path) -> Path:
    folders = ["console", "deployments", "flows", "checks", *(f"arbitrage_core/{name}" for name in ENGINE_PACKAGES)]
    for folder in folders:
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "arbitrage_core/__init__.py").touch()
    (tmp_path / "arbitrage_core/laws.py").touch()
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def _plant(root: Path, importer: str, imported: str) -> None:
    path = root / importer.replace(".", "/")
    file = path / "planted.py" if path.is_dir() else path.with_suffix(".py")
    with file.open("a") as text:
        text.write(f"import {imported}\n")


def _lint(root: Path) -> tuple[bool, str]:
    """Whether every contract is kept under `root`, and the report, one line a contract."""
    result = subprocess.run(
        [sys.executable, "-c", LINT],
        cwd=root,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return result.returncode == 0, result.stdout + result.stderr
