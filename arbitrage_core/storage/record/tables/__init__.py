"""The tables of the record as this program knows them; `migrations` makes them and brings older ones up to this."""

from arbitrage_core.storage.record.tables.campaigns import CAMPAIGN_RUNS, STAGE_VERDICTS
from arbitrage_core.storage.record.tables.logs import (
    EQUITY,
    FILLS,
    FUNDING,
    GUARD_EVENTS,
    INCIDENTS,
    LOG_TABLES,
    ORDER_CHANGES,
    ORDERS,
    TRADES,
)
from arbitrage_core.storage.record.tables.metadata import METADATA
from arbitrage_core.storage.record.tables.operations import (
    OPERATOR_ACTIONS,
    REFUSALS,
    SESSION_LOGS,
)
from arbitrage_core.storage.record.tables.sessions import SESSIONS
from arbitrage_core.storage.record.tables.snapshots import (
    METRICS_SNAPSHOTS,
    POSITION_SNAPSHOTS,
    RISK_GUARD_SNAPSHOTS,
    SESSION_SNAPSHOTS,
)
from arbitrage_core.storage.record.tables.tuning import (
    PRESETS_IN_USE,
    STRATEGY_PRESETS,
    TUNING_RESULTS,
    TUNING_STUDIES,
)

__all__ = [
    "CAMPAIGN_RUNS",
    "EQUITY",
    "FILLS",
    "FUNDING",
    "GUARD_EVENTS",
    "INCIDENTS",
    "LOG_TABLES",
    "METADATA",
    "METRICS_SNAPSHOTS",
    "OPERATOR_ACTIONS",
    "ORDERS",
    "ORDER_CHANGES",
    "POSITION_SNAPSHOTS",
    "PRESETS_IN_USE",
    "REFUSALS",
    "RISK_GUARD_SNAPSHOTS",
    "SESSIONS",
    "SESSION_LOGS",
    "SESSION_SNAPSHOTS",
    "STAGE_VERDICTS",
    "STRATEGY_PRESETS",
    "TRADES",
    "TUNING_RESULTS",
    "TUNING_STUDIES",
]
