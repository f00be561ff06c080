"""The beginning: the state before the first row."""

import numpy as np

from arbitrage_core.domain.record import one
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.state import LONG_AGO_NS, NEVER_NS, Shape, state_dtype


def fresh_state(config: SessionConfig, shape: Shape, params: np.record) -> np.ndarray:
    """An empty state, `state_dtype(shape)[1]`: capital in place, books unknown, nothing due.

    The capital is split evenly over the venues, the first taking the odd unit; a venue that quotes none of its markets
    in the reporting currency gets its share at the first RATE of its own.
    """
    state = one(state_dtype(shape))
    head = state[0]
    head.now_ns = LONG_AGO_NS
    head.due_ns = head.mark_due_ns = NEVER_NS
    head.restless = 1  # the first row sets the first mark
    head.due_by_symbol_ns[:] = NEVER_NS
    head.rates[:] = np.nan
    head.rates[0] = 1.0
    for venue, amount in zip(head.venues, config.starting_amounts(), strict=False):
        venue["cash_amounts"][0] = venue["basis_amounts"][0] = venue["start_amounts"][0] = amount
        head.start_amount += amount
    head.equity_amount = head.peak_amount = head.guard_peak_amount = head.start_amount
    head.day_end_ns = LONG_AGO_NS
    head.guards["release_ns"] = head.venues["exposure_guard"]["release_ns"] = NEVER_NS
    for index in range(shape.symbols):
        _write_symbol(head.symbols[index], params.symbols[index])
    return state


def _write_symbol(symbol: np.record, terms: np.record) -> None:
    symbol.touches["ask"] = np.inf
    symbol.stop_watches["loss_px"] = 1e308
    symbol.cooldown_due_ns = NEVER_NS
    symbol.free_from_ns = LONG_AGO_NS
    symbol.guards["release_ns"] = NEVER_NS
    symbol.books["received_ns"] = symbol.books["moved_ns"] = LONG_AGO_NS
    symbol.entry_factor = terms.entry_factor
    for index, market in enumerate(terms.markets):
        if market["exists"]:
            symbol.rates[index] = 1.0 if market["quote"] == 0 else np.nan
        symbol.position_lots[index] = symbol.initial_lots[index] = market["initial_lots"]
    symbol.inventories_unpriced = int(np.count_nonzero(symbol.initial_lots))
    symbol.restless = int(symbol.inventories_unpriced > 0)
