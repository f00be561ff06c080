"""The result of a session: its document, as the CLI prints it and the seal keeps it, beside what it was made of."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from arbitrage_core.domain.row import with_levels
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.laws import Evidence, Violation, log_violations
from arbitrage_core.session.session import Session
from arbitrage_core.statistics.summary import summarise

Document = dict[str, Any]


@dataclass(frozen=True, eq=False)
class SessionResult:
    """What a session did: `document`, JSON-ready with the keys of the CLI contract; `violations`, the laws broken."""

    document: Document
    config: SessionConfig
    log: SessionLog
    state: np.record
    violations: list[Violation]


def judged(session: Session) -> list[Violation]:
    """Every law over the session's whole evidence."""
    account = session.account[0]
    evidence = Evidence(
        config=session.config,
        session_key=session.session_key,
        log=session.log,
        state=session.state[0],
        venue_cash_amounts=account.cash_amounts,
        venue_position_lots=account.symbols["position_lots"],
        venue_orders=account.symbols["orders"],
        ended=session.ended,
        orders_handed_on=session.handed_on,
    )
    return log_violations(evidence)


def document_of(
    name: str, mode: str, config: SessionConfig, log: SessionLog, state: np.record, figures: Document
) -> Document:
    """The document: `figures` (rows, rows_per_s, state_hash, …), then everything the statistics say."""
    return {"session": name, "mode": mode, **figures, "config_digest": config.digest, **summarise(config, log, state)}


def reports_for_journal(reports: np.ndarray, levels: int) -> np.ndarray:
    """REPORT rows in the layout of a journal of so many levels."""
    return with_levels(reports, levels)
