"""The flows on a real Prefect server, PostgreSQL and Valkey, with a stage small enough for a test."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from arbitrage_core.services.home import checkout_id
from arbitrage_core.session import binding
from flows.campaign_run import Ground, run_campaigns
from flows.outcome import Standing
from flows.seed_faults import SeedFault
from flows.stages.controls import CONTROLS
from flows.stages.d65 import D65
from flows.stages.features import FEATURES
from flows.stages.stage import Band, Stage
from tests.services.servers import postgres_url, redis_url

__all__ = ["postgres_url", "redis_url"]

SMALL = D65.model_copy(
    update={
        "campaigns": (
            D65.campaigns[0].model_copy(
                update={
                    "rows": 30_000,
                    "seeds": (1, 2),
                    "closed_least": 50,
                    "bands": (Band(figure="win_rate", least=0.2, most=0.8),),
                }
            ),
        ),
        "required_exits": ("CONVERGED", "HOLD_TIME"),
        "required_order_states": ("PENDING", "OPEN", "FILLED"),
    }
)
ACCEPTED = Standing(stage="D64", accepted=True, verdict_id=1, cited=True)
SHOWN = tuple(one for one in FEATURES if one.name in ("Exit by convergence", "Fees", "Replay"))
"""Features that so small a stage shows."""
CANCELED = next(one for one in FEATURES if "order_states.CANCELED" in one.probe.figures)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A Prefect server of the test's own."""
    from prefect.testing.utilities import prefect_test_harness

    with prefect_test_harness(server_startup_timeout=90):
        yield


@pytest.fixture
def small_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str, redis_url: str, server: None
) -> Stage:
    """The small stage in D65's place, on the test's own ground."""
    compiled = binding.home() / "compiled"
    compiled.mkdir(parents=True, exist_ok=True)
    home = tmp_path / "home"
    home.mkdir()
    (home / "compiled").symlink_to(compiled, target_is_directory=True)
    monkeypatch.setenv("ARB_HOME", str(home))
    here = Ground(home, checkout_id(), postgres_url, redis_url, workers=2)
    monkeypatch.setattr("flows.accept.ground", lambda notice: here)
    monkeypatch.setattr("flows.campaign.ground", lambda notice: here)
    monkeypatch.setattr("flows.accept.stage_of", lambda name: SMALL)
    monkeypatch.setattr("flows.campaign.campaign_of", lambda name: (SMALL, SMALL.campaigns[0]))
    monkeypatch.setattr("flows.accept.ROOT", tmp_path)
    monkeypatch.setattr("flows.accept.stand_before", lambda stage, here: (ACCEPTED,))
    monkeypatch.setattr("flows.audit_documents.FEATURES", SHOWN)
    return SMALL


def failed(outcome) -> set[str]:
    return {check.name for check in outcome.checks if not check.passed}


@pytest.mark.slow
def test_a_sound_stage_is_accepted_recorded_shown_and_reported(
    small_stage: Stage, tmp_path: Path, postgres_url: str
) -> None:
    from prefect.client.orchestration import get_client

    from flows.accept import accept

    outcome = accept()
    assert failed(outcome) == set()
    assert outcome.verdict == "D65_ACCEPTED"
    report = (tmp_path / outcome.report).read_text(encoding="utf-8")
    assert "D65_ACCEPTED" in report
    assert list((tmp_path / "docs" / "reports" / "d65").glob("*.svg"))
    with psycopg.connect(postgres_url) as connection:
        verdict, checks = connection.execute(
            "SELECT verdict, checks FROM stage_verdicts ORDER BY id DESC LIMIT 1"
        ).fetchone()
        statuses = connection.execute("SELECT DISTINCT status FROM campaign_runs WHERE stage = 'D65'").fetchall()
        ended = connection.execute("SELECT status, count(*) FROM sessions GROUP BY status").fetchall()
    assert (verdict, len(checks)) == ("ACCEPTED", len(outcome.checks))
    assert statuses == [("passed",)]
    assert {"docs/D64_SYSTEM_AUDIT.md", "docs/D_ROADMAP_V2.md"} <= {
        file.relative_to(tmp_path).as_posix() for file in (tmp_path / "docs").glob("*.md")
    }
    assert (outcome.rests_on, outcome.verdict_id is not None) == ((ACCEPTED,), True)
    assert dict(ended) == {"complete": 3}
    with get_client(sync_client=True) as client:
        shown = {artifact.key: artifact for artifact in client.read_artifacts()}
    assert {"d65-report", "d65-checks", "d65-c1", "audit", "audit-features"} <= set(shown)
    assert "data:image/svg+xml" in shown["d65-report"].data
    assert len(json.loads(shown["d65-c1"].data)) == 3
    assert any(artifact.type == "progress" and artifact.data == 100.0 for artifact in shown.values())


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault,check", [(SeedFault.SEED_LEFT_OUT, "C1 every seed ran"), (SeedFault.BAND_MISSED, "C1 settings as stated")]
)
def test_a_planted_defect_is_rejected_by_name_and_not_written_over_the_report(
    small_stage: Stage, tmp_path: Path, fault: SeedFault, check: str
) -> None:
    from flows.accept import accept

    outcome = accept(seed_fault=fault)
    assert outcome.verdict == "D65_REJECTED"
    assert check in failed(outcome)
    assert not (tmp_path / "docs").exists()


