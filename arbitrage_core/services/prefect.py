"""Prefect: its server and the worker that runs this checkout's flows, both as programs; nothing here imports it.

Who may use its API has code run here, so it wants a password, drawn at the first start, which other accounts cannot
read: it stands in a file of mode 0600, and in the environment of our own programs. The server is Prefect's behind a
door of ours (`deployments/door.py`), which pages of foreign sites do not pass. As root it runs as a user of its own.

The worker polls the work pool `arb`, runs each flow as a process, listens nowhere, and runs as whoever started it,
because flows read the stores' passwords and write journals and reports where that person does: as root it is root.
It takes work from its server only, and that takes work only from who has the password. It imports Prefect while the
server still starts, and goes on once that answers.
"""

import base64
import http.client
import json
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import psutil

from arbitrage_core.services import operating_system
from arbitrage_core.services.environment import CHECKOUT, program, program_environment, server_environment
from arbitrage_core.services.ground import make_ground
from arbitrage_core.services.instance import Instance
from arbitrage_core.services.interpreter import interpreter_for
from arbitrage_core.services.operating_system import give, private_user, write_private
from arbitrage_core.services.prefect_api import call, parted
from arbitrage_core.services.service import Answer, Notice, Service, State

POOL = WORKER_NAME = "arb"
USER = "arb"
STOP_GRACE_S = 8.0
HOME_VARIABLE = "PREFECT_HOME"
PASSWORD_VARIABLE = "PREFECT_API_AUTH_STRING"
PROGRAM = "deployments.prefect_server"
PROGRAM_FILES = ("__init__.py", "prefect_server.py", "door.py", "loops.py", "patience.py")
OFFLINE = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",  # a server started for one flow would want no password
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_CLI_COLORS": "false",
}
QUIET = {"PREFECT_SERVER_LOGGING_LEVEL": "WARNING", "PYTHONUNBUFFERED": "1"}
WORKER_SETTINGS = {"PREFECT_WORKER_QUERY_SECONDS": "2", "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}

_LAUNCHER = """
import base64, importlib, os, runpy, sys, time, urllib.request
asked = urllib.request.build_opener(urllib.request.ProxyHandler({}))
password = os.environ.get("PREFECT_API_AUTH_STRING", "")
if password:
    asked.addheaders = [("authorization", "Basic " + base64.b64encode(password.encode()).decode())]
modules, url, until = sys.argv.pop(1), sys.argv.pop(1), time.monotonic() + 120
for module in modules.split(","):
    importlib.import_module(module)
while time.monotonic() < until:
    try:
        asked.open(url, timeout=2).close()
        break
    except OSError:
        time.sleep(0.1)
sys.argv[0] = "prefect"
runpy.run_module("prefect", run_name="__main__", alter_sys=True)
"""
_SIGN_IN = """<!doctype html><meta charset="utf-8"><title>Prefect</title>
<form method="post" action="{address}/arb/sign-in"><input type="hidden" name="token" value="{token}"><button>Open
Prefect's page</button></form><script>document.forms[0].submit()</script>
"""
_SERVER = "import runpy, sys; sys.path[:0] = {packages}; runpy.run_module(sys.argv[1], run_name='__main__')"


def prefect_once(url: str, modules: Sequence[str], words: Sequence[str]) -> list[str]:
    """The command of one of Prefect's programs that imports its modules first and goes on once `url` answers 200.

    `url` stands in the command line: it must be one that anybody may ask.
    """
    return program(_LAUNCHER, ",".join(modules), parted(url)[0], *words)


def server_settings(folder: Path, api_url: str) -> dict[str, str]:
    """What Prefect's server is started with: `folder` its home, `api_url` its own address, password included."""
    address, password = parted(api_url)
    stated = {
        **client_settings(folder, api_url),
        "PREFECT_SERVER_API_AUTH_STRING": password,
        "PREFECT_SERVER_CSRF_PROTECTION_ENABLED": "true",
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": address.removesuffix("/api"),  # by default any page may call it
        "PREFECT_SERVER_UI_API_URL": address,
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(folder / "page"),  # by default it writes where it is installed
        **dict.fromkeys(("HOME", "USERPROFILE"), str(folder)),
        **dict.fromkeys(("USER", "LOGNAME", "USERNAME"), USER),
    }
    return server_environment(_scratch(folder), **stated)


def prefect_environment(folder: Path, api_url: str) -> dict[str, str]:
    """What Prefect's programs that run our flows are started with: `folder` their home, `api_url` their server."""
    return program_environment(_scratch(folder), **client_settings(folder, api_url))


def client_settings(folder: Path, api_url: str) -> dict[str, str]:
    """What Prefect is told wherever it is imported: `folder` its home, `api_url` its server, password included."""
    address, password = parted(api_url)
    settings = {HOME_VARIABLE: str(folder), "PREFECT_API_URL": address, "PREFECT_PROFILES_PATH": str(folder / "none")}
    return {**OFFLINE, **QUIET, **settings, **({PASSWORD_VARIABLE: password} if password else {})}


def _scratch(folder: Path) -> Path:
    """The folder for temporary files, made; Prefect's programs expect it to be there."""
    scratch = folder / "tmp"
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    return scratch


def _copied_to(folder: Path) -> Path:
    """This project's part of the server, where another user reads it, made anew at each start."""
    target = folder / "deployments"
    shutil.rmtree(folder, ignore_errors=True)
    target.mkdir(parents=True)
    for name in PROGRAM_FILES:
        shutil.copyfile(CHECKOUT / "deployments" / name, target / name)
    return folder


class PrefectServer(Service):
    """The Prefect server of a checkout, and its page."""

    name, title, start_s, poll_s = "prefect", "Prefect's server", 90.0, 0.1

    def url(self, port: int) -> str:
        """The API's address, with its password: not to be shown."""
        return f"http://{self.password()}@127.0.0.1:{port}/api"

    def address(self, port: int) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{port}"

    def password(self) -> str:
        """The password as Prefect takes it, from clients and from its page."""
        return f"{USER}:{self.secret()}"

    def ensure(self, notice: Notice) -> Instance:
        """As every service; one that an older version of this platform started wants no password, and is ended."""
        found = self.find()
        if found is not None and not _is_started_with(found.pid, PROGRAM):
            notice(f"{self.title} was started by an older version and lets everybody in; starting it anew")
            self.stop()
        return super().ensure(notice)

    def launch(self, port: int, notice: Notice) -> int:
        """Starts the process."""
        user = private_user(self.checkout)
        ground = make_ground(self.folder, user)
        if self._home_of_old().is_dir() and not any(ground.iterdir()):
            for one in self._home_of_old().iterdir():
                shutil.move(one, ground / one.name)
            self._home_of_old().rmdir()
        if not (ground / "prefect.db").exists():
            notice("making Prefect's database; once, about ten seconds")
        python = interpreter_for(user, notice)
        environment = server_settings(ground, self.url(port)) | python.environment
        packages = [CHECKOUT if user is None else _copied_to(ground / "program"), *python.packages]
        give(ground, user)
        code = _SERVER.format(packages=[str(path) for path in packages])
        command: list[str | Path] = [python.program, "-I", "-X", "utf8", "-c", code, PROGRAM, "start", str(port)]
        return operating_system.spawn(command, log=self.log, user=user, environment=environment, folder=ground)

    def _home_of_old(self) -> Path:
        """Where versions that ran the server as whoever started it kept its data."""
        return self.folder / "home"

    def ask(self, port: int, timeout_s: float) -> Answer:
        """Asks with the password, and whether one of its loops fails."""
        root = self.url(port).removesuffix("/api")
        try:
            status, told = call(root, "/arb/well", timeout_s)
        except TimeoutError:
            return Answer(State.HUNG, f"no answer within {timeout_s:g} s")
        except (OSError, http.client.HTTPException) as error:
            return Answer(State.STARTING, f"nothing answers: {error}")
        if status != 200:
            return Answer(State.HUNG, f"HTTP {status}: it does not take this checkout's password")
        try:
            trouble = json.loads(told)["trouble"]
        except (ValueError, TypeError, KeyError):
            return Answer(State.HUNG, "what answers is no Prefect server of this checkout's")
        if trouble:
            return Answer(State.FAILING, "; ".join(f"{name} {why}" for name, why in sorted(trouble.items())))
        return Answer(State.UP)

    def sign_in_page(self, port: int) -> Path:
        """A page for a browser of this account that opens Prefect's page signed in; in a file of mode 0600."""
        path = self.folder / "sign-in.html"
        token = base64.b64encode(self.password().encode()).decode()
        write_private(path, _SIGN_IN.format(address=self.address(port), token=token))
        return path

    def end_in_order(self, instance: Instance) -> None:
        """SIGTERM, and time to finish."""
        operating_system.end(instance.pid, instance.birth, grace_s=STOP_GRACE_S)

    def is_main(self, process: psutil.Process) -> bool:
        """By Prefect's home in its environment, which Python leaves as it was; also an older version's."""
        if not _is_python(process) or "start" not in (words := process.cmdline()):
            return False
        told = process.environ().get(HOME_VARIABLE)
        return (PROGRAM in words and told == str(self.data)) or ("server" in words and told == str(self._home_of_old()))


class PrefectWorker(Service):
    """The process worker of a checkout. It listens nowhere; whether it is well its server tells."""

    name, title, start_s, poll_s = "worker", "Prefect's worker", 90.0, 0.2
    api_url = ""

    def at(self, api_url: str) -> "PrefectWorker":
        """The worker of the server at this API address."""
        self.api_url = api_url
        return self

    def address(self, port: int) -> str:
        """The work pool it polls."""
        return f"work pool {POOL}"

    def ensure(self, notice: Notice) -> Instance:
        """As every service; one that does not have its server's password would never hear of work, and is ended."""
        found = self.find()
        if found is not None and not _has_password(found.pid, parted(self.api_url)[1]):
            notice(f"{self.title} does not know its server's password; starting it anew")
            self.stop()
        return super().ensure(notice)

    def launch(self, port: int, notice: Notice) -> int:
        """Starts the process, which waits for the server."""
        self.data.mkdir(parents=True, exist_ok=True)
        environment = {**prefect_environment(self.data, self.api_url), **WORKER_SETTINGS}
        words = ["worker", "start", "--pool", POOL, "--type", "process", "--name", WORKER_NAME]
        words += ["--install-policy", "never"]
        command = prefect_once(f"{self.api_url}/health", ["prefect.workers.process"], words)
        return operating_system.spawn(command, log=self.log, user=None, environment=environment, folder=self.data)

    @property
    def data(self) -> Path:
        """The worker's own Prefect home."""
        return self.folder / "home"

    def _choose_port(self, notice: Notice) -> int:
        return 0

    def ask(self, port: int, timeout_s: float) -> Answer:
        """Asks the server about the worker: a heartbeat since its start, and not too long ago."""
        path = f"/work_pools/{POOL}/workers/filter"
        try:
            status, told = call(self.api_url, path, timeout_s, {"limit": 200})
        except (OSError, http.client.HTTPException) as error:
            return Answer(State.STARTING, f"its server does not answer: {error}")
        if status != 200:
            return Answer(State.STARTING, f"its server knows no work pool {POOL} yet (HTTP {status})")
        with suppress(ValueError, TypeError, KeyError):
            for worker in json.loads(told):
                if worker["name"] == WORKER_NAME:
                    return self._judge(worker)
        return Answer(State.STARTING, "its server has not heard of it yet")

    def _judge(self, worker: dict[str, object]) -> Answer:
        heard_s = datetime.fromisoformat(str(worker["last_heartbeat_time"]).replace("Z", "+00:00")).timestamp()
        instance = self.told()
        if instance is not None and heard_s < instance.started_ns / 1e9:
            return Answer(State.STARTING, "its server has not heard of it since it started")
        if worker["status"] != "ONLINE":
            return Answer(State.HUNG, f"its server last heard of it {time.time() - heard_s:.0f} s ago")
        return Answer(State.UP)

    def end_in_order(self, instance: Instance) -> None:
        """SIGTERM: it takes no new runs; those under way are ended with it after the grace."""
        operating_system.end(instance.pid, instance.birth, grace_s=STOP_GRACE_S)

    def is_main(self, process: psutil.Process) -> bool:
        """By Prefect's home in its environment; a flow that it runs has the same, and is no worker."""
        return _runs_prefect(process, "worker", self.data)

    def is_own(self, process: psutil.Process) -> bool:
        """Also the flows that it runs."""
        return process.name().startswith("python") and process.environ().get(HOME_VARIABLE) == str(self.data)


def _runs_prefect(process: psutil.Process, part: str, folder: Path) -> bool:
    if not _is_python(process):
        return False
    words = process.cmdline()
    return part in words and "start" in words and process.environ().get(HOME_VARIABLE) == str(folder)


def _is_python(process: psutil.Process) -> bool:
    return process.name().lower().startswith("python")


def _is_started_with(pid: int, word: str) -> bool:
    try:
        return word in psutil.Process(pid).cmdline()
    except psutil.Error:
        return False


def _has_password(pid: int, password: str) -> bool:
    try:
        return psutil.Process(pid).environ().get(PASSWORD_VARIABLE, "") == password
    except psutil.Error:
        return False
