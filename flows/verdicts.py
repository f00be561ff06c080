"""The verdicts in the record: what a stage came to, and the campaigns it rests on. Older evidence is let go of."""

import time

from sqlalchemy import Connection, insert, select, text

import arbitrage_core
from arbitrage_core.session.binding import sources_digest
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.tables import STAGE_VERDICTS
from flows.acceptance import passed_campaigns
from flows.campaign_run import end_campaign
from flows.digests import code_digest, config_digest
from flows.outcome import StageOutcome, Standing
from flows.seed_study import STUDY_NAME
from flows.stages.stage import Stage

RUNS_KEPT = 1
"""Of each campaign, how many runs keep their sessions, and as many with a planted defect, which displace no real one.
Of older ones the outcome stays; entry by entry data go: a run of all stages is some two gigabytes of them."""

_OLDER_RUNS = """
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY campaign, seed_fault IS NULL ORDER BY id DESC) AS newer
        FROM campaign_runs WHERE stage = :stage
    ) AS ranked WHERE newer > :kept
"""
OLDER_SESSIONS = text(f"DELETE FROM sessions WHERE campaign_run_id IN ({_OLDER_RUNS})")
OLDER_STUDIES = text(f"""
    DELETE FROM tuning_studies
    WHERE name ~ '{STUDY_NAME}' AND substring(name FROM '[0-9]+$')::bigint IN ({_OLDER_RUNS})
""")


def record_verdict(record: Record, stage: Stage, outcome: StageOutcome, report: str, flow_run_id: str | None) -> int:
    """Writes a stage's verdict and ends its campaigns' runs, in one transaction; then lets go of older evidence.

    Gives the verdict's number.
    """
    passed = passed_campaigns(stage, outcome.checks)
    with record.begin() as connection:
        verdict_id = connection.execute(
            insert(STAGE_VERDICTS)
            .values(
                stage=stage.name,
                verdict=outcome.verdict.rpartition("_")[2],
                checks=[check.model_dump(mode="json") for check in outcome.checks],
                report=report,
                code_version=f"{arbitrage_core.__name__}-{sources_digest()}",
                code_digest=code_digest(),
                config_digest=config_digest(stage),
                seed_fault=outcome.seed_fault,
                flow_run_id=flow_run_id,
                decided_ns=time.time_ns(),
            )
            .returning(STAGE_VERDICTS.c.id)
        ).scalar_one()
        for campaign in outcome.campaigns:
            end_campaign(campaign, campaign.campaign in passed, verdict_id, connection)
    with record.begin() as connection:
        _let_go(connection, stage)
    return verdict_id


def standing_of(record: Record, stage: Stage) -> Standing | None:
    """How a stage stands by its newest verdict on the present code and settings; None: there is none.

    Runs with a planted defect are no verdicts on the stage.
    """
    table = STAGE_VERDICTS.c
    query = (
        select(table.id, table.verdict)
        .where(table.stage == stage.name, table.seed_fault.is_(None))
        .where(table.code_digest == code_digest(), table.config_digest == config_digest(stage))
        .order_by(table.id.desc())
        .limit(1)
    )
    with record.begin() as connection:
        newest = connection.execute(query).one_or_none()
    if newest is None:
        return None
    return Standing(stage=stage.name, accepted=newest.verdict == "ACCEPTED", verdict_id=newest.id, cited=True)


def _let_go(connection: Connection, stage: Stage) -> None:
    for older in (OLDER_SESSIONS, OLDER_STUDIES):
        connection.execute(older, {"stage": stage.name, "kept": RUNS_KEPT})