@pytest.mark.slow
def test_a_stage_on_rejected_ground_or_with_an_open_gap_is_rejected_by_name(
    small_stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.accept import accept

    rejected = ACCEPTED.model_copy(update={"accepted": False})
    monkeypatch.setattr("flows.accept.stand_before", lambda stage, here: (rejected,))
    monkeypatch.setattr("flows.audit_documents.FEATURES", (*SHOWN, CANCELED))
    outcome = accept()
    assert outcome.verdict == "D65_REJECTED"
    assert failed(outcome) == {"stages before it are accepted", "no open critical gap"}
    (gap,) = [check for check in outcome.checks if check.name == "no open critical gap"]
    assert CANCELED.name in gap.detail


@pytest.mark.slow
def test_the_first_stage_tries_its_audit_and_a_blind_one_is_rejected(
    small_stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.accept import accept

    first = small_stage.model_copy(update={"name": "D64"})
    monkeypatch.setattr("flows.accept.stage_of", lambda name: first)
    monkeypatch.setattr("flows.audit_documents.FEATURES", FEATURES)
    monkeypatch.setattr("flows.audit_controls.CONTROLS", tuple(one for one in CONTROLS if one.fault is None))
    sound, blind = accept(), accept(seed_fault=SeedFault.AUDIT_BLIND)
    assert (sound.verdict, failed(sound)) == ("D64_ACCEPTED", set())
    assert blind.verdict == "D64_REJECTED"
    assert {"audit notices take-profit off", "audit notices cooldown off"} <= failed(blind)
    assert "## Critical gaps" in (tmp_path / "docs" / "D64_SYSTEM_AUDIT.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_campaign_as_a_paper_session_is_one_seed_with_its_checks(small_stage: Stage, postgres_url: str) -> None:
    from flows.campaign import Mode, campaign

    document = campaign(mode=Mode.PAPER)
    assert document["passed"] is True
    assert [len(document["outcome"][kind]) for kind in ("backtests", "papers")] == [0, 1]
    with psycopg.connect(postgres_url) as connection:
        mode, status, planned = connection.execute(
            "SELECT mode, status, sessions_planned FROM campaign_runs ORDER BY id DESC LIMIT 1"
        ).fetchone()
    assert (mode, status, planned) == ("paper", "passed", 1)


@pytest.mark.slow
def test_a_campaign_alone_gives_its_checks_and_no_verdict(small_stage: Stage, postgres_url: str) -> None:
    from flows.campaign import campaign

    document = campaign()
    assert document["passed"] is True
    assert {check["name"] for check in document["checks"]} >= {"C1 win rate", "all laws hold"}
    with psycopg.connect(postgres_url) as connection:
        stage, status = connection.execute(
            "SELECT stage, status FROM campaign_runs ORDER BY id DESC LIMIT 1"
        ).fetchone()
    assert (stage, status) == (None, "passed")


@pytest.mark.slow
def test_a_campaign_that_is_interrupted_leaves_nothing_running(
    small_stage: Stage, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("flows.campaign_run.run_paper_seed", interrupted)
    with psycopg.connect(postgres_url) as connection:
        before = connection.execute("SELECT coalesce(max(id), 0) FROM campaign_runs").fetchone()[0]
    here = Ground(binding.home(), checkout_id(), postgres_url, "", workers=2)
    with pytest.raises(KeyboardInterrupt):
        run_campaigns(small_stage.campaigns, here)
    with psycopg.connect(postgres_url) as connection:
        runs = connection.execute("SELECT status FROM campaign_runs WHERE id > %s", (before,)).fetchall()
        query = "SELECT DISTINCT status FROM sessions WHERE campaign_run_id > %s"
        sessions = {status for (status,) in connection.execute(query, (before,))}
    assert runs == [("abandoned",)]
    assert sessions <= {"complete", "abandoned"}


@pytest.mark.slow
def test_a_session_suspended_in_the_ui_ends_in_order_and_its_run_is_over(
    small_stage: Stage, postgres_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Prefect's page does, asked of its server: left so, it would call the run failed after a while."""
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.sorting import FlowRunSort
    from prefect.states import Suspended

    from flows.session import SessionForm, session

    here = Ground(binding.home(), checkout_id(), postgres_url, redis_url, workers=2)
    monkeypatch.setattr("flows.session.ground", lambda notice: here)
    suspended: list[str] = []

    def press() -> None:
        until = time.monotonic() + 900  # it may have to compile the engine first
        while time.monotonic() < until and not suspended:
            with get_client(sync_client=True) as client:
                for run in client.read_flow_runs(limit=5, sort=FlowRunSort.START_TIME_DESC):
                    if (
                        run.name.startswith("session")
                        and run.state.is_running()
                        and list(here.sessions.glob("paper-*"))
                    ):
                        client.set_flow_run_state(run.id, Suspended(timeout_seconds=300), force=True)
                        suspended.append(str(run.id))
            time.sleep(0.2)

    thread = threading.Thread(target=press, daemon=True)
    thread.start()
    state = session(SessionForm(market="mixed", rows=100_000, pace="real"), return_state=True)
    thread.join(10)
    assert suspended
    with get_client(sync_client=True) as client:
        final = client.read_flow_run(suspended[0]).state
    assert final.is_final()
    assert not final.is_failed()
    assert state is not None
    with psycopg.connect(postgres_url) as connection:
        status, ending = connection.execute(
            "SELECT status, document ->> 'ending' FROM sessions WHERE mode = 'paper' ORDER BY id DESC LIMIT 1"
        ).fetchone()
    assert (status, ending) == ("complete", "stopped by the operator")
