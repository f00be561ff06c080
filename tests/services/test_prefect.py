"""Prefect's server and worker, as they are started for a checkout; slow, because they take ten seconds to start."""

import json
import os
import time
from pathlib import Path

import psutil
import pytest

from arbitrage_core.services.operating_system import WINDOWS
from arbitrage_core.services.prefect import PrefectServer, PrefectWorker, prefect_environment
from arbitrage_core.services.prefect_api import call
from arbitrage_core.services.service import State
from arbitrage_core.services.stores import ensure_prefect, likely_prefect, status, stop_all
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
