"""The flow `tuning` wherever it evaluates, and whatever becomes of PostgreSQL meanwhile: one and the same study."""

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psutil
import pytest

from arbitrage_core.tuning.evaluation import Evaluation
from flows.tuning_form import TuningForm
from tests.console.test_commands import told
from tests.flows.test_tuning import server, stand_on
from tests.services.servers import no_notice, postgres_url
from tests.storage.record.conftest import new_database
from tests.tuning.test_study import own_server, results_of, study_row

__all__ = ["new_database", "postgres_url", "server"]

GRID = TuningForm(
    rows=30_000, vary=["entry_spread_bps=20:90:5", "exit_spread_bps=-8:4:1"], sampler="grid", trials=1_000, splits=2,
    embargo_ms=1_000, study="anywhere",
)  # fmt: skip
COMMAND = [
    *("tune", "--synthetic", "mixed", "--rows", "30000", "--vary", "entry_spread_bps=20:90", "--splits", "2"),
    *("--sampler", "tpe", "--trials", "150", "--study", "killed", "--json"),
]
"""Three batches, each of which depends on what came of those before."""


@pytest.mark.slow
def test_a_study_on_a_cluster_is_row_for_row_the_one_of_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, new_database: Callable[[], str], server: None
):
    from flows.tuning import tuning

    found = []
    for cluster in (None, "2"):
        url = new_database()
        stand_on(monkeypatch, tmp_path / f"home-{cluster}", url)
        document = tuning(GRID.model_copy(update={"cluster": cluster}))
        rows = results_of(url)
        assert [one["trial"] for one in rows] == list(range(15 * 13))
        assert all(one["state_hash"] for one in rows)
        found.append((rows, document["best"], document["walk_forward"], document["deflated_sharpe"]))
    assert found[0] == found[1]


def test_a_flow_whose_postgres_is_killed_fails_clearly_and_its_study_goes_on_without_loss(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    new_database: Callable[[], str],
    server: None,
):
    monkeypatch.setattr("console.tune_run.prefect_ready", lambda notice, **stated: None)
    whole = new_database()
    stand_on(monkeypatch, tmp_path / "whole", whole)
    assert told(capsys, *COMMAND)[0] == 0
    with own_server() as killed:
        started = killed.ensure(no_notice)
        stand_on(monkeypatch, tmp_path / "killed", killed.url(started.port))
        with killing(monkeypatch, started.pid, after=2):
            code, out, err = told(capsys, *COMMAND)
        assert code == 1
        assert "does not answer" in json.loads(out)["error"]
        assert "arb up" in err
        assert "Traceback" not in err
        name, message = last_run()
        assert name == "Failed"
        assert "does not answer" in message
        url = killed.url(killed.ensure(no_notice).port)
        kept = results_of(url)
        assert len(kept) == 128
        stand_on(monkeypatch, tmp_path / "again", url)
        code, out, _ = told(capsys, *COMMAND)
        assert (code, json.loads(out)["trials"]) == (0, 150)
        assert results_of(url)[:128] == kept
        assert results_of(url) == results_of(whole)
        assert study_row(url)["status"] == "complete"
    assert last_run()[0] == "Completed"


@contextmanager
def killing(monkeypatch: pytest.MonkeyPatch, pid: int, after: int) -> Iterator[None]:
    """Within it the process is killed after so many batches, before the next one is evaluated."""
    from flows.tuning import evaluated

    batches = count()

    def evaluate(*given: Any) -> list[Evaluation]:
        if next(batches) == after:
            os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            psutil.wait_procs([psutil.Process(pid)], 10)
        return evaluated(*given)

    with monkeypatch.context() as within:
        within.setattr("flows.tuning.evaluated", evaluate)
        yield


def last_run() -> tuple[str, str]:
    """How the newest run of the flow stands, and why."""
    from prefect import get_client
    from prefect.client.schemas.sorting import FlowRunSort

    with get_client(sync_client=True) as client:
        run = client.read_flow_runs(sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=1)[0]
    return run.state.name, run.state.message or ""
