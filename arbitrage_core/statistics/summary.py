"""The summary: what a session did, as one document of plain Python that any report can carry.

Counts, realised PnL, fees and the maximum drawdown are the engine's own counters, which hold even where a log does not
reach back to the start; everything else is made up from the log. `statistics.differences` names each figure on which
the two disagree, and is empty when the books are right. Money stands as `_amount`, an exact count of `booking_unit`,
and as `_quote`, the same in the reporting currency. A figure that cannot be told is None, never NaN or infinity.
"""

from dataclasses import dataclass

import numpy as np

from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.trade import ExitReason
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.statistics.amounts import money, quotient
from arbitrage_core.statistics.arbitrage import edge_figures, leg_figures
from arbitrage_core.statistics.bookings import Bookings, bookings_by_market
from arbitrage_core.statistics.columns import Columns
from arbitrage_core.statistics.currencies import quote_currencies
from arbitrage_core.statistics.drawdown import drawdown_figures
from arbitrage_core.statistics.executions import execution_figures
from arbitrage_core.statistics.far_exits import far_exits
from arbitrage_core.statistics.incidents import incident_figures
from arbitrage_core.statistics.inventory import drift_figures, net_drift_lots
from arbitrage_core.statistics.left_open import left_open
from arbitrage_core.statistics.opportunities import named_refusals, opportunity_figures
from arbitrage_core.statistics.portfolio import rebalancing_figures
from arbitrage_core.statistics.ratios import ratio_figures
from arbitrage_core.statistics.reconciliation import differences
from arbitrage_core.statistics.trade_metrics import ended, trade_metrics

Document = dict[str, object]


def summarise(config: SessionConfig, log: SessionLog, state: np.record) -> Document:
    """The summary of a session: JSON-ready, nested dicts of int, float, bool, str and None.

    config  the session's configuration
    log     all it wrote, from its first row on
    state   its final state record, `state_dtype(shape)`, for a shape that holds the configuration

    Top level: `reporting_currency, booking_unit, quoted_in` (statistics/currencies.py), `entries,
    closed_trades, unwound, open, voids, exits, win_rate, pnl_*,
    gross_*, fees_*, funding_*, slippage_*, turnover_*, fills, max_drawdown_*, start_*, equity_*, unrealised_*,
    revaluation_*, left_open, far_exits,
    refusals, opportunities, incidents, per_symbol, per_venue, per_pair, rebalancing, statistics`, where
    `*` is `amount` and `quote`. PnL per symbol, and per venue, adds up exactly in `pnl_amount`. Raises ValueError when
    the log names a symbol or venue that the configuration does not have.
    """
    session = _Session.of(config, log, state)
    markets = bookings_by_market(log, len(config.symbols), len(config.venues))
    by_symbol = [Bookings.added(of_symbol) for of_symbol in markets]
    by_venue = [Bookings.added(of_venue) for of_venue in zip(*markets, strict=True)]
    executions, venue_executions = execution_figures(log, len(config.venues))
    unit, symbols, start_amount = session.unit, session.symbols, int(state["start_amount"])
    return {
        "reporting_currency": config.reporting_currency,
        "booking_unit": unit,
        "quoted_in": quote_currencies(config),
        **_counts(symbols),
        **_money(Bookings.added(by_symbol), int(state["realised_amount"]), int(state["fees_amount"]), unit),
        **money("max_drawdown", int(state["drawdown_amount"]), unit),
        **money("start", start_amount, unit),
        **money("equity", int(state["equity_amount"]), unit),
        **money("unrealised", _last(log, "unrealised_amount"), unit),
        **money("revaluation", _last(log, "revaluation_amount"), unit),
        "left_open": left_open(config, state),
        "far_exits": far_exits(config, log, unit),
        "refusals": named_refusals(symbols["refusals"].sum(axis=0)),
        "opportunities": opportunity_figures(symbols),
        "incidents": incident_figures(session.incidents, symbols, unit),
        "per_symbol": _per_symbol(session, by_symbol),
        "per_venue": _per_venue(session, by_venue, venue_executions),
        "per_pair": _per_pair(session),
        "statistics": {
            "trades": trade_metrics(session.over, unit),
            "edge": edge_figures(session.over, unit),
            "legs": leg_figures(session.over),
            "drawdown": drawdown_figures(log.equity, start_amount, unit),
            "ratios": ratio_figures(log.equity, start_amount),
            "executions": executions,
            "differences": differences(log, state, by_symbol, by_venue),
        },
        "rebalancing": rebalancing_figures(config, log, state),
    }


