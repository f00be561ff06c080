"""A schedule, set as Prefect's page sets it, starts runs: on the server and the worker of a checkout."""

import json
import time
from pathlib import Path

import pytest

from arbitrage_core.services.operating_system import WINDOWS
from arbitrage_core.services.prefect import POOL
from arbitrage_core.services.prefect_api import call
from arbitrage_core.services.stores import ensure_prefect
from tests.services.servers import no_notice

pytestmark = [pytest.mark.slow, pytest.mark.skipif(WINDOWS, reason="Windows has no such signals")]

SECOND_RUN_WITHIN_S = 180.0
FLOW = """
from prefect import flow


@flow
def tick():
    return 1
"""


def ask(url: str, path: str, body: object = None) -> object:
    until, code = time.monotonic() + 60, 503
    while code == 503 and time.monotonic() < until:  # its SQLite is busy when it has just started; clients ask again
        code, told = call(url, path, 10, body)
    assert code in (200, 201), told
    return json.loads(told)


def scheduled_by(url: str, folder: Path) -> str:
    """A deployment of a flow that does nothing, then a schedule of every five seconds on it; gives its id."""
    (folder / "tick.py").write_text(FLOW, encoding="utf-8")
    flow = ask(url, "/flows/", {"name": "tick"})
    steps = [{"prefect.deployments.steps.set_working_directory": {"directory": str(folder)}}]
    wanted = {"name": "tick", "flow_id": flow["id"], "work_pool_name": POOL, "entrypoint": "tick.py:tick"}
    deployment = ask(url, "/deployments/", {**wanted, "pull_steps": steps})["id"]
    ask(url, f"/deployments/{deployment}/schedules", [{"active": True, "schedule": {"interval": 5.0}}])
    return deployment


def test_a_schedule_set_through_the_api_starts_a_run_and_the_next(home: Path, tmp_path: Path):
    url = ensure_prefect(no_notice)
    deployment = scheduled_by(url, tmp_path)
    wanted = {"deployments": {"id": {"any_": [deployment]}}, "flow_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
    until, runs = time.monotonic() + SECOND_RUN_WITHIN_S, []
    while len(runs) < 2 and time.monotonic() < until:
        time.sleep(0.5)
        runs = ask(url, "/flow_runs/filter", wanted)
    assert len(runs) >= 2, f"{len(runs)} runs within {SECOND_RUN_WITHIN_S:.0f} s"
    assert all(run["auto_scheduled"] for run in runs)
