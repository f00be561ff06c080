"""The anomaly watch: looks at a running session, and stops it when what it does is not trading.

Used alike by backtests, between bulks of rows, and by the live runner, every three seconds. It only reads: the same
rows leave the same state with it and without. A look sums up what the session wrote since the last one, so it costs
about two milliseconds however long the session has run.
"""

import numpy as np

from arbitrage_core.laws import VenueTruth, state_violations, terms_of
from arbitrage_core.laws.slots import slots_of
from arbitrage_core.session import entry_pace, fill_ledger
from arbitrage_core.session.anomaly import Anomaly, Pattern
from arbitrage_core.session.entry_pace import EntryPace
from arbitrage_core.session.fill_ledger import FillLedger
from arbitrage_core.session.idle_trades import IdleTrades
from arbitrage_core.session.session import Session

LOOK_ROWS = 500_000
"""In bulk, rows between two looks: so many take a fifth of a second, a look one percent of that."""
LAWS_SHOWN_MAX = 5


class AnomalyWatch:
    """Watches a session: `take` all it drains, `look` when all of that was taken."""

    def __init__(self, session: Session) -> None:
        self._session, self._terms = session, terms_of(session.config)
        self._fills, self._pace = FillLedger(self._terms), EntryPace(self._terms)
        self._idle = IdleTrades(self._terms)
        self._waiting: list[dict[str, np.ndarray]] = []
        self._looked_at = 0

    def take(self, batch: dict[str, np.ndarray]) -> None:
        """Takes in what the session drained: arrays by the names of `SessionLog`."""
        self._waiting.append(batch)

    def look(self, *, flattened: bool = False) -> None:
        """Raises AnomalyFound when a pattern holds at the session's last row. `flattened`: it was told to leave all it
        holds, and given the time to."""
        found = self._found(flattened)
        self._looked_at = self._session.rows
        if found is not None:
            raise found.as_error(self._session.rows, int(self._session.state[0].now_ns))

    def look_if_due(self) -> None:
        """`look`, once LOOK_ROWS rows were applied since the last time."""
        if self._session.rows - self._looked_at >= LOOK_ROWS:
            self.look()

    def _found(self, flattened: bool) -> Anomaly | None:
        self._sum_up()
        state = self._session.state[0]
        slots = slots_of(self._terms, state)
        found = self._fills.look(state, slots) or self._pace.found
        found = found or self._idle.look(slots, int(state.now_ns)) or self._law_broken()
        return found or (self._idle.left_standing(slots, int(state.now_ns)) if flattened else None)

    def _sum_up(self) -> None:
        """All that was taken since the last look."""
        if self._waiting:
            self._fills.take(**self._columns(fill_ledger.READS))
            self._pace.take(**self._columns(entry_pace.READS))
            self._waiting.clear()

    def _columns(self, reads: dict[str, tuple[str, ...]]) -> dict[str, dict[str, np.ndarray]]:
        """Of each log the columns read, the batches one after the other: whole records would be five times as much."""
        return {
            log: {name: np.concatenate([batch[log][name] for batch in self._waiting]) for name in names}
            for log, names in reads.items()
        }

    def _law_broken(self) -> Anomaly | None:
        """Every law that one instant can show, against the venues' own ledgers."""
        account = self._session.account[0]
        truth = VenueTruth(account.cash_amounts, account.symbols["position_lots"], account.symbols["orders"])
        violations = state_violations(self._terms, self._session.state[0], truth)
        if not violations:
            return None
        told = [str(violation) for violation in violations[:LAWS_SHOWN_MAX]]
        return Anomaly(Pattern.LAW, told[0], {"violations": told, "count": len(violations)})