@dataclass(frozen=True)
class _Session:
    """What the parts of the summary are made from: `over` are the ended trades, `symbols` the states in use."""

    config: SessionConfig
    state: np.record
    symbols: np.ndarray
    over: Columns
    incidents: Columns
    unit: float

    @classmethod
    def of(cls, config: SessionConfig, log: SessionLog, state: np.record) -> "_Session":
        symbols = state["symbols"][: len(config.symbols)]
        unit = booking_unit(config.reporting_currency)
        return cls(config, state, symbols, ended(log.trades), Columns.of(log.incidents), unit)


def exit_counts(symbols: np.ndarray) -> dict[str, int]:
    """How the trades of `symbol_dtype[n]` left: every ExitReason, then UNWOUND; NONE only if there is one."""
    counts = symbols["exits"].sum(axis=0)
    exits = {reason.name: int(counts[reason]) for reason in ExitReason if reason or counts[reason]}
    return {**exits, "UNWOUND": int(symbols["unwound"].sum())}


def _counts(symbols: np.ndarray) -> Document:
    """entries = closed_trades + unwound + open; voids never filled. Won trades over all that ended."""
    entries, closed, unwound = (int(symbols[name].sum()) for name in ("entries", "closed", "unwound"))
    return {
        "entries": entries,
        "closed_trades": closed,
        "unwound": unwound,
        "open": entries - closed - unwound,
        "voids": int(symbols["voids"].sum()),
        "exits": exit_counts(symbols),
        "win_rate": quotient(int(symbols["wins"].sum()), closed + unwound),
    }


def _money(booked: Bookings, realised_amount: int, fees_amount: int, unit: float) -> Document:
    """The bookings, with realised PnL and fees as the engine counted them."""
    return {
        **booked.document(unit),
        **money("pnl", realised_amount, unit),
        **money("gross", realised_amount + fees_amount, unit),
        **money("fees", fees_amount, unit),
    }


def _per_symbol(session: _Session, bookings: list[Bookings]) -> dict[str, Document]:
    documents: dict[str, Document] = {}
    for s, booked in enumerate(bookings):
        mine, symbol, unit = session.symbols[s : s + 1], session.symbols[s], session.unit
        over = session.over.where(session.over["symbol"] == s)
        incidents = session.incidents.where(session.incidents["symbol"] == s)
        documents[session.config.symbols[s]] = {
            **_counts(mine),
            **_money(booked, int(symbol["realised_amount"]), int(symbol["fees_amount"]), unit),
            "refusals": named_refusals(symbol["refusals"]),
            "opportunities": opportunity_figures(mine),
            "incidents": incident_figures(incidents, mine, unit),
            "net_drift_lots": net_drift_lots(symbol),
            "trades": trade_metrics(over, unit),
            "edge": edge_figures(over, unit),
            "legs": leg_figures(over),
        }
    return documents


def _per_venue(session: _Session, bookings: list[Bookings], executions: list[Document]) -> dict[str, Document]:
    """Venue figures. PnL is that of the legs there; `bought` and `sold` count the ended trades that had that leg there,
    `incidents` the legs left alone there, and `trades` measures the whole trades that had either leg there."""
    drifts, over = drift_figures(session.config, session.state), session.over
    documents: dict[str, Document] = {}
    for v, booked in enumerate(bookings):
        name, bought, sold = session.config.venues[v].name, over["buy_venue"] == v, over["sell_venue"] == v
        realised_amount = int(session.state["venues"][v]["realised_amount"])
        documents[name] = {
            **_money(booked, realised_amount, booked.fees_amount, session.unit),
            "bought": int(np.count_nonzero(bought)),
            "sold": int(np.count_nonzero(sold)),
            "incidents": int(np.count_nonzero(session.incidents["venue"] == v)),
            "executions": executions[v],
            "inventory": drifts[name],
            "trades": trade_metrics(over.where(bought | sold), session.unit),
        }
    return documents


def _per_pair(session: _Session) -> dict[str, dict[str, Document]]:
    """`{venue bought at: {venue sold at: {trades, edge}}}` of the pairs that ended a trade."""
    over, names = session.over, [venue.name for venue in session.config.venues]
    documents: dict[str, dict[str, Document]] = {}
    pairs = over["buy_venue"].astype(np.int64) * len(names) + over["sell_venue"]
    for pair in np.unique(pairs).tolist():
        buy, sell = divmod(pair, len(names))
        mine = over.where(pairs == pair)
        documents.setdefault(names[buy], {})[names[sell]] = {
            "trades": trade_metrics(mine, session.unit),
            "edge": edge_figures(mine, session.unit),
        }
    return documents


def _last(log: SessionLog, name: str) -> int:
    """A field of the last mark of the equity; 0 when there is none."""
    return int(log.equity[name][-1]) if len(log.equity) else 0
