"""Makes `.venv` from requirements.lock: the set-up behind `arb` and `arb.cmd`, run by the system's own Python.

Standard library only. All it says goes to stderr, because a command prints one JSON document on stdout.

The environment counts as made when it holds a copy of the lock it was installed from, and that copy gets its name
last: an interrupted set-up does not count, and the next one starts afresh. One set-up runs at a time and the others
wait for it. The installer inherits the lock file, so a set-up that is killed keeps the others out until its installer
has gone too.

Of the user's settings for pip or uv the installer is given those that say where packages come from (an index, a
mirror, its certificate), none that say where they go. Then it is looked at whether what the lock names is there.

Where it is wrong: uv's own files are read by uv, so one that installs elsewhere is noticed only afterwards; on Windows
the lock file is not inherited; and a set-up after a change of the requirements replaces packages under the commands
that still run.
"""

import ast
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements.lock"
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
MADE_FROM = VENV / "requirements.lock"  # read by the launchers too
MADE_WITH = VENV / "made-with"
SPACE_NEEDED_BYTES = 1_500_000_000
NAMED_MAX = 5

PIP_SOURCES = re.compile(
    "(index-url|extra-index-url|no-index|find-links|trusted-host|cert|client-cert|proxy|(default-)?timeout|retries"
    "|resume-retries|keyring-provider|(no-)?cache-dir|use-feature)"
)
"""Settings of pip that say where packages come from and how they are fetched."""
UV_SOURCES = re.compile(
    "UV_(INDEX|DEFAULT_INDEX|EXTRA_INDEX|FIND_LINKS|NO_INDEX|INSECURE_HOST|KEYRING|NATIVE_TLS|SYSTEM_CERTS|HTTP|REQUEST"
    "|OFFLINE|CACHE|NO_CACHE|CONCURRENT|LINK_MODE|CONFIG_FILE|PYTHON_INSTALL)"
)
STEERED = re.compile("(PIP|UV|PYTHON|VIRTUAL_ENV|CONDA)(_|$)|PYTHON|__PYVENV")
"""Variables that say where packages go, or whose code the installer runs; ours alone are wanted."""

LOOK = """
import re, sys
from importlib.metadata import PackageNotFoundError, version
for line in open(sys.argv[1], encoding="utf-8"):
    pin = re.match(r"([\\w.-]+)(?:\\[.*?\\])?==(\\S+)(?:\\s*;(.*?))?\\s*\\\\?$", line)
    if pin is None:
        continue
    if pin[3]:
        try:
            from packaging.markers import Marker
        except ImportError:
            continue
        if not Marker(pin[3].strip()).evaluate():
            continue
    try:
        found = version(pin[1])
    except PackageNotFoundError:
        found = None
    if found != pin[2]:
        print(pin[1], pin[2])
"""
"""Run by the environment's own Python: which pins of the lock are not there."""


class SetupError(Exception):
    """A step of the set-up failed; the text names the step, the cause where it is known, and the cure."""


def main() -> int:
    """Make the environment unless it is made: 0 when it stands, 1 when a step failed, 130 when interrupted."""
    try:
        with _alone(ROOT / ".venv.lock"):
            if not _is_made():
                _make()
    except (SetupError, OSError) as error:
        _say(f"set-up failed: {error}")
        return 1
    except KeyboardInterrupt:
        _say("set-up interrupted; the next command starts it afresh")
        return 130
    return 0


def _is_made() -> bool:
    return _is_usable() and MADE_FROM.read_bytes() == REQUIREMENTS.read_bytes()


def _is_usable() -> bool:
    """Whether a finished environment stands, be it from an older lock, with the interpreter asked for."""
    chosen = os.environ.get("ARB_PYTHON", "")
    return PYTHON.exists() and MADE_FROM.exists() and chosen in ("", MADE_WITH.read_text(encoding="utf-8").strip())


def _make() -> None:
    uv = _find_uv()
    installer = "uv" if uv else "pip (uv would take seconds)"
    started = time.monotonic()
    is_kept = uv is not None and _is_usable()  # uv removes what has left the lock; pip does not
    MADE_FROM.unlink(missing_ok=True)
    if is_kept:
        _say(f"requirements.lock has changed: updating .venv with {installer} ...")
    else:
        _say(f"making .venv from requirements.lock with Python {sys.version.split()[0]} and {installer} ...")
        _create(uv)
    partial = MADE_FROM.with_suffix(".partial")
    shutil.copyfile(REQUIREMENTS, partial)
    _install(uv, partial)
    _look(partial)
    partial.replace(MADE_FROM)
    _say(f".venv is ready after {time.monotonic() - started:.1f} s")


