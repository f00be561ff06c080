"""What is in the checkout and what is not: names of code, and tests that are run."""

from pathlib import Path

import pytest

from flows.existence import missing_code, missing_tests

SOURCE = '''"""A module."""

LIMIT: int = 3
OTHER = 4


class Session:
    """One."""

    rows = 0

    def end(self): ...


def run(): ...
'''
TESTS = '''"""Tests."""

import pytest


def test_that_is_run(): ...


@pytest.mark.parametrize("x", [1])
def test_of_a_table(x): ...


@pytest.mark.skip(reason="not now")
def test_that_is_not_run(): ...


@pytest.mark.xfail
def test_that_may_fail(): ...


def helper(): ...
'''


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A checkout of one module, one package and one file of tests."""
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "__init__.py").write_text('"""Engine."""\n\nSTEPS = 1\n', encoding="utf-8")
    (tmp_path / "engine" / "session.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_session.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "tests" / "test_skipped.py").write_text(
        "import pytest\n\n\n@pytest.mark.skip\ndef test_no(): ...\n", encoding="utf-8"
    )
    return tmp_path


THERE = ["engine", "engine:STEPS", "engine.session", "engine.session:LIMIT", "engine.session:OTHER"]
THERE += ["engine.session:run", "engine.session:Session.end", "engine.session:Session.rows"]
NOT_THERE = ["engine.replay", "nothing", "engine:STOPS", "engine.session:Session.begin", "engine.session:run.end"]


def test_code_that_is_there_is_found_and_other_names_are_missing(root: Path) -> None:
    assert missing_code([*THERE, *NOT_THERE], root) == tuple(NOT_THERE)


def test_a_test_is_there_when_it_is_run(root: Path) -> None:
    there = [
        "tests/test_session.py",
        "tests/test_session.py::test_that_is_run",
        "tests/test_session.py::test_of_a_table",
    ]
    names = ("test_that_is_not_run", "test_that_may_fail", "helper", "test_of_nothing")
    missing = [f"tests/test_session.py::{name}" for name in names]
    missing += ["tests/test_skipped.py", "tests/test_gone.py"]
    assert missing_tests([*there, *missing], root) == tuple(missing)
