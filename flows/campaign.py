"""The flow `campaign`: one campaign of a stage by itself, its seeds against its bands. No verdict on the stage."""

import time
from enum import StrEnum
from typing import Annotated, Any

from prefect import flow, get_run_logger, runtime
from prefect.artifacts import create_table_artifact
from pydantic import Field

from arbitrage_core.session.pace import MAX, pace_of
from arbitrage_core.storage.record.database import Record
from flows.acceptance import campaign_checks, paper_checks
from flows.campaign_run import Ground, abandoned_if_left, begin_campaign, end_campaign, run_campaigns, run_paper_seed
from flows.complaint import plainly
from flows.grounds import ground
from flows.leaving import Leaving
from flows.outcome import CampaignOutcome
from flows.progress import Progress
from flows.report.tables import campaign_table, rows_of
from flows.run_name import named
from flows.session import PACE
from flows.stages.registry import CampaignName, campaign_of
from flows.stages.stage import Campaign


class Mode(StrEnum):
    """backtest: every seed, and one of them as a paper session besides; paper: that one alone, at a pace."""

    BACKTEST = "backtest"
    PAPER = "paper"


@flow(
    name="campaign",
    flow_run_name=named("campaign {name}"),
    description="One campaign: every seed against its bands. Cancel ends it, and so does Pause where mode is paper;"
    " else Pause changes nothing before it is through.",
)
@plainly
def campaign(
    name: CampaignName = CampaignName.C1,
    mode: Mode = Mode.BACKTEST,
    pace: Annotated[str, Field(pattern=PACE)] = MAX,
) -> dict[str, Any]:
    """Runs every seed of a campaign and its paper session, or that session alone; gives outcome and checks.

    Args:
        name: which campaign; each seed must lie in its bands. Cancel ends its run, and so does Pause where mode is
            paper; else Pause changes nothing before it is through
        mode: every seed as a backtest, or one seed as a paper session
        pace: of a paper session: real, as fast as the market; max; or a number, times as fast
    """
    line = get_run_logger().info
    stage, chosen = campaign_of(name)
    here, run_id = ground(line), str(runtime.flow_run.id or "") or None
    if mode is Mode.PAPER:
        outcome = _paper(chosen, here, pace_of(pace), run_id, line)
        checks = paper_checks(chosen, outcome)
    else:
        progress = Progress(len(chosen.seeds), f"{chosen.name}: seeds", line)
        (outcome,) = run_campaigns((chosen,), here, stage=None, flow_run_id=run_id, told=progress.told, notice=line)
        checks = campaign_checks(chosen, outcome)
    passed = all(check.passed for check in checks if check.critical)
    with Record.open(here.postgres_url) as record, record.begin() as connection:
        end_campaign(outcome, passed, None, connection)
    failed = [check.name for check in checks if check.critical and not check.passed]
    said = "passed" if passed else f"failed: {'; '.join(failed)}"
    line(f"campaign {chosen.name} {said}")
    key = f"campaign-{chosen.name.lower()}"
    create_table_artifact(rows_of(checks), key=f"{key}-checks", description=said)
    create_table_artifact(campaign_table(outcome), key=key, description=said)
    return {
        "campaign": chosen.name,
        "stage": stage.name,
        "mode": mode.value,
        "passed": passed,
        "checks": [check.model_dump(mode="json") for check in checks],
        "outcome": outcome.model_dump(mode="json"),
    }


def _paper(chosen: Campaign, here: Ground, factor: float, run_id: str | None, line) -> CampaignOutcome:
    """The campaign's paper seed by itself; Cancel and Suspend end it in order."""
    began, leaving = time.perf_counter(), Leaving(run_id)
    campaign_run = begin_campaign(chosen, here, None, run_id, mode=Mode.PAPER.value)
    with abandoned_if_left(here, [campaign_run]), leaving.watched():
        seed = run_paper_seed(chosen, campaign_run, here, factor=factor, notice=line, on_look=leaving.look)
    leaving.conclude()
    return CampaignOutcome(
        campaign=chosen.name, run_id=campaign_run, backtests=(), papers=(seed,), elapsed_s=time.perf_counter() - began
    )
