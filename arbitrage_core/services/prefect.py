"""Prefect: its server and the worker that runs this checkout's flows, both as programs; nothing here imports it.

The server keeps a SQLite of its own below `.arb/services/prefect` and wants no password: its page is opened in a
browser. So any program of this machine may use it, and pages of other origins may not. The worker polls the work pool
`arb`, runs each flow as a process in the checkout, and runs as whoever started it, because flows write where we do.
It imports Prefect while the server still starts, and goes on once that answers.
"""

import http.client
import json
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import psutil

from arbitrage_core.services import operating_system
from arbitrage_core.services.environment import program, program_environment, server_environment
from arbitrage_core.services.instance import Instance
from arbitrage_core.services.service import Answer, Notice, Service, State

POOL = WORKER_NAME = "arb"
STOP_GRACE_S = 8.0
HOME_VARIABLE = "PREFECT_HOME"
OFFLINE = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_CLI_PROMPT": "false",
    "PREFECT_CLI_COLORS": "false",
}
QUIET = {"PREFECT_SERVER_LOGGING_LEVEL": "WARNING", "PYTHONUNBUFFERED": "1"}
WORKER_SETTINGS = {"PREFECT_WORKER_QUERY_SECONDS": "2", "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}

_LAUNCHER = """
import importlib, runpy, sys, time, urllib.request
modules, url, until = sys.argv.pop(1), sys.argv.pop(1), time.monotonic() + 120
for module in modules.split(","):
    importlib.import_module(module)
while time.monotonic() < until:
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2).close()
        break
    except OSError:
        time.sleep(0.1)
sys.argv[0] = "prefect"
runpy.run_module("prefect", run_name="__main__", alter_sys=True)
"""


def prefect_once(url: str, modules: Sequence[str], words: Sequence[str]) -> list[str]:
    """The command of one of Prefect's programs that imports its modules first and goes on once `url` answers 200."""
    return program(_LAUNCHER, ",".join(modules), url, *words)


def server_settings(folder: Path, api_url: str) -> dict[str, str]:
    """What Prefect's server is started with: `folder` its home, `api_url` its own address, no other setting."""
    return server_environment(_scratch(folder), **client_settings(folder, api_url))


def prefect_environment(folder: Path, api_url: str) -> dict[str, str]:
    """What Prefect's programs that run our flows are started with: `folder` their home, `api_url` their server."""
    return program_environment(_scratch(folder), **client_settings(folder, api_url))


def client_settings(folder: Path, api_url: str) -> dict[str, str]:
    """What Prefect is told wherever it is imported: `folder` its home, `api_url` its server."""
    settings = {HOME_VARIABLE: str(folder), "PREFECT_API_URL": api_url, "PREFECT_PROFILES_PATH": str(folder / "none")}
    return {**OFFLINE, **QUIET, **settings}


def _scratch(folder: Path) -> Path:
    """The folder for temporary files, made; Prefect's programs expect it to be there."""
    scratch = folder / "tmp"
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    return scratch


class PrefectServer(Service):
    """The Prefect server of a checkout, and its page."""

    name, title, start_s, poll_s = "prefect", "Prefect's server", 90.0, 0.1

    def url(self, port: int) -> str:
        """The API's address."""
        return f"http://127.0.0.1:{port}/api"

    def address(self, port: int) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{port}"

    @property
    def data(self) -> Path:
        """Prefect's home: SQLite and stored results."""
        return self.folder / "home"

    def launch(self, port: int, notice: Notice) -> int:
        """Starts the process."""
        if not self.data.exists():
            notice("making Prefect's database; once, about ten seconds")
        self.data.mkdir(parents=True, exist_ok=True)
        environment = server_settings(self.data, self.url(port))
        environment["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] = self.address(port)  # by default any page may call it
        command = [sys.executable, "-I", "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
        return operating_system.spawn(command, log=self.log, user=None, environment=environment, folder=self.data)

    def ask(self, port: int, timeout_s: float) -> Answer:
        """Asks for its health."""
        return ask_health(self.url(port), timeout_s)

    def end_in_order(self, instance: Instance) -> None:
        """SIGTERM, and time to finish."""
        operating_system.end(instance.pid, instance.birth, grace_s=STOP_GRACE_S)

    def is_main(self, process: psutil.Process) -> bool:
        """By Prefect's home in its environment, which Python leaves as it was."""
        return _runs_prefect(process, "server", self.data)


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


def ask_health(api_url: str, timeout_s: float) -> Answer:
    """What the Prefect server at this API address says of its health."""
    try:
        status, told = call(api_url, "/health", timeout_s)
    except TimeoutError:
        return Answer(State.HUNG, f"no answer within {timeout_s:g} s")
    except (OSError, http.client.HTTPException) as error:
        return Answer(State.STARTING, f"nothing answers: {error}")
    if status == 200 and told.strip() == b"true":
        return Answer(State.UP)
    return Answer(State.HUNG, f"HTTP {status}: what answers is no Prefect server in health")


def call(api_url: str, path: str, timeout_s: float, body: object = None) -> tuple[int, bytes]:
    """Calls a Prefect API, through no proxy: HTTP status and at most 1 MB of the answer. Raises OSError."""
    parts = urlsplit(api_url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)
    try:
        sent = None if body is None else json.dumps(body)
        headers = {"content-type": "application/json"} if sent else {}
        connection.request("POST" if sent else "GET", parts.path.rstrip("/") + path, sent, headers)
        answer = connection.getresponse()
        return answer.status, answer.read(1 << 20)
    finally:
        connection.close()


def _runs_prefect(process: psutil.Process, part: str, folder: Path) -> bool:
    if not process.name().lower().startswith("python"):
        return False
    words = process.cmdline()
    if part not in words or process.environ().get(HOME_VARIABLE) != str(folder):
        return False
    return "start" in words
