"""The engine's view: the engine's state as the sections of a projection.

Meant for a copy of the state, in another thread than the engine's: `state.copy()` is all the hot path pays. Amounts are
whole booking units of the reporting currency (`session.reporting_currency`), lots whole lots of the symbol, times UTC
nanoseconds. What is not known (no quote yet, no such market) is null or left out: NaN and infinity are never stored.
Not told here, because the engine does not know it: symbol switches, and the health of writers and feeds.
"""

import math
from collections.abc import Iterator

import numpy as np

from arbitrage_core.domain.order import FIRST_FINAL_STATE, OrderState, OrderStyle, Purpose
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.row import FeedStatus
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.trade import ExitReason, Phase
from arbitrage_core.engine.state import AWAITING_QUOTE, LONG_AGO_NS, Fault, SessionPhase

NS_PER_MS = 1_000_000
_LIVING = frozenset({Phase.OPENING, Phase.OPEN, Phase.CLOSING, Phase.UNWINDING})


def sections_of(state: np.ndarray, config: SessionConfig) -> dict[str, object]:
    """The sections of a session's state (`state_dtype(shape)[1]`), as the configuration names venues and symbols."""
    engine = state[0]
    orders = list(_working_orders(engine, config))
    markets = {(market.symbol, market.venue) for market in config.markets}
    return {
        "session": {
            "now_ns": int(engine.now_ns),
            "rows": int(engine.rows),
            "phase": SessionPhase(int(engine.phase)).name,
            "fault": Fault(int(engine.fault)).name,
            "reporting_currency": config.reporting_currency,
            "venues": [venue.name for venue in config.venues],
            "symbols": list(config.symbols),
        },
        "positions": _positions(engine, config, markets),
        "open_trades": list(_open_trades(engine, config)),
        "working_orders": orders,
        "execution_queue": [order["client_id"] for order in orders if order["awaits_answer"]],
        "counters": _counters(engine, config),
        "pnl": _pnl(engine, config),
        "books": _books(engine, config, markets),
        "cooldowns": _cooldowns(engine, config),
        "guards": _guards(engine, config),
    }


def _symbols(engine: np.record, config: SessionConfig) -> Iterator[tuple[str, np.record]]:
    for index, name in enumerate(config.symbols):
        yield name, engine.symbols[index]


def _positions(engine: np.record, config: SessionConfig, markets: set[tuple[str, str]]) -> dict[str, dict[str, int]]:
    venues = [venue.name for venue in config.venues]
    return {
        name: {
            venue: int(lots)
            for venue, lots in zip(venues, symbol.position_lots.tolist(), strict=False)  # the capacity may be larger
            if (name, venue) in markets
        }
        for name, symbol in _symbols(engine, config)
    }


def _living_trades(engine: np.record, config: SessionConfig) -> Iterator[tuple[str, np.record]]:
    for name, symbol in _symbols(engine, config):
        if symbol.in_use:
            for slot in np.flatnonzero(np.isin(symbol.trades["phase"], list(_LIVING))):
                yield name, symbol.trades[slot]


def _open_trades(engine: np.record, config: SessionConfig) -> Iterator[dict[str, object]]:
    for name, trade in _living_trades(engine, config):
        legs = [trade.legs[index] for index in range(len(trade.legs))]
        yield {
            "symbol": name,
            "number": int(trade.number),
            "phase": Phase(int(trade.phase)).name,
            "decided_ns": int(trade.decided_ns),
            "opened_ns": int(trade.opened_ns),
            "exit_reason": ExitReason(int(trade.exit_reason)).name,
            "spread_bps": _finite(trade.spread_bps),
            "net_edge_bps": _finite(trade.net_edge_bps),
            "realised_amount": int(trade.realised_amount),
            "fees_amount": int(trade.fees_amount),
            "flagged": bool(trade.flagged),
            "legs": [
                {
                    "venue": config.venues[int(leg.venue)].name,
                    "side": int(leg.side),
                    "lots": int(leg.lots),
                    "basis_amount": int(leg.basis_amount),
                }
                for leg in legs
            ],
        }


def _working_orders(engine: np.record, config: SessionConfig) -> Iterator[dict[str, object]]:
    for name, trade in _living_trades(engine, config):
        for index in range(len(trade.legs)):
            leg = trade.legs[index]
            order = leg.order[0]
            if not OrderState.NONE < order.state < FIRST_FINAL_STATE:
                continue
            yield {
                "client_id": int(order.client_id),
                "symbol": name,
                "trade": int(trade.number),
                "leg": index,
                "venue": config.venues[int(leg.venue)].name,
                "state": OrderState(int(order.state)).name,
                "purpose": Purpose(int(order.purpose)).name,
                "style": OrderStyle(int(order.style)).name,
                "side": int(order.side),
                "lots": int(order.lots),
                "filled_lots": int(order.filled_lots),
                "limit_px": _finite(order.limit_px),
                "sent_ns": int(order.sent_ns),
                "awaits_answer": order.state in (OrderState.PENDING, OrderState.UNKNOWN) or bool(order.canceling),
            }


def _counters(engine: np.record, config: SessionConfig) -> dict[str, dict[str, int]]:
    names = ("entries", "closed", "unwound", "voids", "wins", "in_use", "seen", "taken")
    return {
        symbol_name: {name: int(symbol[name]) for name in names} for symbol_name, symbol in _symbols(engine, config)
    }


def _pnl(engine: np.record, config: SessionConfig) -> dict[str, object]:
    names = ("start_amount", "realised_amount", "fees_amount", "equity_amount", "peak_amount", "drawdown_amount")
    return {name: int(engine[name]) for name in names} | {
        "per_symbol": {
            name: {"realised_amount": int(symbol.realised_amount), "fees_amount": int(symbol.fees_amount)}
            for name, symbol in _symbols(engine, config)
        }
    }


def _books(engine: np.record, config: SessionConfig, markets: set[tuple[str, str]]) -> dict[str, dict[str, object]]:
    books: dict[str, dict[str, object]] = {}
    for name, symbol in _symbols(engine, config):
        books[name] = {}
        for index, venue in enumerate(config.venues):
            if (name, venue.name) not in markets:
                continue
            book = symbol.books[index]
            quoted = book.received_ns > LONG_AGO_NS
            books[name][venue.name] = {
                "feed": "AWAITING_QUOTE" if book.feed == AWAITING_QUOTE else FeedStatus(int(book.feed)).name,
                "age_ms": (int(engine.now_ns) - int(book.received_ns)) / NS_PER_MS if quoted else None,
                "bid_px": _finite(book.bid_px[0]) if quoted else None,
                "ask_px": _finite(book.ask_px[0]) if quoted else None,
            }
    return books


def _cooldowns(engine: np.record, config: SessionConfig) -> dict[str, int]:
    """When a symbol is free to enter again, for those that are not."""
    return {
        name: int(symbol.free_from_ns)
        for name, symbol in _symbols(engine, config)
        if symbol.free_from_ns > engine.now_ns
    }


def _guards(engine: np.record, config: SessionConfig) -> dict[str, dict[str, dict[str, int]]]:
    """Per symbol: entries each rule refused, and opportunities missed by it; rules without any are left out."""
    return {
        name: {
            "refusals": {rule.name: int(symbol.refusals[rule]) for rule in Refusal if symbol.refusals[rule]},
            "missed": {rule.name: int(symbol.missed[rule]) for rule in Refusal if symbol.missed[rule]},
        }
        for name, symbol in _symbols(engine, config)
    }


def _finite(value: float) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
