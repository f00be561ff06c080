"""Runs as a person starts them in Prefect's page: on this checkout's server and worker, its stores and its engine."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from arbitrage_core.services.operating_system import WINDOWS
from arbitrage_core.services.prefect_api import call
from arbitrage_core.services.stores import ensure_prefect, ensure_stores, likely_prefect, stop_all
from arbitrage_core.session import binding
from deployments.deploy import Deploying
from tests.services.servers import home_folder, no_notice

pytestmark = [pytest.mark.slow, pytest.mark.skipif(WINDOWS, reason="Windows has no such signals")]

WITHIN_S = 600.0  # the engine may have to be compiled first
NAME = "Monday, by hand"


class Here:
    """This checkout's server, asked as its page asks it."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, path: str, body: object = None) -> Any:
        until, status = time.monotonic() + 60, 503
        while status == 503 and time.monotonic() < until:  # its SQLite is busy now and then; clients ask again
            status, told = call(self.url, path, 20, body)
        assert status in (200, 201), told
        return json.loads(told)

    def start(self, deployment: str, **wanted: object) -> str:
        """A run from the form of a deployment; gives its id."""
        found = self.ask(f"/deployments/name/{deployment}/{deployment}")
        return self.ask(f"/deployments/{found['id']}/create_flow_run", wanted)["id"]

    def run(self, run: str) -> dict[str, Any]:
        return self.ask(f"/flow_runs/{run}")

    def until(self, run: str, is_so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The run as soon as it is so."""
        until = time.monotonic() + WITHIN_S
        while not is_so(found := self.run(run)) and time.monotonic() < until:
            time.sleep(0.3)
        assert is_so(found), (found["name"], found["state"], self.log(run))
        return found

    def log(self, run: str) -> list[str]:
        wanted = {"logs": {"flow_run_id": {"any_": [run]}}, "limit": 200, "sort": "TIMESTAMP_ASC"}
        return [line["message"] for line in self.ask("/logs/filter", wanted)]

    def artifacts(self, run: str) -> list[dict[str, Any]]:
        return self.ask("/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run]}}})


def is_over(run: dict[str, Any]) -> bool:
    return run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@pytest.fixture(scope="module")
def here() -> Iterator[Here]:
    compiled = binding.home() / "compiled"
    compiled.mkdir(parents=True, exist_ok=True)
    with home_folder() as folder, pytest.MonkeyPatch.context() as patch:
        for variable in ("ARB_POSTGRES_URL", "ARB_REDIS_URL", "ARB_PREFECT_URL"):
            patch.delenv(variable, raising=False)
        shutil.copytree(compiled, folder / "compiled")
        patch.setenv("ARB_HOME", str(folder))
        try:
            deploying = Deploying(likely_prefect(no_notice), no_notice)
            ensure_stores(no_notice)
            url = ensure_prefect(no_notice)
            deploying.finish(url)
            yield Here(url)
        finally:
            stop_all(folder)


def test_a_run_keeps_the_name_that_was_typed_and_a_wrong_setting_fails_it_in_two_lines(here: Here):
    form = {"rows": 1000, "settings": [{"name": "taker_fee_bpss", "value": "4"}]}
    run = here.start("session", name=NAME, parameters={"form": form})
    found = here.until(run, is_over)
    assert (found["state_type"], found["name"]) == ("FAILED", NAME)
    lines = found["state"]["message"].splitlines()
    assert len(lines) == 2
    assert "taker_fee_bpss" in lines[0]
    here.until(run, lambda found: len([line for line in here.log(run) if line in lines]) == 2)  # logs come in batches
    log = here.log(run)
    assert [line for line in log if line in lines] == lines
    assert not [line for line in log if "Traceback" in line or 'File "' in line]


def test_a_session_shows_how_it_stands_while_it_runs_and_pause_ends_it_in_order(here: Here):
    form = {"rows": 5_000_000, "pace": "real"}
    run = here.start("session", name=NAME, parameters={"form": form})

    def shows(found: dict[str, Any]) -> bool:
        kinds = {artifact["type"]: artifact for artifact in here.artifacts(run)}
        told = str(kinds.get("markdown", {}).get("data", ""))
        return is_over(found) or ("progress" in kinds and "| entries |" in told)

    found = here.until(run, shows)
    assert found["state_type"] == "RUNNING", here.log(run)
    here.until(run, lambda found: any(" rows (" in line for line in here.log(run)))
    paused = {"state": {"type": "PAUSED", "name": "Suspended"}, "force": True}
    here.ask(f"/flow_runs/{run}/set_state", paused)
    found = here.until(run, is_over)
    assert (found["state_type"], found["name"]) == ("CANCELLED", NAME), here.log(run)
    with psycopg.connect(ensure_stores(no_notice).postgres_url) as connection:
        status, ending = connection.execute(
            "SELECT status, document ->> 'ending' FROM sessions ORDER BY id DESC LIMIT 1"
        ).fetchone()
    assert (status, ending) == ("complete", "stopped by the operator")


@pytest.mark.parametrize("deployment", ["accept", "accept-all", "campaign", "session", "tuning"])
def test_the_form_says_what_pause_does(here: Here, deployment: str):
    found = here.ask(f"/deployments/name/{deployment}/{deployment}")
    assert "Pause" in found["description"]
    schema = found["parameter_openapi_schema"]["properties"]
    assert any("Pause" in one.get("description", "") for one in schema.values())


def test_what_a_session_left_in_the_checkout_is_where_it_belongs(here: Here):
    folder = Path(binding.home())
    assert [one.name for one in (folder / "sessions").iterdir() if one.name.startswith("paper-")]
