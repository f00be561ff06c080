"""Prefect's server and worker, as they are started for a checkout; slow, because they take ten seconds to start."""

import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import psutil
import pytest

from arbitrage_core.services.operating_system import WINDOWS
from arbitrage_core.services.prefect import PrefectServer, PrefectWorker, prefect_environment
from arbitrage_core.services.prefect_api import call
from arbitrage_core.services.service import State
from arbitrage_core.services.stores import ensure_prefect, likely_prefect, prefect_page, status, stop_all
from deployments.deploy import Deploying
from tests.services.servers import no_notice

pytestmark = [pytest.mark.slow, pytest.mark.skipif(WINDOWS, reason="Windows has no such signals")]


def states() -> dict[str, State]:
    return {one.service: one.state for one in status() if one.service in ("prefect", "worker")}


def test_server_and_worker_from_start_to_end(home: Path):
    told_of: list[str] = []
    deploying = Deploying(likely_prefect(no_notice), told_of.append)
    url = ensure_prefect(no_notice)
    assert deploying.finish(url) is True
    assert len(told_of) == 1
    server, worker = PrefectServer(home), PrefectWorker(home).at(url)
    assert states() == {"prefect": State.UP, "worker": State.UP}
    assert ensure_prefect(no_notice) == url
    code, told = call(url, "/work_pools/arb", 5)
    assert (code, json.loads(told)["type"]) == (200, "process")
    listening = [
        one.laddr.ip
        for process in server.processes()
        for one in process.net_connections("inet")
        if one.status == psutil.CONN_LISTEN
    ]
    assert set(listening) == {"127.0.0.1"}

    assert Deploying(url, told_of.append).finish(url) is False, "the server has them already"
    assert len(told_of) == 1
    code, told = call(url, "/deployments/name/accept/accept", 5)
    assert (code, json.loads(told)["work_pool_name"]) == (200, "arb")

    os.kill(worker.find().pid, 9)
    time.sleep(0.1)
    assert states() == {"prefect": State.UP, "worker": State.DOWN}

    os.kill(server.find().pid, 19)
    started = time.monotonic()
    assert states()["prefect"] is State.FROZEN
    assert time.monotonic() - started < 1.0

    assert ensure_prefect(no_notice) == url
    assert states() == {"prefect": State.UP, "worker": State.UP}
    (server.folder / "instance.json").write_bytes(b"garbage")
    assert states()["prefect"] is State.UP
    assert stop_all() == ["worker", "prefect"]
    assert states() == {"prefect": State.DOWN, "worker": State.DOWN}
    assert server.processes() + worker.processes() == []


def test_a_server_of_an_older_version_which_lets_everybody_in_is_ended_and_its_data_are_kept(home: Path):
    server = PrefectServer(home)
    of_old = server.folder / "home"
    of_old.mkdir(parents=True)
    (of_old / "kept").write_text("sesame")
    command = [sys.executable, "-c", "import time; time.sleep(600)", "server", "start"]
    with subprocess.Popen(command, env={**os.environ, "PREFECT_HOME": str(of_old)}) as old:
        try:
            told_of: list[str] = []
            port = server.ensure(told_of.append).port
            old.wait(30)
        finally:
            old.kill()
    assert "lets everybody in" in told_of[0]
    assert server.ask(port, 20).state is State.UP
    assert (server.data / "kept").read_text() == "sesame"
    assert not of_old.exists()


def test_the_page_is_opened_signed_in_by_a_file_and_not_by_an_address_that_others_see(home: Path):
    page = prefect_page(no_notice)
    secret = PrefectServer(home).secret()
    assert page.address.startswith("http://127.0.0.1:")
    assert secret not in f"{page.address} {page.sign_in}"
    assert Path(page.password_file).read_text().strip() == secret
    file = Path(page.sign_in.removeprefix("file://"))
    assert file.stat().st_mode & 0o077 == 0
    told = file.read_text()
    (action,) = re.findall(r'action="([^"]+)"', told)
    (token,) = re.findall(r'name="token" value="([^"]+)"', told)
    assert action == f"{page.address}/arb/sign-in"
    form = urllib.parse.urlencode({"token": token}).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(action, form, {"Origin": "null"}), timeout=20) as answer:
        assert token in answer.read().decode()


def test_deployments_of_a_server_that_never_comes_are_given_up(home: Path):
    deploying = Deploying("http://127.0.0.1:9/api", no_notice)
    process = deploying._process
    assert process is not None
    assert process.poll() is None
    deploying.give_up()
    assert process.poll() is not None


def test_no_setting_of_the_operators_reaches_it(home: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PREFECT_API_KEY", "sesame")
    monkeypatch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "true")
    environment = prefect_environment(home, "http://127.0.0.1:1/api")
    assert "PREFECT_API_KEY" not in environment
    assert environment["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