def _find_uv() -> str | None:
    """uv's path, if it is there and answers: a version manager's shim may stand for a uv that is not installed."""
    uv = shutil.which("uv")
    if uv is None:
        return None
    answer = subprocess.run([uv, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return uv if answer.returncode == 0 else None


def _create(uv: str | None) -> None:
    if VENV.exists():
        shutil.rmtree(VENV)
    if uv:
        command = [uv, "venv", "--quiet", "--no-project", "--python", sys.executable, str(VENV)]
    else:
        command = [sys.executable, "-I", "-m", "venv", str(VENV)]
    _run(
        command,
        {**_unsteered(), **_uv_sources()},
        cure="Install Python's venv module (on Debian and Ubuntu: apt install python3-venv) or uv.",
    )
    MADE_WITH.write_text(os.environ.get("ARB_PYTHON", "") + "\n", encoding="utf-8")
    packages = Path(sysconfig.get_path("purelib", "venv", {"base": str(VENV), "platbase": str(VENV)}))
    # The checkout's packages are importable from anywhere; the path is relative, so the checkout may be moved.
    (packages / "cross_exchange_arbitrage.pth").write_text(os.path.relpath(ROOT, packages) + "\n", encoding="utf-8")


def _install(uv: str | None, requirements: Path) -> None:
    if uv:
        command = [uv, "pip", "sync", "--python", str(PYTHON)]
    else:
        command = [str(PYTHON), "-I", "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "-r"]
    _run(
        [*command, str(requirements), "--require-hashes", "--only-binary", ":all:"],
        {**_unsteered(), **(_uv_sources() if uv else {**_pip_sources(), "PIP_CONFIG_FILE": os.devnull})},
        cure="If it reached no package index: mend the network, or tell it of your proxy or mirror. If a package has no"
        " build\n     for this machine: there are builds for Linux, Windows (x86-64) and macOS (Apple silicon).",
    )


def _unsteered() -> dict[str, str]:
    """The user's environment (proxies, certificates and all), but for what says where packages go."""
    return {name: value for name, value in os.environ.items() if not STEERED.match(name)}


def _uv_sources() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if UV_SOURCES.match(name)}


def _pip_sources() -> dict[str, str]:
    """The user's settings of where packages come from, from pip's files and variables, as variables."""
    listed = subprocess.run(
        [str(PYTHON), "-I", "-m", "pip", "config", "list"],
        env={**_unsteered(), **{name: value for name, value in os.environ.items() if name.startswith("PIP_")}},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if listed.returncode != 0:
        raise SetupError("pip cannot read its own settings; its words stand above.\n     Mend them: pip config debug")
    found: dict[str, str] = {}
    for section in ("global", "install", ":env:"):  # the later counts, as for pip
        for name, value in re.findall(rf"^{re.escape(section)}\.([\w-]+)=(['\"].*)$", listed.stdout, re.MULTILINE):
            if PIP_SOURCES.fullmatch(name) and (said := str(ast.literal_eval(value))):  # pip too skips what is empty
                found[f"PIP_{name.upper().replace('-', '_')}"] = said
    return found


def _look(requirements: Path) -> None:
    """Whether what the lock names is in the environment, whatever the installer said."""
    told = subprocess.run(
        [str(PYTHON), "-I", "-X", "utf8", "-c", LOOK, str(requirements)],
        env=_unsteered(),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    missing = told.stdout.splitlines()
    if told.returncode != 0:
        raise SetupError(
            f"{PYTHON} does not run; its words stand above.\n     Delete .venv and give the command again."
        )
    if missing:
        more = f" and {len(missing) - NAMED_MAX} more" if len(missing) > NAMED_MAX else ""
        raise SetupError(
            f"the installer saw no error, yet these are not in .venv: {', '.join(missing[:NAMED_MAX])}{more}.\n"
            "     Some setting makes it install elsewhere: see `pip config list`, or uv's uv.toml, and take it out.\n"
            "     Then give the command again: the set-up starts afresh."
        )


def _run(command: list[str], environment: dict[str, str], cure: str) -> None:
    """Run a step with its progress on stderr; it inherits the open lock file."""
    result = subprocess.run(command, env=environment, cwd=ROOT, stdout=sys.stderr, close_fds=False, check=False)
    if result.returncode == 0:
        return
    free = shutil.disk_usage(ROOT).free
    if free < SPACE_NEEDED_BYTES:
        cure = f"The disk has {free / 1e6:.0f} MB left and about {SPACE_NEEDED_BYTES / 1e6:.0f} are needed: make room."
    raise SetupError(
        f"`{shlex.join(command)}` ended with {result.returncode}; its own words stand above.\n"
        f"     {cure}\n     Then give the command again: the set-up starts afresh."
    )


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the file's lock, which the system drops when this process and its installer have ended."""
    with path.open("a") as file:
        os.set_inheritable(file.fileno(), True)
        if not _locks(file):
            _say("another set-up is at work; waiting for it ...")
            while not _locks(file):
                time.sleep(0.2)
        yield


def _locks(file: IO[str]) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _say(text: str) -> None:
    print(f"arb: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
