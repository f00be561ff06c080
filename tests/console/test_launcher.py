"""The launcher `arb` and its set-up, run in a copy of the checkout with an installer that writes down what it is asked.

pip itself is asked to install a package made here, under settings that would have it go elsewhere. What is not covered:
pip with a network, and `arb.cmd`, which needs Windows; the latter's text is compared only.
"""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
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
    pip)
        packages=$(echo .venv/lib/python*/site-packages)
        [ -n "${{ELSEWHERE:-}}" ] || mkdir -p "$packages/demo-1.0.dist-info"
        [ -n "${{ELSEWHERE:-}}" ] || echo "Version: 1.0" >"$packages/demo-1.0.dist-info/METADATA" ;;
esac
echo "$1" >>"$DIARY"
env >"$DIARY.env"
sleep "${{SLEEPS:-0}}"
[ "$1" != "${{FAILS_AT:-}}" ] || exit 7
"""
LOCK = (
    "demo==1.0 ; python_full_version >= '3' \\\n    --hash=sha256:{digest}\ndemo==1.0 \\\n    --hash=sha256:{digest}\n"
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a POSIX shell runs the launcher")


@dataclass(frozen=True)
class Checkout:
    """A copy of what the launcher needs, with the installer's diary beside it."""

    root: Path

    def arb(self, *arguments: str, arb: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.root.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
        settings = {"PATH": path, "DIARY": str(self._diary), "ARB_PYTHON": sys.executable, **environment}
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


def make_wheel(folder: Path) -> str:
    """A package `demo` 1.0 in `folder`; its SHA-256."""
    folder.mkdir()
    wheel = folder / "demo-1.0-py3-none-any.whl"
    info = "demo-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", f"{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n")
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    root = tmp_path / "a checkout"
    (root / "console").mkdir(parents=True)
    for name in ("arb", "console/__init__.py", "console/__main__.py", "console/bootstrap.py"):
        shutil.copy(ROOT / name, root / name)
    digest = make_wheel(tmp_path / "wheels")
    (root / "requirements.lock").write_text(LOCK.format(digest=digest))
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
    failed = checkout.arb(FAILS_AT=step)
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "ended with 7" in failed.stderr
    checkout.calls()
    assert checkout.arb().returncode == 0
    assert checkout.calls() == ["venv", "pip"]


def test_first_uses_at_the_same_time_make_it_once(checkout: Checkout):
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda _: checkout.arb(SLEEPS="0.3"), range(3)))
    assert [result.returncode for result in results] == [0, 0, 0]
    assert checkout.calls() == ["venv", "pip"]


def test_a_set_up_that_installed_elsewhere_does_not_count_and_says_so(checkout: Checkout):
    failed = checkout.arb(ELSEWHERE="1")
    assert (failed.returncode, failed.stdout) == (1, "")
    assert "these are not in .venv: demo 1.0." in failed.stderr
    assert "Traceback" not in failed.stderr
    checkout.calls()
    assert checkout.arb().returncode == 0
    assert checkout.calls() == ["venv", "pip"]


def test_the_installer_gets_the_users_sources_and_none_of_their_places(checkout: Checkout):
    sources = {"UV_DEFAULT_INDEX": "https://mirror.example/simple", "HTTPS_PROXY": "http://proxy.example:3128"}
    places = {"UV_SYSTEM_PYTHON": "1", "UV_PYTHON": "3.9", "PYTHONPATH": "/x", "PIP_TARGET": "/x", "VIRTUAL_ENV": "/x"}
    checkout.arb(**sources, **places)
    given = (checkout.root.parent / "calls.env").read_text().splitlines()
    assert {f"{name}={value}" for name, value in sources.items()} <= set(given)
    assert not {name for name in places if any(line.startswith(f"{name}=") for line in given)}


STEERED_BY = {
    "variables": ("", {"PIP_TARGET": "{there}", "PIP_USER": "1", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "{wheels}"}),
    "a file": (
        "[global]\nno-index = true\nfind-links = {wheels}\n[install]\ntarget = {there}\ndry-run = true\n",
        {"PIP_FIND_LINKS": "", "PIP_NO_INDEX": ""},
    ),
    "a prefix": ("", {"PIP_PREFIX": "{there}", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "{wheels}"}),
}


@pytest.mark.parametrize("file, variables", STEERED_BY.values(), ids=STEERED_BY)
def test_pip_installs_here_whatever_its_settings_say_and_from_where_they_say(checkout: Checkout, file, variables):
    (checkout.root.parent / "bin" / "uv").write_text("#!/bin/sh\nexit 1\n")
    places = {"there": checkout.root.parent / "there", "wheels": checkout.root.parent / "wheels"}
    settings = checkout.root.parent / "pip.conf"
    settings.write_text(file.format(**places))
    steered = {name: value.format(**places) for name, value in variables.items()}
    done = checkout.arb(**steered, PIP_CONFIG_FILE=str(settings))
    assert (done.returncode, places["there"].exists()) == (0, False), done.stderr
    assert list(checkout.root.glob(".venv/lib/*/site-packages/demo-1.0.dist-info"))


def test_another_checkouts_code_does_not_run_whatever_the_user_set(checkout: Checkout):
    other = checkout.root.parent / "other"
    for package in ("console", "arbitrage_core", "json"):
        (other / package).mkdir(parents=True)
        (other / package / "__init__.py").write_text("raise SystemExit('another checkout')")
    (other / "sitecustomize.py").write_text("raise SystemExit('another site')")
    checkout.arb()
    told = checkout.arb(PYTHONPATH=str(other), PYTHONHOME="/nowhere", PYTHONSTARTUP=str(other / "sitecustomize.py"))
    assert json.loads(told.stdout)["checkout"] == str(checkout.root / "console")


def test_a_package_that_was_taken_out_since_is_named_and_the_next_command_sets_up_anew(checkout: Checkout):
    (checkout.root / "console/cli.py").write_text("import demo_of_somebody\n")
    checkout.arb()
    failed = checkout.arb()
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-2].startswith("error: demo_of_somebody is missing")
    assert failed.stderr.splitlines()[-1] == "cure: give the command again: it makes .venv anew"
    (checkout.root / "console/cli.py").write_text(COMMAND_LINE)
    checkout.calls()
    assert checkout.arb().returncode == 0
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
