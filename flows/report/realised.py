"""The realised PnL over time, symbol by symbol: what its fills and its funding booked, net of fees."""

import numpy as np

from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.statistics.amounts import quote_of
from flows.report.track import Track


def realised_tracks(config: SessionConfig, log: SessionLog) -> tuple[Track, ...]:
    """A track of each symbol, in the configuration's order and the reporting currency.

    Reads `fills` and `funding`. Amounts are added up in booking units; only what is drawn is a float.
    """
    unit, booked = booking_unit(config.reporting_currency), (log.fills, log.funding)
    symbols, moments = (np.concatenate([one[name] for one in booked]) for name in ("symbol", "now_ns"))
    amounts = np.concatenate([log.fills["realised_amount"], log.funding["amount"]])
    tracks = []
    for s, symbol in enumerate(config.symbols):
        mine = symbols == s
        found = Track.of_steps(symbol, moments[mine], amounts[mine])
        tracks.append(Track(symbol, found.moments_ns, np.array([quote_of(one, unit) for one in found.values])))
    return tuple(tracks)
