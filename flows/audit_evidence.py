"""The audit's evidence: the newest outcomes, checks and rows in the record that the present code left."""

from collections.abc import Iterable

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import distinct_on

import arbitrage_core
from arbitrage_core.session.binding import sources_digest
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.tables import CAMPAIGN_RUNS, METADATA, SESSIONS, STAGE_VERDICTS
from flows.audit import Evidence
from flows.digests import code_digest
from flows.outcome import CampaignOutcome, Check
from flows.stages.feature import Feature, Probe
from flows.stages.stage import Stage


def read_evidence(record: Record, stages: Iterable[Stage], features: Iterable[Feature]) -> Evidence:
    """What the record holds of the present code, runs with a planted defect left out."""
    with record.begin() as connection:
        outcomes, checks = _outcomes(connection), _checks(connection)
        rows = {one.probe: _rows(connection, one.probe) for one in features if one.probe.table}
    whole = {
        stage.name: tuple(outcomes[campaign.name] for campaign in stage.campaigns)
        for stage in stages
        if all(campaign.name in outcomes for campaign in stage.campaigns)
    }
    return Evidence(whole, checks, rows)


def _outcomes(connection: Connection) -> dict[str, CampaignOutcome]:
    table = CAMPAIGN_RUNS.c
    query = (
        select(table.campaign, table.outcome)
        .ext(distinct_on(table.campaign))
        .where(table.code_digest == code_digest(), table.seed_fault.is_(None), table.mode == "backtest")
        .where(table.status.in_(("passed", "failed")))
        .order_by(table.campaign, table.id.desc())
    )
    return {name: CampaignOutcome.model_validate(outcome) for name, outcome in connection.execute(query)}


def _checks(connection: Connection) -> dict[str, tuple[Check, ...]]:
    table = STAGE_VERDICTS.c
    query = (
        select(table.stage, table.checks)
        .ext(distinct_on(table.stage))
        .where(table.code_digest == code_digest(), table.seed_fault.is_(None))
        .order_by(table.stage, table.id.desc())
    )
    return {stage: tuple(Check.model_validate(one) for one in checks) for stage, checks in connection.execute(query)}


def _rows(connection: Connection, probe: Probe) -> int:
    """Rows of a table, of sessions (or whatever else says its program) that the present engine ran; at most as many as
    are asked for are counted."""
    table = METADATA.tables[probe.table]
    version = f"{arbitrage_core.__name__}-{sources_digest()}"
    query = select(*table.primary_key.columns)
    if table is not SESSIONS and "session_id" in table.c:
        query = query.join(SESSIONS, SESSIONS.c.id == table.c.session_id).where(SESSIONS.c.code_version == version)
    else:
        query = query.where(table.c.code_version == version)
    if table is SESSIONS or "session_id" in table.c:
        query = query.outerjoin(CAMPAIGN_RUNS, CAMPAIGN_RUNS.c.id == SESSIONS.c.campaign_run_id)
        query = query.where(CAMPAIGN_RUNS.c.seed_fault.is_(None))
    for name, value in probe.where:
        query = query.where(table.c[name] == value)
    counted = query.limit(round(probe.least)).subquery()
    return int(connection.execute(select(func.count()).select_from(counted)).scalar_one())
