"""The environment that our processes are started with, and the one this process goes on with: stated, not inherited.

Much of what a user sets for other programs would steer ours: a proxy catches calls to 127.0.0.1, libpq's `PG…` log in
elsewhere, Prefect's, uvicorn's, Dask's and Python's own change what a server is or whose code runs. So it goes the
other way round: named here is what is kept, and everything else is left out, known or not. `ARB_…` are this
platform's own settings, and addresses of the operator's own servers say all about them themselves.

Where it is wrong: what a program reads from files below the user's home is another matter (each client states where
its settings are, or that there are none), and LD_LIBRARY_PATH is kept, since without it some Pythons do not start.
"""

import os
import sys
from collections.abc import MutableMapping
from pathlib import Path

import arbitrage_core
from arbitrage_core.services.home import home

CHECKOUT = Path(arbitrage_core.__file__).resolve().parent.parent

OWN = "ARB_"
"""How this platform's own settings begin. They may hold passwords, so the stores and Prefect's server get none."""

MACHINE = frozenset(
    {
        *("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"),
        *("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "TEMP", "TMP"),
        *("NUMBER_OF_PROCESSORS", "PROCESSOR_ARCHITECTURE", "PROGRAMDATA", "PROGRAMFILES"),
    }
)
"""What any program needs to run on this machine at all."""

PERSON = frozenset(
    {
        *("HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR"),
        *("USERPROFILE", "USERNAME", "HOMEDRIVE", "HOMEPATH", "APPDATA", "LOCALAPPDATA"),
    }
)
"""Who it runs for. Names that begin with `LC_` belong to it."""

TERMINAL = frozenset(
    {
        *("TERM", "COLORTERM", "TERM_PROGRAM", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "WT_SESSION", "CI"),
        *("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "BROWSER"),
        *("XDG_CURRENT_DESKTOP", "XDG_DATA_DIRS", "XDG_SESSION_TYPE", "DESKTOP_SESSION", "WSL_DISTRO_NAME"),
    }
)
"""What a command shows itself on: a terminal, or a page in a browser. No server has one."""

DIALECTS = frozenset({"NUMBA_DISABLE_JIT"})
"""The engine as plain Python, for those who look for a fault in it: the same bytes, so it steers nothing."""


def store_environment() -> dict[str, str]:
    """What PostgreSQL, Valkey and their tools are started with: they may run as another user, who has no home here."""
    return {**_kept(MACHINE), "LC_ALL": "C"}


def server_environment(scratch: Path, **stated: str) -> dict[str, str]:
    """What a Python program that is not ours is started with, but for what is `stated`: Prefect's server.

    `scratch` is its place for temporary files, below this checkout's home: the machine's is shared with other users,
    and Prefect keeps a folder of a fixed name there.
    """
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    return {**_kept(MACHINE | PERSON, ("LC_",)), **_python(), **temporary, **stated}


def program_environment(scratch: Path, **stated: str) -> dict[str, str]:
    """As `server_environment`, for programs that run this checkout's code: they have its own settings as well."""
    own = _kept(DIALECTS, (OWN,))
    if own.get("ARB_HOME"):
        own["ARB_HOME"] = str(home())  # they work in folders of their own
    return {**own, **server_environment(scratch, **stated)}


def forget_settings(environment: MutableMapping[str, str] | None = None) -> None:
    """Leaves in this process's environment what is kept, for the clients in it and for all that it starts."""
    environment = os.environ if environment is None else environment
    for name in [*environment]:
        if not _is_kept(name, MACHINE | PERSON | TERMINAL | DIALECTS, ("LC_", OWN)):
            del environment[name]


def program(code: str, *words: str) -> list[str]:
    """The command of a Python that runs `code` with `words` in `sys.argv`, isolated, this checkout first on its path.

    Isolated (`-I`): no variable, no folder of the user's and not the working directory says what it imports.
    """
    first = f"import sys; sys.path.insert(0, {str(CHECKOUT)!r})\n"
    return [sys.executable, "-I", "-X", "utf8", "-c", first + code, *words]


def _python() -> dict[str, str]:
    """For Pythons that others start without `-I`, as Prefect's worker does for each flow."""
    return {"PYTHONPATH": str(CHECKOUT), "PYTHONSAFEPATH": "1", "PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1"}


def _kept(names: frozenset[str], beginnings: tuple[str, ...] = ()) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if _is_kept(name, names, beginnings)}


def _is_kept(name: str, names: frozenset[str], beginnings: tuple[str, ...]) -> bool:
    name = name.upper() if os.name == "nt" else name
    return name in names or name.startswith(beginnings)
