"""The interpreter: a Python, and what Prefect's server imports, where the user that the server runs as can read them.

As root the server runs as an unprivileged user, and a Python below root's home, or an environment below a private
folder, is out of that user's reach. What is needed is then copied, once, to a place of the system's named by what it
holds: the standard library and the packages that Prefect needs, about 240 MB. All of root's checkouts share it, and
only root may write it.

Where it is wrong: it takes what installed packages say of each other, so a package that another imports without
saying so is not there; and copies of versions that are no longer used stay until somebody deletes them.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

from arbitrage_core.services.environment import store_environment
from arbitrage_core.services.operating_system import GROUND_FOR_ROOT, User, is_readable, make_passable
from arbitrage_core.services.service import Notice

ROOTS = ("prefect", "uvicorn", "websockets")
COMPILE_MAX_S = 120.0
STDLIB_LEFT_OUT = ("site-packages", "test", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip")


@dataclass(frozen=True)
class Interpreter:
    """A Python: its program, where it finds packages, and what its program needs in the environment."""

    program: Path
    packages: tuple[Path, ...]
    environment: dict[str, str]


def interpreter_for(user: User | None, notice: Notice) -> Interpreter:
    """A Python that `user` may run, with Prefect. Raises OSError."""
    program = Path(sys.executable)
    packages = Path(sysconfig.get_path("purelib"))
    seen = (Path(os.path.realpath(program)), Path(os.__file__), packages / "prefect" / "__init__.py")
    if all(is_readable(path, user) for path in seen):
        return Interpreter(program, (), {})
    wanted = _needed(ROOTS)
    place = GROUND_FOR_ROOT / f"python-{_digest(wanted)}"
    if not place.is_dir():
        notice("copying Prefect to where a user without privileges can read it; once, about half a minute")
        _copy(place, wanted)
    return Interpreter(place / "bin" / "python3", (place / "packages",), {"LD_LIBRARY_PATH": str(place / "lib")})


def _needed(roots: Sequence[str]) -> dict[str, Distribution]:
    """The installed packages that these need, themselves included, by their names."""
    found: dict[str, Distribution] = {}
    seen: set[tuple[str, str]] = set()
    todo = [(name, "") for name in roots]
    while todo:
        name, extra = todo.pop()
        name = name.lower().replace("_", "-").replace(".", "-")
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            found[name] = distribution(name)
        except PackageNotFoundError:
            continue  # of another system's, or of an extra that nobody asked for
        for one in found[name].requires or []:
            requirement = Requirement(one)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                todo += [(requirement.name, asked) for asked in ("", *requirement.extras)]
    return found


def _digest(wanted: dict[str, Distribution]) -> str:
    told = [sys.version, sys.base_prefix, *(f"{name}=={one.version}" for name, one in sorted(wanted.items()))]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def _copy(place: Path, wanted: dict[str, Distribution]) -> None:
    """Makes the copy; it appears whole or not at all, and where another command made it meanwhile, that one stays."""
    make_passable(place.parent)
    unfinished = place.with_name(f"{place.name}.{os.getpid()}")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        _copy_python(unfinished)
        for one in wanted.values():
            _copy_package(one, unfinished / "packages")
        _compile(unfinished)
        _let_read(unfinished)
        if not place.is_dir():
            unfinished.replace(place)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _copy_python(target: Path) -> None:
    """Program, shared library and standard library, laid out as Python looks for them."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    (target / "bin").mkdir(parents=True)
    shutil.copyfile(os.path.realpath(sys.executable), target / "bin" / "python3")
    shutil.copytree(
        Path(os.__file__).parent,
        target / "lib" / version,
        ignore=shutil.ignore_patterns(*STDLIB_LEFT_OUT, "__pycache__", "config-*"),
    )
    for library in (Path(sys.base_prefix) / "lib").glob("libpython*.so*"):
        shutil.copyfile(library, target / "lib" / library.name)


def _copy_package(one: Distribution, target: Path) -> None:
    for file in one.files or []:
        if ".." in file.parts or file.is_absolute() or file.suffix == ".pyc":
            continue  # programs, which nobody runs there
        source = Path(str(file.locate()))
        if source.is_file():
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target / file)


def _compile(folder: Path) -> None:
    """Imports it once: its user may not write the compiled form, and would compile anew at each start."""
    code = f"import sys; sys.path[:0] = [{str(folder / 'packages')!r}]; import uvicorn, prefect.server.api.server"
    settings = {"PREFECT_HOME": str(folder / "tmp"), "PREFECT_PROFILES_PATH": str(folder / "tmp" / "none")}
    environment = {**store_environment(), **settings, "LD_LIBRARY_PATH": str(folder / "lib")}
    command = [folder / "bin" / "python3", "-I", "-c", code]
    (folder / "bin" / "python3").chmod(0o755)
    subprocess.run(command, env=environment, cwd=folder, capture_output=True, check=False, timeout=COMPILE_MAX_S)
    shutil.rmtree(folder / "tmp", ignore_errors=True)


def _let_read(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        is_program = path.is_dir() or path.parent.name == "bin"
        path.chmod(0o755 if is_program else 0o644)
