"""The flow `accept`: a stage's campaigns, its checks, its verdict and its report, in this order."""

import time
from collections.abc import Callable
from pathlib import Path

from prefect import flow, get_run_logger, runtime, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact

from arbitrage_core.storage.record.database import Record
from checks import prepare
from flows.acceptance import stage_checks, verdict_of
from flows.audit import always_yes, look
from flows.audit_checks import gap_check, list_checks, order_check
from flows.audit_controls import control_checks
from flows.audit_documents import audit_of, newest_evidence, write_documents
from flows.audit_run import show_audit
from flows.campaign_run import Ground, run_campaigns
from flows.complaint import plainly
from flows.gate import gate_checks
from flows.grounds import ground
from flows.outcome import CampaignOutcome, Check, StageOutcome, Standing
from flows.progress import Progress
from flows.report.tables import campaign_table, checks_table
from flows.reporting import written_report
from flows.run_name import named
from flows.seed_faults import SeedFault, defect_of
from flows.stage_page import StagePage
from flows.stages.features import FEATURES
from flows.stages.order import ORDER, before
from flows.stages.registry import STAGES, StageName, stage_of, stages_in_order
from flows.stages.stage import Stage
from flows.study_controls import without_record_check
from flows.verdicts import record_verdict, standing_of

ROOT = Path(__file__).resolve().parent.parent
PAUSE = "Cancel ends it. Pause waits until the campaigns under way are through, and Resume then begins anew."


@flow(
    name="accept",
    flow_run_name=named("accept {stage}"),
    description=f"Run a stage and give its verdict. {PAUSE}",
    log_prints=False,
)
@plainly
def accept(stage: StageName = StageName.D65, seed_fault: SeedFault | None = None) -> StageOutcome:
    """Runs a stage: D65_ACCEPTED or D65_REJECTED, with what was measured. The stages before it are cited, or run.

    Args:
        stage: which stage. Cancel ends its run; Pause waits until the campaigns under way are through, and Resume then
            begins anew
        seed_fault: a deliberate defect, which the stage must reject; none for the real thing
    """
    chosen, here = stage_of(stage), ground(_line())
    standings = stand_before(chosen, here) if seed_fault is None else ()
    outcome = judge(chosen, here, seed_fault, standings)
    if seed_fault is None:
        tell(here)
    return outcome


@flow(
    name="accept-all",
    description=f"Run every stage in order, then write audit and roadmap anew. {PAUSE}",
    log_prints=False,
)
@plainly
def accept_all(seed_fault: SeedFault | None = None) -> tuple[StageOutcome, ...]:
    """Runs every stage there is, in order, and gives their verdicts.

    Args:
        seed_fault: a deliberate defect, which every stage must reject; none for the real thing. Cancel ends the run;
            Pause waits until the campaigns under way are through, and Resume then begins anew
    """
    here, outcomes = ground(_line()), []
    standings: tuple[Standing, ...] = ()
    for stage in stages_in_order():
        outcomes.append(judge(stage, here, seed_fault, standings))
        standings = (*standings, _standing(outcomes[-1]))
    later = [name for name in STAGES if name not in {outcome.stage for outcome in outcomes}]
    if later:
        _line()(f"not run: {', '.join(later)}; a stage before it is not there yet")
    if seed_fault is None:
        tell(here)
    return tuple(outcomes)


def stand_before(stage: Stage, here: Ground) -> tuple[Standing, ...]:
    """How the stages before this one stand, in order, up to the first that is not accepted.

    One accepted on the same code and settings is cited, another is run.
    """
    standings: tuple[Standing, ...] = ()
    for name in before(stage.name):
        standing = _cited_or_run(name, here, standings)
        standings = (*standings, standing)
        if not standing.accepted:
            break
    return standings


def _cited_or_run(name: str, here: Ground, standings: tuple[Standing, ...]) -> Standing:
    if name not in STAGES:
        return Standing(stage=name, accepted=False, verdict_id=None, cited=False)
    with Record.open(here.postgres_url) as record:
        standing = standing_of(record, STAGES[name])
    if standing is not None and standing.accepted:
        _line()(f"{name} is accepted on this code and these settings: verdict {standing.verdict_id}")
        return standing
    _line()(f"{name} comes first, and is not accepted on this code and these settings yet: running it")
    return _standing(judge(STAGES[name], here, None, standings))


def _standing(outcome: StageOutcome) -> Standing:
    return Standing(stage=outcome.stage, accepted=outcome.accepted, verdict_id=outcome.verdict_id, cited=False)


