"""Who is no operator of this checkout plays at its real Prefect server: a foreign page, another account, another name.

One server for all of them, with a worker's pool and a deployment as `arb up` makes them.
"""

import base64
import http.client
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from arbitrage_core.services.interpreter import interpreter_for
from arbitrage_core.services.operating_system import WINDOWS, User, private_user
from arbitrage_core.services.prefect import POOL, PrefectServer
from arbitrage_core.services.prefect_api import call
from arbitrage_core.services.service import State
from tests.services.servers import home_folder, no_notice

pytestmark = [pytest.mark.slow]
posix_only = pytest.mark.skipif(WINDOWS, reason="Windows has no such users")
only_root = pytest.mark.skipif(WINDOWS or os.geteuid() != 0, reason="only root can become another account")
NOTICED_WITHIN_S = 180.0

STEAL = """
import sys, urllib.request
port, owned, *files = sys.argv[1:]
for file in files:
    try:
        print(file, open(file, "rb").read())
    except OSError:
        pass
body = b'{"state": {"type": "SCHEDULED"}, "job_variables": {"command": "touch %s"}}' % owned.encode()
for path in ("deployments/filter", "work_pools/", "automations/", "flow_runs/", "flows/", "admin/version"):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/{path}", body, {"content-type": "application/json"})
    try:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        print("/api/" + path, opener.open(request, timeout=10).status)
    except OSError:
        pass
"""
AUTOMATION = json.dumps(
    {
        "name": "x",
        "trigger": {"type": "event", "posture": "Reactive", "expect": ["*"], "threshold": 1, "within": 0},
        "actions": [{"type": "do-nothing"}],
    }
)


@pytest.fixture(scope="module")
def server() -> Iterator[PrefectServer]:
    with home_folder() as folder:
        server = PrefectServer(folder)
        try:
            port = server.ensure(no_notice).port
            made = ask(server, "/work_pools/", {"name": POOL, "type": "process"})
            flow = ask(server, "/flows/", {"name": "f"})
            deployment = {"name": "d", "flow_id": flow["id"], "work_pool_name": made["name"]}
            ask(server, "/deployments/", deployment)
            assert port
            yield server
        finally:
            server.stop()


def port_of(server: PrefectServer) -> int:
    found = server.find()
    assert found is not None
    return found.port


def ask(server: PrefectServer, path: str, body: object = None) -> Any:
    until, status = time.monotonic() + 60, 503
    while status == 503 and time.monotonic() < until:  # its SQLite is busy when it has just started; clients ask again
        status, told = call(server.url(port_of(server)), path, 20, body)
    assert status in (200, 201), told
    return json.loads(told)


