"""The idle trades: entries without exits. A trade past every deadline the settings give it, and nobody works at it.

How long nothing may be sent for a trade none of whose orders works (docs/engine.md §7 and §9), in row time:

- OPEN: until `hold_max_ms` after its first fill it may simply be held. From then on, or from when it was last seen at
  rest if that is later, `exit_wait_max_ms` for fresh books, and the longest pause between two tries, 60 s. No more
  than that, even if books are stale or a feed is down: then it leaves on the last books known.
- One leg alone (any other phase): `single_leg_deadline_ms`, and the same pause.

A venue that rejects every exit is not this: each try counts. Neither is an order that works or is UNKNOWN, which
freezes its trade until there is evidence (law I7 bounds how long), nor a trade that was flagged: the operator has it.
A pause or the kill switch changes nothing: exits go on under both.
"""

import numpy as np

from arbitrage_core.domain.trade import FIRST_STICKY_REASON, Phase
from arbitrage_core.laws.groups import ABSENT, places_of
from arbitrage_core.laws.single_leg import RETRY_MAX_NS
from arbitrage_core.laws.slots import Slots
from arbitrage_core.laws.terms import NS_PER_MS, Terms
from arbitrage_core.session.anomaly import Anomaly, Pattern


class IdleTrades:
    """Remembers since when a trade rests: `look` at the trades that stand, as often as wanted.

    A trade that never tried to leave is judged at first sight; another once it was seen at rest twice, so far apart.
    """

    def __init__(self, terms: Terms) -> None:
        params = [terms.config.params_of(symbol) for symbol in terms.config.symbols]
        self._config, self._alone_ns = terms.config, terms.single_leg_deadline_ns
        self._hold_ns = np.array([round(one.hold_max_ms * NS_PER_MS) for one in params], np.int64)
        self._wait_ns = np.array([round(one.exit_wait_max_ms * NS_PER_MS) for one in params], np.int64)
        self._keys = self._tries = self._since_ns = np.zeros(0, np.int64)

    def look(self, slots: Slots, now_ns: int) -> Anomaly | None:
        """The trade that has rested too long at `now_ns`, the state's time; the oldest of them."""
        resting = np.flatnonzero(~slots.working.any(1) & (slots.trades["flagged"] == 0))
        resting = resting[np.argsort(slots.keys[resting])]
        symbol, trades = slots.symbol[resting], slots.trades[resting]
        self._remember(slots.keys[resting], slots.legs["attempts"][resting].sum(1), now_ns)
        is_open, tried = trades["phase"] == Phase.OPEN, trades["leaving_ns"] != 0
        seen_ns = np.where(is_open & ~tried, trades["hedged_ns"], self._since_ns)
        held_ns = np.where(is_open, trades["opened_ns"] + self._hold_ns[symbol], seen_ns)
        allowed_ns = np.where(is_open, self._wait_ns[symbol], self._alone_ns[symbol]) + RETRY_MAX_NS
        late_ns = now_ns - np.maximum(held_ns, seen_ns) - allowed_ns
        if not np.any(late_ns > 0):
            return None
        worst = int(np.argmax(late_ns))
        name = f"trade {trades['number'][worst]} of {self._config.symbols[symbol[worst]]}"
        late_s, phase = int(late_ns[worst]) / 1e9, Phase(int(trades["phase"][worst])).name
        figures = {
            "symbol": self._config.symbols[symbol[worst]],
            "trade": int(trades["number"][worst]),
            "phase": phase,
            "opened_ns": int(trades["opened_ns"][worst]),
            "late_s": late_s,
            "trades": int(np.count_nonzero(late_ns > 0)),
        }
        finding = f"{name} stands {phase}, {late_s:,.1f} s past its last deadline, and no order works at it"
        return Anomaly(Pattern.NO_EXITS, finding, figures)

    def left_standing(self, slots: Slots, now_ns: int) -> Anomaly | None:
        """Of a session that was flattened: a trade that stands OPEN, has nothing to wait for, and never tried to leave.

        One that tried is the market's, not the program's: a book that shows nobody to deal with lets nobody go.
        """
        trades = slots.trades
        told = trades["exit_reason"] >= FIRST_STICKY_REASON
        waits = told & ((trades["wait_due_ns"] > now_ns) | (trades["leaving_ns"] != 0))
        at = np.flatnonzero((trades["phase"] == Phase.OPEN) & ~waits & (trades["flagged"] == 0))
        if not len(at):
            return None
        symbols = [self._config.symbols[s] for s in slots.symbol[at].tolist()]
        names = [f"{number} of {symbol}" for number, symbol in zip(trades["number"][at].tolist(), symbols, strict=True)]
        finding = f"after the session was flattened trade {names[0]} stands OPEN and never tried to leave"
        return Anomaly(Pattern.NO_EXITS, finding, {"trades": len(at), "named": names[:5]})

    def _remember(self, keys: np.ndarray, tries: np.ndarray, now_ns: int) -> None:
        """Since when each trade rests: from an earlier look on if nothing was sent for it since."""
        since_ns = np.full(len(keys), now_ns, np.int64)
        at = places_of(self._keys, keys)
        same = at != ABSENT
        same[same] = self._tries[at[same]] == tries[same]
        since_ns[same] = self._since_ns[at[same]]
        self._keys, self._tries, self._since_ns = keys, tries, since_ns
