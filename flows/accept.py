"""The flow `accept`: a stage's campaigns, its checks, its verdict and its report, in this order."""

import time
from collections.abc import Callable
from pathlib import Path

from prefect import flow, get_run_logger, runtime, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from arbitrage_core.storage.record.database import Record
from checks import prepare
from flows.acceptance import stage_checks, verdict_of
from flows.campaign_run import Ground, run_campaigns
from flows.gate import gate_checks
from flows.grounds import ground
from flows.outcome import CampaignOutcome, Check, StageOutcome
from flows.progress import Progress
from flows.report.tables import campaign_table, checks_table
from flows.reporting import written_report
from flows.seed_faults import SeedFault
from flows.stages.registry import StageName, stage_of
from flows.stages.stage import Stage
from flows.verdicts import record_verdict

ROOT = Path(__file__).resolve().parent.parent


@flow(name="accept", flow_run_name="accept {stage}", description="Run a stage and give its verdict.", log_prints=False)
def accept(stage: StageName = StageName.D65, seed_fault: SeedFault | None = None) -> StageOutcome:
    """Runs a stage: D65_ACCEPTED or D65_REJECTED, with what was measured.

    Args:
        stage: which stage
        seed_fault: a deliberate defect, which the stage must reject; none for the real thing
    """
    chosen, began = stage_of(stage), time.perf_counter()
    here = ground(_line())
    campaigns = run_stage_campaigns(chosen, here, seed_fault)
    checks = (*stage_checks(chosen, campaigns), *check_record(chosen, here, campaigns))
    outcome = StageOutcome(
        stage=chosen.name,
        verdict=verdict_of(chosen, checks),
        checks=checks,
        campaigns=campaigns,
        seed_fault=seed_fault,
        elapsed_s=time.perf_counter() - began,
    )
    return publish(chosen, here, outcome)


@task(name="campaigns", persist_result=False, cache_policy=None)
def run_stage_campaigns(stage: Stage, here: Ground, fault: SeedFault | None) -> tuple[CampaignOutcome, ...]:
    """Every seed of every campaign, and the paper sessions."""
    line = _line()
    prepare()
    progress = Progress(
        sum(len(campaign.seeds) for campaign in stage.campaigns), f"{stage.name}: seeds of all campaigns", line
    )
    return run_campaigns(
        stage.campaigns,
        here,
        stage=stage.name,
        flow_run_id=str(runtime.flow_run.id or "") or None,
        fault=fault,
        told=progress.told,
        notice=line,
    )


@task(name="checks", persist_result=False, cache_policy=None)
def check_record(stage: Stage, here: Ground, campaigns: tuple[CampaignOutcome, ...]) -> tuple[Check, ...]:
    """The checks on the tables in Postgres."""
    return gate_checks(stage.name, here.postgres_url, campaigns)


@task(name="report", persist_result=False, cache_policy=None)
def publish(stage: Stage, here: Ground, outcome: StageOutcome) -> StageOutcome:
    """Report and verdict: into the record, as artifacts, and a stage's own run also into docs/reports."""
    with Record.open(here.postgres_url) as record:
        outcome, markdown = written_report(stage, outcome, record, ROOT)
        record_verdict(record, stage, outcome, markdown, str(runtime.flow_run.id or "") or None)
    key = stage.name.lower()
    create_table_artifact(table=checks_table(outcome), key=f"{key}-checks", description=f"{outcome.verdict}: checks")
    for campaign in outcome.campaigns:
        create_table_artifact(
            table=campaign_table(campaign),
            key=f"{key}-{campaign.campaign.lower()}",
            description=f"{campaign.campaign}: every seed",
        )
    create_markdown_artifact(markdown=markdown, key=f"{key}-report", description=f"{outcome.verdict}: final report")
    return outcome


def _line() -> Callable[[str], None]:
    """Says a line in the run's log."""
    return get_run_logger().info