def judge(stage: Stage, here: Ground, fault: SeedFault | None, standings: tuple[Standing, ...]) -> StageOutcome:
    """Runs one stage by itself, checks it, records its verdict and writes its report."""
    began, page = time.perf_counter(), StagePage(stage, _line())
    campaigns = run_stage_campaigns(stage, here, fault, page)
    checks = (*stage_checks(stage, campaigns), *check_record(stage, here, campaigns))
    checks = (*checks, *check_ground(stage, here, fault, standings, campaigns, checks))
    outcome = StageOutcome(
        stage=stage.name,
        verdict=verdict_of(stage, checks),
        checks=checks,
        campaigns=campaigns,
        seed_fault=fault,
        rests_on=standings,
        elapsed_s=time.perf_counter() - began,
    )
    outcome = publish(stage, here, outcome)
    page.judged(outcome)
    return outcome


@task(name="campaigns", persist_result=False, cache_policy=None)
def run_stage_campaigns(
    stage: Stage, here: Ground, fault: SeedFault | None, page: StagePage
) -> tuple[CampaignOutcome, ...]:
    """Every seed of every campaign, and the paper sessions."""
    line = _line()
    prepare()
    progress = Progress(
        sum(len(campaign.seeds) for campaign in stage.campaigns), f"{stage.name}: seeds of all campaigns", line
    )

    def told(campaign: str, done: int, planned: int) -> None:
        progress.told(campaign, done, planned)
        page.told(campaign, done, planned)

    return run_campaigns(
        stage.campaigns,
        here,
        stage=stage.name,
        flow_run_id=str(runtime.flow_run.id or "") or None,
        fault=fault,
        told=told,
        notice=line,
    )


@task(name="checks", persist_result=False, cache_policy=None)
def check_record(stage: Stage, here: Ground, campaigns: tuple[CampaignOutcome, ...]) -> tuple[Check, ...]:
    """The checks on the tables in Postgres; of a stage with studies, that without Postgres there are none."""
    searched = [campaign for campaign in stage.campaigns if campaign.study is not None]
    controls = (without_record_check(searched[0]),) if searched else ()
    return (*gate_checks(stage.name, here.postgres_url, campaigns), *controls)


@task(name="audit", persist_result=False, cache_policy=None)
def check_ground(
    stage: Stage,
    here: Ground,
    fault: SeedFault | None,
    standings: tuple[Standing, ...],
    campaigns: tuple[CampaignOutcome, ...],
    checks: tuple[Check, ...],
) -> tuple[Check, ...]:
    """What a stage rests on: the stages before it, and no gap among what it and they own. Of the first, the audit.

    A run with a planted defect is an experiment and rests on nothing; a blinded audit is always tried by its controls.
    """
    looking = always_yes if defect_of(fault).blinds_the_audit else look
    found: list[Check] = []
    if stage.name == ORDER[0] or looking is always_yes:
        found += control_checks(FEATURES, looking=looking, workers=here.workers)
    elif fault is None:
        found.append(order_check(stage.name, standings))
    with Record.open(here.postgres_url) as record:
        evidence = newest_evidence(record).with_run(stage.name, campaigns, (*checks, *found))
    audit = audit_of(evidence, ROOT, looking)
    if stage.name == ORDER[0]:
        found += list_checks(FEATURES, audit.findings, audit.report)
    elif fault is None:
        found.append(gap_check(stage.name, audit.findings))
    return tuple(found)


@task(name="report", persist_result=False, cache_policy=None)
def publish(stage: Stage, here: Ground, outcome: StageOutcome) -> StageOutcome:
    """Report and verdict: into the record, as artifacts, and a stage's own run also into docs/reports."""
    with Record.open(here.postgres_url) as record:
        outcome, markdown = written_report(stage, outcome, record, ROOT)
        verdict_id = record_verdict(record, stage, outcome, markdown, str(runtime.flow_run.id or "") or None)
    outcome = outcome.model_copy(update={"verdict_id": verdict_id})
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


@task(name="documents", persist_result=False, cache_policy=None)
def tell(here: Ground) -> None:
    """Audit and roadmap, as they stand now: in docs, and as an artifact."""
    with Record.open(here.postgres_url) as record:
        audit = write_documents(record, ROOT)
    show_audit(audit)


def _line() -> Callable[[str], None]:
    """Says a line in the run's log."""
    return get_run_logger().info
