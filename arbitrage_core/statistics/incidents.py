"""The incident: a leg that stood alone for a while, what became of it and what it cost.

The cost is what the incident's fills lost beyond the plan, positive when it cost money. It is in its trade's PnL
already and not to be subtracted again.
"""

import numpy as np

from arbitrage_core.domain.order import Purpose
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.state import NEVER_NS
from arbitrage_core.statistics.amounts import figure, money, quote_of, total
from arbitrage_core.statistics.arbitrage import NS_PER_MS
from arbitrage_core.statistics.columns import Columns, Records
from arbitrage_core.statistics.distribution import distribution


def incident_figures(incidents: Records, symbols: np.ndarray, unit: float) -> dict[str, object]:
    """The figures of INCIDENT_OUT[n] (ended ones) and of those that stand in the states `symbol_dtype[m]`.

    count, standing   ended; not yet
    cost_amount, cost_quote, cost_quote_max
    by_resolution     `{purpose of the last order that worked at it, or NONE: {count, cost_amount, cost_quote}}`
    by_phase          `{the trade's phase when it was found: count}`
    forced            its deadline passed
    attempts          orders sent to mend them
    unhedged_quote_s  Σ unhedged notional × seconds
    duration_ms       from the imbalance to its end
    """
    incidents = Columns.of(incidents)
    costs = incidents["cost_amount"]
    return {
        "count": len(incidents),
        "standing": _standing(symbols),
        **money("cost", total(costs), unit),
        "cost_quote_max": quote_of(int(costs.max()), unit) if len(incidents) else None,
        "by_resolution": {
            _resolution(value): _group(incidents.where(incidents["resolution"] == value), unit)
            for value in np.unique(incidents["resolution"]).tolist()
        },
        "by_phase": {
            Phase(value).name: int(np.count_nonzero(incidents["phase"] == value))
            for value in np.unique(incidents["phase"]).tolist()
        },
        "forced": int(np.count_nonzero(incidents["forced"])),
        "attempts": int(incidents["attempts"].sum()),
        "unhedged_quote_s": figure(np.sum(incidents["unhedged_quote_s"])),
        "duration_ms": distribution(incidents["ended_ns"] - incidents["began_ns"], NS_PER_MS),
    }


def _resolution(value: int) -> str:
    """NONE when it came right by itself: a late fill of an order that was believed final."""
    return "NONE" if value < 0 else Purpose(value).name


def _group(incidents: Records, unit: float) -> dict[str, int | float]:
    return {"count": len(incidents), **money("cost", total(incidents["cost_amount"]), unit)}


def _standing(symbols: np.ndarray) -> int:
    """Incidents not over yet, of trades that occupy a slot."""
    trades = symbols["trades"]
    standing = (trades["phase"] != Phase.FREE) & (trades["incident_began_ns"] != NEVER_NS)
    return int(np.count_nonzero(standing))
