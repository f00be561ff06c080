"""The launcher `arb` and its set-up, run in a copy of the checkout with an installer that writes down what it is asked.

What is not covered: pip, which needs a network, and `arb.cmd`, which needs Windows; the latter's text is compared only.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
COMMAND_LINE = """
import json, os, sys
print(json.dumps({"arguments": sys.argv[1:], "cwd": os.getcwd(), "checkout": sys.modules["console"].__path__[0]}))
sys.exit(3 if "fail" in sys.argv else 0)
"""
INSTALLER = f"""#!/bin/sh
case $1 in
    --version) exit 0 ;;
    venv) for last; do :; done; '{sys.executable}' -m venv --without-pip "$last" ;;
esac
echo "$1" >>"$UV_CALLS"
sleep "${{UV_SLEEPS:-0}}"
[ "$1" != "${{UV_FAILS_AT:-}}" ] || exit 7
"""

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell runs the launcher")


@dataclass(frozen=True)
class Checkout:
    """A copy of what the launcher needs, with the installer's diary beside it."""

    root: Path

    def arb(self, *arguments: str, arb: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.root.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
        settings = {"PATH": path, "UV_CALLS": str(self._diary), "ARB_PYTHON": sys.executable, **environment}
        return subprocess.run(
            [str(arb or self.root / "arb"), *arguments],
            cwd=self.root.parent,
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        """What the installer was asked since the last look."""
        calls = self._diary.read_text().split() if self._diary.exists() else []
        self._diary.unlink(missing_ok=True)
        return calls

    @property
    def _diary(self) -> Path:
        return self.root.parent / "calls"


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    root = tmp_path / "a checkout"
    (root / "console").mkdir(parents=True)
    for name in ("arb", "requirements.lock", "console/__init__.py", "console/bootstrap.py"):
        shutil.copy(ROOT / name, root / name)
    (root / "console/cli.py").write_text(COMMAND_LINE)
    installer = tmp_path / "bin/uv"
    installer.parent.mkdir()
    installer.write_text(INSTALLER)
    installer.chmod(0o755)
    return Checkout(root)


def test_the_first_use_makes_the_environment_and_keeps_stdout_clean(checkout: Checkout):
    result = checkout.arb("backtest", "two words")
    assert json.loads(result.stdout) == {
        "arguments": ["backtest", "two words"],
        "cwd": str(checkout.root.parent),
        "checkout": str(checkout.root / "console"),
    }
    assert "making .venv" in result.stderr
    assert checkout.calls() == ["venv", "pip"]


def test_later_uses_only_run_the_command(checkout: Checkout):
    checkout.arb()
    checkout.calls()
    result = checkout.arb("fail")
    assert (result.returncode, result.stderr, checkout.calls()) == (3, "", [])


def test_it_runs_through_symbolic_links(checkout: Checkout):
    (checkout.root.parent / "first").symlink_to(checkout.root / "arb")
    (checkout.root / "second").symlink_to("../first")
    assert checkout.arb(arb=checkout.root / "second").returncode == 0


def test_a_moved_checkout_stays_importable(checkout: Checkout):
    checkout.arb()
    moved = Checkout(checkout.root.rename(checkout.root.parent / "moved"))
    checkout.calls()
    assert json.loads(moved.arb().stdout)["checkout"] == str(moved.root / "console")
    assert checkout.calls() == []


def test_a_changed_lock_updates_the_environment(checkout: Checkout):
    checkout.arb()
    checkout.calls()
    with (checkout.root / "requirements.lock").open("a") as lock:
        lock.write("# changed\n")
    assert "updating .venv" in checkout.arb().stderr
    assert checkout.calls() == ["pip"]


def test_another_interpreter_makes_the_environment_anew(checkout: Checkout):
    checkout.arb(ARB_PYTHON="")
    checkout.calls()
    assert checkout.arb().returncode == 0
    assert checkout.calls() == ["venv", "pip"]


@pytest.mark.parametrize("step", ["venv", "pip"])
def test_a_set_up_that_failed_does_not_count(checkout: Checkout, step: str):
    failed = checkout.arb(UV_FAILS_AT=step)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "ended with 7" in failed.stderr
    checkout.calls()
    assert checkout.arb().returncode == 0
    assert checkout.calls() == ["venv", "pip"]


def test_first_uses_at_the_same_time_make_it_once(checkout: Checkout):
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda _: checkout.arb(UV_SLEEPS="0.3"), range(3)))
    assert [result.returncode for result in results] == [0, 0, 0]
    assert checkout.calls() == ["venv", "pip"]


@pytest.mark.parametrize("interpreter", ["/nowhere/python", "/bin/sh"])
def test_an_interpreter_that_does_not_fit_is_named(checkout: Checkout, interpreter: str):
    result = checkout.arb(ARB_PYTHON=interpreter)
    assert (result.returncode, result.stdout) == (1, "")
    assert interpreter in result.stderr


def test_both_launchers_and_the_project_ask_for_the_same_pythons():
    ranges = {
        name: re.findall(pattern, (ROOT / name).read_text(encoding="utf-8"))
        for name, pattern in {
            "arb": r"\(3, (\d+)\) <= sys.version_info < \(3, (\d+)\)",
            "arb.cmd": r"\(3, (\d+)\) <= sys.version_info < \(3, (\d+)\)",
            "pyproject.toml": r'requires-python = ">=3\.(\d+),<3\.(\d+)"',
        }.items()
    }
    assert len({tuple(found) for found in ranges.values()}) == 1, ranges
    assert ranges["arb"]
