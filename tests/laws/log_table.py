"""The log table: rows of a session's log as they are told, and the `SessionLog` they make."""

import numpy as np

from arbitrage_core.domain.row import row_dtype
from arbitrage_core.engine import output
from arbitrage_core.engine.output import SessionLog

DTYPES = {
    "orders": output.ORDER_OUT,
    "changes": output.CHANGE_OUT,
    "fills": output.FILL_OUT,
    "trades": output.TRADE_OUT,
    "incidents": output.INCIDENT_OUT,
    "equity": output.EQUITY_OUT,
    "funding": output.FUNDING_OUT,
    "guards": output.GUARD_OUT,
    "reports": row_dtype(1),
}


class LogTable:
    """Rows by log; fields not named are 0."""

    def __init__(self) -> None:
        self.rows: dict[str, list[np.ndarray]] = {name: [] for name in DTYPES}

    def add(self, log: str, **values: object) -> None:
        """One more row of a log."""
        row = np.zeros(1, DTYPES[log])
        for name, value in values.items():
            row[name] = value
        self.rows[log].append(row)

    def session_log(self) -> SessionLog:
        """All rows so far."""
        logs = {name: np.concatenate([np.zeros(0, DTYPES[name]), *rows]) for name, rows in self.rows.items()}
        return SessionLog(**logs, report_positions=np.zeros(len(logs["reports"]), np.int64))
