"""The inventory: how far positions and cash have moved from where the session started.

Arbitrage moves coins to where they are cheap and money to where they are dear. What piles up at one venue is missing at
the other, and moving it back costs time and fees this simulation does not charge; the drift says how much there is to
move. A session that ended flat has none in its positions, but may have in its cash.
"""

import numpy as np

from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.statistics.amounts import figure, quote_of


def drift_figures(config: SessionConfig, state: np.record) -> dict[str, dict[str, object]]:
    """Per venue, `{venue: {markets: {symbol: …}, net_quote, gross_quote, cash: {currency: …}}}`.

    config  the session's configuration
    state   its final state record (`state_dtype`)

    A market has lots, base (quantity) and quote: the value in the reporting currency at the last book, a surplus at the
    bid, a deficit at the ask; None when that price is not known. `net_quote` sums them, `gross_quote` without sign;
    None when any is. `cash`: by currency, amount in its own booking units and `own`, the same in the currency.
    """
    return {
        venue.name: {
            **_markets(config, state["symbols"], v),
            "cash": _cash(config, state["venues"][v]),
        }
        for v, venue in enumerate(config.venues)
    }


def net_drift_lots(symbol: np.record) -> int:
    """What one symbol's state has gained over all venues, lots: 0 when every trade is hedged or over."""
    return int(symbol["position_lots"].sum()) - int(symbol["initial_lots"].sum())


def _markets(config: SessionConfig, symbols: np.ndarray, v: int) -> dict[str, object]:
    markets: dict[str, dict[str, int | float | None]] = {}
    values: list[float | None] = []
    for s, name in enumerate(config.symbols):
        if config.market(config.venues[v].name, name) is None:
            continue
        lots = int(symbols[s]["position_lots"][v]) - int(symbols[s]["initial_lots"][v])
        base = lots * config.lot_base(name)
        px = last_px(symbols[s], v, lots)
        values.append(0.0 if lots == 0 else None if px is None else base * px)
        markets[name] = {"lots": lots, "base": base, "quote": values[-1]}
    known = [value for value in values if value is not None]
    whole = len(known) == len(values)
    return {
        "markets": markets,
        "net_quote": sum(known) if whole else None,
        "gross_quote": sum(abs(value) for value in known) if whole else None,
    }


def last_px(symbol: np.record, venue: int, lots: int) -> float | None:
    """The last known price, reporting currency, at which a surplus (lots > 0) sells or a deficit is bought back."""
    book = symbol["books"][venue]
    own_px = book["mark_bid_px"] if lots > 0 else book["mark_ask_px"]
    px = figure(own_px * symbol["rates"][venue])
    return px if px is not None and px > 0 else None


def _cash(config: SessionConfig, venue: np.record) -> dict[str, dict[str, int | float]]:
    drifts = (venue["cash_amounts"] - venue["start_amounts"]).tolist()
    return {
        currency: {"amount": drifts[index], "own": quote_of(drifts[index], booking_unit(currency))}
        for index, currency in enumerate(config.currencies)
    }