def knock(server: PrefectServer, method: str, path: str, headers: dict[str, str], body: str = "") -> tuple[int, bytes]:
    """Sends exactly these headers, and a body that says nothing of its type, as a page may without asking first."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server), timeout=20)
    try:
        connection.putrequest(method, path, skip_host="host" in headers, skip_accept_encoding=True)
        for name, value in {**headers, "content-length": str(len(body))}.items():
            connection.putheader(name, value)
        connection.endheaders(body.encode())
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def made(server: PrefectServer) -> tuple[int, int]:
    """How many automations and flow runs there are."""
    return ask(server, "/automations/count", {}), ask(server, "/flow_runs/count", {})


def basic(server: PrefectServer) -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(server.password().encode()).decode()}"}


DEPLOYMENT = "/api/deployments/name/f/d"
POSTS = ["/api/automations/", "/api/flow_runs/", "/api/work_pools/", f"{DEPLOYMENT}/create_flow_run", "/api/events"]


@pytest.mark.parametrize("path", POSTS)
def test_a_post_of_a_foreign_page_without_a_preflight_is_refused_and_does_nothing(server: PrefectServer, path: str):
    before = made(server)
    host = f"127.0.0.1:{port_of(server)}"
    page = {"host": host, "origin": "http://evil.example", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    for headers in (page, page | basic(server), page | {"origin": "null"}, {"host": host}):
        assert knock(server, "POST", path, headers, AUTOMATION)[0] in (401, 403)
    assert made(server) == before


def test_a_foreign_name_for_this_machine_is_refused_even_with_the_password(server: PrefectServer):
    for host in ("evil.example", f"evil.example:{port_of(server)}", f"[::1]:{port_of(server)}"):
        for path in ("/", "/api/health", "/api/admin/version", "/ui-settings"):
            assert knock(server, "GET", path, basic(server) | {"host": host})[0] == 403


def test_a_change_without_a_token_of_this_server_is_refused_even_with_the_password(server: PrefectServer):
    before = made(server)
    headers = basic(server) | {"host": f"127.0.0.1:{port_of(server)}", "content-type": "application/json"}
    assert knock(server, "POST", "/api/automations/", headers, AUTOMATION)[0] == 403
    assert made(server) == before


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1"])
def test_a_foreign_page_opens_no_websocket(server: PrefectServer, origin: str):
    address = f"ws://127.0.0.1:{port_of(server)}/api/events/in"
    with pytest.raises(InvalidStatus, match="403"):
        connect(address, origin=origin, subprotocols=["prefect"], proxy=None)


def test_a_websocket_without_the_password_is_closed(server: PrefectServer):
    address = f"ws://127.0.0.1:{port_of(server)}/api/events/in"
    with connect(address, subprotocols=["prefect"], proxy=None) as socket:
        socket.send('{"type": "auth", "token": "arb:x"}')
        with pytest.raises(Exception, match=r"1008|policy"):
            socket.recv(20)


@pytest.mark.parametrize("kind", ["nobody", "private"])
@only_root
def test_another_account_of_the_machine_reads_no_password_and_gets_nothing(
    server: PrefectServer, kind: str, tmp_path: Path
):
    import pwd

    entry = pwd.getpwnam("nobody")
    user = User("nobody", entry.pw_uid, entry.pw_gid)
    if kind == "private":  # of another checkout
        user = private_user(f"{int(server.checkout, 16) ^ 1:012x}")
    python = interpreter_for(user, no_notice)
    server.sign_in_page(port_of(server))
    found = server.find()
    assert found is not None
    own = [path for path in (*server.folder.rglob("*"), *server.data.rglob("*")) if path.is_file()]
    files = [f"/proc/{found.pid}/environ", *(str(path) for path in own)]
    before = made(server)
    done = subprocess.run(
        [str(python.program), "-I", "-c", STEAL, str(port_of(server)), str(tmp_path / "owned"), *files],
        user=user.uid,
        group=user.gid,
        extra_groups=[],
        env=python.environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert server.secret() not in done.stdout
    assert base64.b64encode(server.password().encode()).decode() not in done.stdout
    assert "/api/" not in done.stdout, "it was refused everything"
    assert made(server) == before
    assert not (tmp_path / "owned").exists()


def test_the_password_stands_in_no_command_line_and_files_with_it_are_their_owners_only(server: PrefectServer):
    server.sign_in_page(port_of(server))
    token = base64.b64encode(server.password().encode())
    for process in psutil.process_iter():
        try:
            words = " ".join(process.cmdline())
        except psutil.Error:
            continue
        assert server.secret() not in words
        assert token.decode() not in words
    for file in server.folder.rglob("*"):
        if (
            not WINDOWS
            and file.is_file()
            and any(one in file.read_bytes() for one in (server.secret().encode(), token))
        ):
            assert file.stat().st_mode & 0o077 == 0, file


@only_root
def test_root_runs_it_as_a_user_of_its_own(server: PrefectServer):
    found = server.find()
    assert found is not None
    uids = psutil.Process(found.pid).uids()
    assert {uids.real, uids.effective, uids.saved} == {private_user(server.checkout).uid}
    assert 0 not in (uids.real, *psutil.Process(found.pid).gids())


@posix_only
def test_a_server_whose_scheduler_fails_is_said_to_and_is_well_again_when_it_does_not(server: PrefectServer):
    """Its API stays in health meanwhile, which is why nobody saw it."""
    import sqlite3
    from contextlib import closing

    def rename(old: str, new: str) -> None:
        with closing(sqlite3.connect(server.data / "prefect.db", timeout=60)) as connection:
            connection.execute(f"alter table {old} rename to {new}")

    def wait(is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + NOTICED_WITHIN_S
        while not is_so() and time.monotonic() < until:
            time.sleep(0.5)

    assert server.status(20).state is State.UP
    rename("deployment_schedule", "gone")
    try:
        wait(lambda: server.status(20).state is State.FAILING)
        status = server.status(20)
        assert (status.state, status.is_well) == (State.FAILING, False)
        assert "schedule" in status.detail
        assert "no such table" in status.detail
        assert knock(server, "GET", "/api/health", {"host": f"127.0.0.1:{port_of(server)}"}) == (200, b"true")
        assert server.ensure(no_notice) == server.find(), "it serves: nobody is kept waiting"
    finally:
        rename("gone", "deployment_schedule")
    wait(lambda: server.status(20).state is State.UP)
    assert server.status(20).state is State.UP
