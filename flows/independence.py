"""Independence: what a symbol decides among others is what it decides alone, bit for bit.

With portfolio limits wide nothing is shared: each symbol of a session is run again alone, over its own rows, and once
more beside another that is switched off half-way; its orders, changes, fills, trades and incidents must be the same.
Left out is what names the session or the place in it: client order ids, which follow from the session's key, and the
number of the symbol. `tests/engine/test_state_hash.py` has the same law at the level of the engine.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from arbitrage_core.domain.compiled import Compiled
from arbitrage_core.domain.identity import digest_of
from arbitrage_core.domain.row import ALL_SYMBOLS, timer_row
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.row_stream import marked
from arbitrage_core.feeds.scripted import Scripted, Step
from arbitrage_core.session.backtest import run_backtest

DECISIONS = ("orders", "changes", "fills", "trades", "incidents", "funding")
"""The logs that say what a symbol did."""
OF_THE_SESSION = ("client_id", "symbol")
NS_PER_S = 1_000_000_000


def independence_of(
    config: SessionConfig, feed: Feed, log: SessionLog, *, replaced: Mapping[str, Compiled] | None = None
) -> tuple[int, tuple[str, ...]]:
    """(symbols compared, where they part): each symbol alone, and all others beside the first one switched off."""
    parted, compared = [], 0
    for place, symbol in enumerate(config.symbols):
        alone = run_backtest(config_alone(config, symbol), OneSymbol(feed, symbol), replaced=replaced).log
        compared += 1
        if (where := parting(decisions(log, place), decisions(alone, 0))) is not None:
            parted.append(f"{symbol} alone: {where}")
    off = config.symbols[0]
    halted = Scripted(feed, (Step(at_s=_half_s(feed), command="SYMBOL_OFF", symbol=off),))
    beside = run_backtest(config, halted, replaced=replaced).log
    for place, symbol in enumerate(config.symbols[1:], 1):
        compared += 1
        if (where := parting(decisions(log, place), decisions(beside, place))) is not None:
            parted.append(f"{symbol} beside {off} switched off: {where}")
    if len(config.symbols) > 1 and parting(decisions(log, 0), decisions(beside, 0)) is None:
        parted.append(f"{off} switched off half-way decides as if it were not")
    return compared, tuple(parted)


def config_alone(config: SessionConfig, symbol: str) -> SessionConfig:
    """The same session with one symbol of it."""
    return config.model_copy(
        update={
            "symbols": (symbol,),
            "markets": tuple(market for market in config.markets if market.symbol == symbol),
            "symbol_params": {name: own for name, own in config.symbol_params.items() if name == symbol},
        }
    )


class OneSymbol:
    """The rows of one symbol of a feed, and at its last instant a TIMER, so that both sessions end at the same time."""

    def __init__(self, feed: Feed, symbol: str) -> None:
        self.feed, self.symbol = feed, symbol
        self.venues, self.symbols, self.levels = feed.venues, (symbol,), feed.levels

    def identity(self) -> dict[str, Any]:
        """That of the feed, and which symbol."""
        definition = {"kind": "one symbol", "symbol": self.symbol, "feed": self.feed.identity()}
        return {**definition, "sha256": digest_of(definition)}

    def __iter__(self) -> Iterator[np.ndarray]:
        return marked(self._own())

    def _own(self) -> Iterator[np.ndarray]:
        place, last_ns = self.feed.symbols.index(self.symbol), None
        for rows in self.feed:
            last_ns = int(rows["now_ns"][-1])
            own = rows[(rows["symbol"] == place) | (rows["symbol"] == ALL_SYMBOLS)].copy()
            own["symbol"][own["symbol"] == place] = 0
            if len(own):
                yield own
        if last_ns is not None:
            yield timer_row(last_ns, self.levels)


def decisions(log: SessionLog, place: int) -> dict[str, np.ndarray]:
    """What one symbol did, without what belongs to the session."""
    found = {}
    for name in DECISIONS:
        entries = getattr(log, name)
        own = entries[entries["symbol"] == place].copy()
        for field in set(OF_THE_SESSION) & set(own.dtype.names or ()):
            own[field] = 0
        found[name] = own
    return found


def parting(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> str | None:
    """The first entry at which two symbols' decisions part, by its log; None when they are the same bytes."""
    for name in DECISIONS:
        mine, theirs = one[name], other[name]
        common = min(len(mine), len(theirs))
        differ = (
            [n for n in range(common) if mine[n].tobytes() != theirs[n].tobytes()]
            if mine[:common].tobytes() != theirs[:common].tobytes()
            else []
        )
        if differ:
            return f"{name}[{differ[0]}] differs"
        if len(mine) != len(theirs):
            return f"{len(mine)} {name}, there {len(theirs)}"
    return None


def _half_s(feed: Feed) -> float:
    first_ns = last_ns = None
    for rows in feed:
        first_ns = int(rows["now_ns"][0]) if first_ns is None else first_ns
        last_ns = int(rows["now_ns"][-1])
    return 0.0 if first_ns is None or last_ns is None else (last_ns - first_ns) / 2 / NS_PER_S
