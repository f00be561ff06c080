"""The summary: what a session did, as one document of plain Python that any report can carry.

Counts, realised PnL, fees and the maximum drawdown are the engine's own counters, which hold even where a log does not
reach back to the start; everything else is made up from the log. `statistics.differences` names each figure on which
the two disagree, and is empty when the books are right. Money stands as `_amount`, an exact count of `booking_unit`,
and as `_quote`, the same in the reporting currency. A figure that cannot be told is None, never NaN or infinity.
"""

import numpy as np

from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.trade import ExitReason
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.statistics.amounts import money, quotient
from arbitrage_core.statistics.arbitrage import edge_figures, leg_figures
from arbitrage_core.statistics.bookings import Bookings, bookings, bookings_by
from arbitrage_core.statistics.drawdown import drawdown_figures
from arbitrage_core.statistics.executions import execution_figures
from arbitrage_core.statistics.incidents import incident_figures
from arbitrage_core.statistics.inventory import drift_figures, net_drift_lots
from arbitrage_core.statistics.opportunities import named_refusals, opportunity_figures
from arbitrage_core.statistics.ratios import ratio_figures
from arbitrage_core.statistics.reconciliation import differences
from arbitrage_core.statistics.trade_metrics import ended, trade_metrics

Document = dict[str, object]


def summarise(config: SessionConfig, log: SessionLog, state: np.record) -> Document:
    """The summary of a session: JSON-ready, nested dicts of int, float, bool, str and None.

    config  the session's configuration
    log     all it wrote, from its first row on
    state   its final state record, `state_dtype(shape)`, for a shape that holds the configuration

    Top level: `reporting_currency, booking_unit, entries, closed_trades, unwound, open, voids, exits, win_rate, pnl_*,
    gross_*, fees_*, funding_*, slippage_*, turnover_*, fills, max_drawdown_*, start_*, equity_*, unrealised_*,
    revaluation_*, refusals, opportunities, incidents, per_symbol, per_venue, per_pair, statistics`, where `*` is `amount`
    and `quote`. PnL per symbol, and per venue, adds up exactly in `pnl_amount`. Raises ValueError when the log names a
    symbol or venue that the configuration does not have.
    """
    unit = booking_unit(config.reporting_currency)
    symbols = state["symbols"][: len(config.symbols)]
    start_amount = int(state["start_amount"])
    executions, venue_executions = execution_figures(log, len(config.venues))
    return {
        "reporting_currency": config.reporting_currency,
        "booking_unit": unit,
        **_counts(symbols),
        **_money(bookings(log), int(state["realised_amount"]), int(state["fees_amount"]), unit),
        **money("max_drawdown", int(state["drawdown_amount"]), unit),
        **money("start", start_amount, unit),
        **money("equity", int(state["equity_amount"]), unit),
        **money("unrealised", _last(log, "unrealised_amount"), unit),
        **money("revaluation", _last(log, "revaluation_amount"), unit),
        "refusals": named_refusals(symbols["refusals"].sum(axis=0)),
        "opportunities": opportunity_figures(symbols),
        "incidents": incident_figures(log.incidents, symbols, unit),
        "per_symbol": _per_symbol(config, log, symbols, unit),
        "per_venue": _per_venue(config, log, state, venue_executions, unit),
        "per_pair": _per_pair(config, log.trades, unit),
        "statistics": {
            "trades": trade_metrics(log.trades, unit),
            "edge": edge_figures(log.trades, unit),
            "legs": leg_figures(log.trades),
            "drawdown": drawdown_figures(log.equity, start_amount, unit),
            "ratios": ratio_figures(log.equity, start_amount),
            "executions": executions,
            "differences": differences(log, state, len(config.symbols), len(config.venues)),
        },
    }


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


def _per_symbol(config: SessionConfig, log: SessionLog, symbols: np.ndarray, unit: float) -> dict[str, Document]:
    documents: dict[str, Document] = {}
    for s, booked in enumerate(bookings_by(log, "symbol", len(config.symbols))):
        mine, symbol = symbols[s : s + 1], symbols[s]
        trades = log.trades[log.trades["symbol"] == s]
        documents[config.symbols[s]] = {
            **_counts(mine),
            **_money(booked, int(symbol["realised_amount"]), int(symbol["fees_amount"]), unit),
            "refusals": named_refusals(symbol["refusals"]),
            "opportunities": opportunity_figures(mine),
            "incidents": incident_figures(log.incidents[log.incidents["symbol"] == s], mine, unit),
            "net_drift_lots": net_drift_lots(symbol),
            "trades": trade_metrics(trades, unit),
            "edge": edge_figures(trades, unit),
            "legs": leg_figures(trades),
        }
    return documents


def _per_venue(
    config: SessionConfig, log: SessionLog, state: np.record, executions: list[Document], unit: float
) -> dict[str, Document]:
    """Venue figures. PnL is that of the legs there; `bought` and `sold` count the ended trades that had that leg there,
    `incidents` the legs left alone there, and `trades` measures the whole trades that had either leg there."""
    drifts, over = drift_figures(config, state), ended(log.trades)
    documents: dict[str, Document] = {}
    for v, booked in enumerate(bookings_by(log, "venue", len(config.venues))):
        name, bought, sold = config.venues[v].name, over["buy_venue"] == v, over["sell_venue"] == v
        documents[name] = {
            **_money(booked, int(state["venues"][v]["realised_amount"]), booked.fees_amount, unit),
            "bought": int(np.count_nonzero(bought)),
            "sold": int(np.count_nonzero(sold)),
            "incidents": int(np.count_nonzero(log.incidents["venue"] == v)),
            "executions": executions[v],
            "inventory": drifts[name],
            "trades": trade_metrics(over[bought | sold], unit),
        }
    return documents


def _per_pair(config: SessionConfig, trades: np.ndarray, unit: float) -> dict[str, dict[str, Document]]:
    """`{venue bought at: {venue sold at: {trades, edge}}}` of the pairs that ended a trade."""
    over = ended(trades)
    documents: dict[str, dict[str, Document]] = {}
    for pair in np.unique(over["buy_venue"].astype(np.int64) * len(config.venues) + over["sell_venue"]).tolist():
        buy, sell = divmod(pair, len(config.venues))
        mine = over[(over["buy_venue"] == buy) & (over["sell_venue"] == sell)]
        documents.setdefault(config.venues[buy].name, {})[config.venues[sell].name] = {
            "trades": trade_metrics(mine, unit),
            "edge": edge_figures(mine, unit),
        }
    return documents


def _last(log: SessionLog, name: str) -> int:
    """A field of the last mark of the equity; 0 when there is none."""
    return int(log.equity[name][-1]) if len(log.equity) else 0
