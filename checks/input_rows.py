"""The input rows' suite: what a feed hands to a session, before any of it is traded on.

A row out of order, or a price that is none, spoils a session: those rules close the gate. Crossed books, books with
nothing on a side and pauses are things that real markets and streams do, and the engine refuses to trade on them: a
recording may have some, so those rules only warn unless they are told what share is too much.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from checks.result import GateResult
from checks.rule import Rule, between, none_of
from checks.suite import run_rules

QUOTE = 0
"""The kind of a row that is a quote."""

KEYS = {"rows": ("row", "symbol", "venue"), "quotes": ("row", "symbol", "venue")}
NS_PER_MS = 1_000_000
GAP_MAX_MS = 5_000.0


def rules(gap_max_ms: float = GAP_MAX_MS, crossed_share_max: float | None = None) -> tuple[Rule, ...]:
    """The rules. With `crossed_share_max` more crossed books than that share close the gate."""
    crossed = none_of("input: no book is crossed", "quotes", "crossed", critical=crossed_share_max is not None)
    if crossed_share_max:
        crossed.arguments["mostly"] = 1.0 - crossed_share_max
    return (
        between("input: there are quotes", "input", "quotes", 1, None),
        between("input: rows are in the order of time", "rows", "step_ns", 0, None),
        between("input: no row is from the future", "rows", "age_ns", 0, None),
        none_of("input: every quote names a market", "quotes", "unknown_market"),
        none_of("input: every price is positive and finite, or there is none", "quotes", "bad_prices"),
        none_of("input: every quantity is finite and not negative", "quotes", "bad_quantities"),
        none_of("input: deeper levels are worse than those above", "quotes", "levels_out_of_order"),
        crossed,
        none_of("input: both sides have something", "quotes", "empty_sides", critical=False),
        between("input: no market pauses for long", "quotes", "gap_ms", None, gap_max_ms, critical=False),
    )


def gate_rows(
    subject: str,
    rows: np.ndarray | Iterable[np.ndarray],
    symbols: Sequence[str],
    venues: Sequence[str],
    *,
    gap_max_ms: float = GAP_MAX_MS,
    crossed_share_max: float | None = None,
) -> GateResult:
    """Every rule over the rows of a feed.

    subject            what they are, as it will be named in the report
    rows               `row_dtype(levels)[n]`, or batches of them in their order
    symbols, venues    the names of a row's `symbol` and `venue`, as the feed lists them
    gap_max_ms         a market that pauses longer is warned of, milliseconds
    crossed_share_max  of the quotes, 0 to 1: more crossed ones close the gate; None: they only warn
    """
    began = time.perf_counter()
    batches = [rows] if isinstance(rows, np.ndarray) else rows
    seen = _Seen(len(symbols), len(venues))
    parts = [seen.frames(batch, symbols, venues) for batch in batches if len(batch)]
    frames = {
        "rows": pd.concat([one["rows"] for one in parts], ignore_index=True) if parts else _EMPTY_ROWS,
        "quotes": pd.concat([one["quotes"] for one in parts], ignore_index=True) if parts else _EMPTY_QUOTES,
    }
    frames["input"] = pd.DataFrame({"subject": [subject], "quotes": [len(frames["quotes"])]})
    framed = time.perf_counter()
    results = run_rules(frames, rules(gap_max_ms, crossed_share_max), {**KEYS, "input": ("subject",)})
    ended = time.perf_counter()
    timings_s = {"frames": framed - began, "judge": ended - framed, "total": ended - began}
    return GateResult(subject, results, {name: round(value, 3) for name, value in timings_s.items()})


_EMPTY_ROWS = pd.DataFrame(columns=["row", "symbol", "venue", "step_ns", "age_ns"])
_EMPTY_QUOTES = pd.DataFrame(
    columns=[
        *("row", "symbol", "venue", "unknown_market", "bad_prices", "bad_quantities"),
        *("levels_out_of_order", "crossed", "empty_sides", "gap_ms"),
    ]
)


@dataclass
class _Seen:
    """What was seen before a batch: rows, the last instant, and each market's last quote."""

    symbols: int
    venues: int

    def __post_init__(self) -> None:
        self._rows = 0
        self._last_ns: int | None = None
        self._last_quotes_ns = np.full(self.symbols * self.venues, -1, np.int64)

    def frames(self, batch: np.ndarray, symbols: Sequence[str], venues: Sequence[str]) -> dict[str, pd.DataFrame]:
        """The frames `rows` and `quotes` of a batch."""
        now_ns = np.ascontiguousarray(batch["now_ns"])
        numbers = np.arange(self._rows, self._rows + len(batch))
        named = {"row": numbers, "symbol": _named(batch["symbol"], symbols), "venue": _named(batch["venue"], venues)}
        first_ns = now_ns[0] if self._last_ns is None else self._last_ns
        steps = {"step_ns": np.diff(now_ns, prepend=first_ns), "age_ns": now_ns - batch["received_ns"]}
        quotes = np.flatnonzero(batch["kind"] == QUOTE)
        found = {name: values[quotes] for name, values in named.items()} | self._judged(batch[quotes])
        self._rows, self._last_ns = self._rows + len(batch), int(now_ns[-1])
        return {"rows": pd.DataFrame(named | steps), "quotes": pd.DataFrame(found)}

    def _judged(self, quotes: np.ndarray) -> dict[str, np.ndarray]:
        bid_px, bid_qty, ask_px, ask_qty = (quotes[name] for name in ("bid_px", "bid_qty", "ask_px", "ask_qty"))
        symbol, venue = quotes["symbol"].astype(np.int64), quotes["venue"].astype(np.int64)
        known = (symbol >= 0) & (symbol < self.symbols) & (venue >= 0) & (venue < self.venues)
        bad_prices, bad_quantities = np.zeros(len(quotes), np.int64), np.zeros(len(quotes), np.int64)
        for px, qty in ((bid_px, bid_qty), (ask_px, ask_qty)):
            bad_prices += np.count_nonzero(~((px > 0) & (px < np.inf)) & ~((px == 0) & (qty == 0)), axis=1)
            bad_quantities += np.count_nonzero(~((qty >= 0) & (qty < np.inf)), axis=1)
        both = (bid_px[:, 0] > 0) & (ask_px[:, 0] > 0)
        empty = (~(bid_qty[:, 0] > 0)).astype(np.int64) + ~(ask_qty[:, 0] > 0)
        return {
            "unknown_market": (~known).astype(np.int64),
            "bad_prices": bad_prices,
            "bad_quantities": bad_quantities,
            "levels_out_of_order": _out_of_order(bid_px, -1) + _out_of_order(ask_px, 1),
            "crossed": (both & (bid_px[:, 0] >= ask_px[:, 0])).astype(np.int64),
            "empty_sides": empty,
            "gap_ms": self._gaps_ms(np.where(known, symbol * self.venues + venue, -1), quotes["now_ns"]),
        }

    def _gaps_ms(self, markets: np.ndarray, now_ns: np.ndarray) -> np.ndarray:
        """Since the market's quote before, 0 for its first and for a market that is none."""
        order = np.argsort(markets, kind="stable")
        ordered, times = markets[order], now_ns[order].astype(np.int64)
        first = np.diff(ordered, prepend=-2) != 0
        before = np.concatenate([times[:1], times[:-1]])
        before = np.where(first, self._last_quotes_ns[ordered], before)
        gaps = np.empty(len(markets))
        gaps[order] = np.where((before < 0) | (ordered < 0), 0, times - before) / NS_PER_MS
        last = np.append(ordered[1:] != ordered[:-1], True)[: len(ordered)] & (ordered >= 0)
        self._last_quotes_ns[ordered[last]] = times[last]
        return gaps


def _out_of_order(px: np.ndarray, sign: int) -> np.ndarray:
    """How many levels are not worse than the one above, int64[n]; a level that is not there ends a side."""
    above, below = px[:, :-1], px[:, 1:]
    return np.count_nonzero((below != 0) & ~((above != 0) & (sign * (below - above) > 0)), axis=1)


def _named(codes: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Names for codes; a code without a name is shown as it is, and a row of no symbol as such."""
    codes = codes.astype(np.int64)
    known = (codes >= 0) & (codes < len(names))
    table = np.array([*names, "?"], dtype=object)
    return table[np.where(known, codes, len(names))]
