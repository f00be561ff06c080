"""The entry pace: entries come no faster than the settings can give them (docs/engine.md §5, rules 5, 6 and 11).

In row time: two entries of a symbol are `cooldown_ms` apart at least; an entry finds the `orders_per_s_max`-th last
order sent to each of its venues a second old; no more than `max_open_trades` trades of a symbol stand at once (what
ends at the very instant of an entry counts as ended). Faster is a runaway, whatever each entry earns. With a cooldown
of 0 only the latter two bound anything.
"""

from collections.abc import Mapping

import numpy as np

from arbitrage_core.domain.order import Action, Purpose
from arbitrage_core.engine.state import LONG_AGO_NS
from arbitrage_core.laws.groups import grouped
from arbitrage_core.laws.terms import NS_PER_MS, Terms
from arbitrage_core.session.anomaly import Anomaly, Pattern

NS_PER_S = 1_000_000_000
Columns = Mapping[str, np.ndarray]
READS = {
    "orders": ("now_ns", "action", "purpose", "leg", "symbol", "venue"),
    "trades": ("symbol", "ended_ns"),
}
"""The columns it reads, by log."""


class EntryPace:
    """Follows what is sent: `take` it as it comes; `found` is what broke the pace first."""

    def __init__(self, terms: Terms) -> None:
        params = [terms.config.params_of(symbol) for symbol in terms.config.symbols]
        self._terms = terms
        self._cooldown_ns = np.array([round(one.cooldown_ms * NS_PER_MS) for one in params], np.int64)
        self._last_ns = np.full(terms.symbols, LONG_AGO_NS)
        self._sent_ns = [np.zeros(0, np.int64) for _ in range(terms.venues)]
        self._open_trades = np.zeros(terms.symbols, np.int64)
        self.found: Anomaly | None = None

    def take(self, orders: Columns, trades: Columns) -> None:
        """Takes in columns (by field) of `ORDER_OUT` and `TRADE_OUT`: those of `READS`, of the same time, each entry
        once and in order."""
        submitted = orders["action"] == Action.SUBMIT
        enters = submitted & (orders["purpose"] == Purpose.ENTRY)
        first = enters & (orders["leg"] == 0)
        symbol, sent_ns = orders["symbol"][first], orders["now_ns"][first]
        soon = self._too_soon(symbol, sent_ns)
        crowd = self._too_many_open(symbol, sent_ns, trades["symbol"], trades["ended_ns"])
        sent = self._too_many_sent(orders["venue"][submitted], orders["now_ns"][submitted], enters[submitted])
        self.found = self.found or soon or crowd or sent

    def _too_soon(self, symbol: np.ndarray, sent_ns: np.ndarray) -> Anomaly | None:
        """Two entries of a symbol that lie closer together than its cooldown."""
        by_symbol = grouped(symbol)
        sent_ns = sent_ns[by_symbol.rows]
        before_ns = by_symbol.previous(sent_ns, self._last_ns[by_symbol.keys])
        self._last_ns[by_symbol.keys] = sent_ns[by_symbol.last]
        cooldown_ns = self._cooldown_ns[symbol[by_symbol.rows]]
        soon = np.flatnonzero(sent_ns - before_ns < cooldown_ns)
        if not len(soon):
            return None
        at = soon[0]
        name = self._terms.config.symbols[symbol[by_symbol.rows[at]]]
        apart_ms, cooldown_ms = int(sent_ns[at] - before_ns[at]) / NS_PER_MS, int(cooldown_ns[at]) / NS_PER_MS
        figures = {"symbol": name, "apart_ms": apart_ms, "cooldown_ms": cooldown_ms, "second_ns": int(sent_ns[at])}
        finding = f"two entries of {name} {apart_ms:g} ms apart, the cooldown is {cooldown_ms:g} ms"
        return Anomaly(Pattern.RUNAWAY, finding, figures)

    def _too_many_open(
        self, entered: np.ndarray, sent_ns: np.ndarray, ended: np.ndarray, ended_ns: np.ndarray
    ) -> Anomaly | None:
        """An entry beyond the trades of its symbol that may be open; `entered`, `ended`: symbols."""
        step = np.repeat(np.array([1, -1]), [len(entered), len(ended)])
        symbol, now_ns = np.concatenate([entered, ended]), np.concatenate([sent_ns, ended_ns])
        order = np.lexsort((step, now_ns, symbol))
        step, symbol, now_ns = step[order], symbol[order], now_ns[order]
        by_symbol = grouped(symbol)
        open_then = by_symbol.running(step) + self._open_trades[symbol]
        self._open_trades[by_symbol.keys] = open_then[by_symbol.last]
        limit = self._terms.open_trades_max[symbol]
        beyond = np.flatnonzero((step > 0) & (open_then > limit))
        if not len(beyond):
            return None
        at = beyond[0]
        name, count, most = self._terms.config.symbols[symbol[at]], int(open_then[at]), int(limit[at])
        figures = {"symbol": name, "open_trades": count, "max_open_trades": most, "entry_ns": int(now_ns[at])}
        finding = f"an entry made {count} open trades of {name}, at most {most} may be"
        return Anomaly(Pattern.RUNAWAY, finding, figures)

    def _too_many_sent(self, venue: np.ndarray, now_ns: np.ndarray, enters: np.ndarray) -> Anomaly | None:
        """An entry that is more than a venue may be sent within a second."""
        found = None
        for v, limit in enumerate(self._terms.orders_per_s_max.tolist()):
            here = np.flatnonzero(venue == v)
            before = len(self._sent_ns[v])
            sent_ns = np.concatenate([self._sent_ns[v], now_ns[here]])
            self._sent_ns[v] = sent_ns[-limit:]
            at = before + np.flatnonzero(enters[here])
            at = at[at >= limit]
            crowded = at[sent_ns[at] - sent_ns[at - limit] < NS_PER_S]
            if len(crowded) and found is None:
                name = self._terms.config.venues[v].name
                figures = {"venue": name, "orders_per_s_max": limit, "entry_ns": int(sent_ns[crowded[0]])}
                finding = f"an entry beyond the {limit} orders that {name} may be sent in a second"
                found = Anomaly(Pattern.RUNAWAY, finding, figures)
        return found
