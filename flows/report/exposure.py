"""The exposure over time: what stood at risk on each market, symbol, venue and in all, followed through the record.

Exposure lots of a market are those docs/engine.md §11 has: lots held by its legs, and unfilled lots of its working
opening orders, an UNKNOWN one in full. They come exactly from orders, their changes and their fills. Each lot is valued
at the market's last price in the record: the worst price of the last opening order sent there (its limit, of a market
order the touch × (1 ± bound), of a sale no less than the touch), or that of the last fill since. Prices that only moved
in the books are in no log, so between two orders the value stands still.

Where it is wrong. It shows the end of each instant: what was sent and refused within the same nanosecond leaves no
trace. Guards value other symbols at their asks of that moment, so venue and portfolio need not be, to the last cent,
what was compared with the limit. A market quoted in another currency is converted at the rate its currency's last fill
was booked at, before the first fill at the first's; without any fill its value is not a number.
"""

from dataclasses import dataclass

import numpy as np

from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.order import FIRST_FINAL_STATE, Action, OrderStyle, Purpose
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import SessionLog
from flows.report.track import Track, combined

BPS = 1e-4
SLACK = 1e-12
"""Relative: floats are multiplied in another order than the engine does."""


@dataclass(frozen=True, eq=False)
class Exposure:
    """What stood at risk in a session, in the reporting currency, each track with its limit (inf: none).

    `venues` and `symbols` stand in the configuration's order.
    """

    portfolio: Track
    venues: tuple[Track, ...]
    symbols: tuple[Track, ...]


def exposure_of(config: SessionConfig, log: SessionLog) -> Exposure:
    """From what a session recorded: reads `orders`, `changes` and `fills` of the log."""
    lots, prices = _lots(log), _prices(config, log)
    tracks: dict[tuple[int, int], Track] = {}
    for s, symbol in enumerate(config.symbols):
        for v in range(len(config.venues)):
            tracks[s, v] = _valued(lots.of(s, v), prices.of(s, v), config.lot_base(symbol))
    return Exposure(
        combined("portfolio", tuple(tracks.values()), limit=config.portfolio_exposure_max_quote),
        tuple(
            combined(venue.name, [tracks[s, v] for s in range(len(config.symbols))], limit=venue.exposure_max_quote)
            for v, venue in enumerate(config.venues)
        ),
        tuple(
            combined(
                symbol,
                [tracks[s, v] for v in range(len(config.venues))],
                limit=config.exposure_max_quote(symbol),
            )
            for s, symbol in enumerate(config.symbols)
        ),
    )


def crossed_limits(exposure: Exposure) -> tuple[str, ...]:
    """Every limit that was crossed at some instant, be it by one booking, in words."""
    tracks = (exposure.portfolio, *exposure.venues, *exposure.symbols)
    return tuple(
        f"{track.name}: {track.largest:,.2f} exposed, allowed are {track.limit:,.2f}"
        for track in tracks
        if track.largest > track.limit * (1 + SLACK)
    )


@dataclass(frozen=True, eq=False)
class _Events:
    """Something that happened on markets, arrays [n] in the order of their source."""

    symbol: np.ndarray
    venue: np.ndarray
    moments_ns: np.ndarray
    values: np.ndarray

    @classmethod
    def joined(cls, parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]]) -> "_Events":
        """Of (entries with symbol and venue, moments, values)."""
        entries, moments, values = zip(*parts, strict=True)
        symbols, venues = ([one[name] for one in entries] for name in ("symbol", "venue"))
        return cls(*(np.concatenate(arrays) for arrays in (symbols, venues, moments, values)))

    def of(self, s: int, v: int) -> tuple[np.ndarray, np.ndarray]:
        """(moments, values) of one market."""
        mine = (self.symbol == s) & (self.venue == v)
        return self.moments_ns[mine], self.values[mine]


def _lots(log: SessionLog) -> _Events:
    """By how many lots exposure changed: a send that opens adds all of its lots, its end gives up what is unfilled, a
    closing fill takes its own. Filling what works changes nothing, but a fill past an order's end adds."""
    opened, fills = _opened(log), log.fills
    by_id = np.argsort(opened["client_id"], kind="stable")
    ids = opened["client_id"][by_id]
    ends = log.changes[(log.changes["after"] >= FIRST_FINAL_STATE) & (log.changes["before"] < FIRST_FINAL_STATE)]
    ends = ends[np.isin(ends["client_id"], ids)]
    ended_ns = np.full(len(ids), np.iinfo(np.int64).max)
    at_end = np.searchsorted(ids, ends["client_id"])
    ended_ns[at_end] = ends["now_ns"]
    adding = fills[_opens(fills) & np.isin(fills["client_id"], ids)]
    at_fill = np.searchsorted(ids, adding["client_id"])
    late = adding["now_ns"] > ended_ns[at_fill]
    filled = np.zeros(len(ids), np.int64)
    np.add.at(filled, at_fill[~late], adding["lots"][~late])
    closing = fills[~_opens(fills)]
    return _Events.joined(
        [
            (opened, opened["now_ns"], opened["lots"]),
            (ends, ends["now_ns"], filled[at_end] - opened["lots"][by_id][at_end]),
            (adding[late], adding["now_ns"][late], adding["lots"][late]),
            (closing, closing["now_ns"], -closing["lots"]),
        ]
    )


def _prices(config: SessionConfig, log: SessionLog) -> _Events:
    """The prices that value a market's lots, in the reporting currency; of one instant a fill's comes last."""
    opened, fills = _opened(log), log.fills
    lot_base = np.array([config.lot_base(symbol) for symbol in config.symbols])
    paid = np.abs(fills["cash_reporting_amount"]) * booking_unit(config.reporting_currency)
    px = paid / (fills["lots"] * lot_base[fills["symbol"]])
    return _Events.joined(
        [
            (opened, opened["now_ns"], _worst_px(config, opened) * _rates(config, opened, fills)),
            (fills, fills["now_ns"], px),
        ]
    )


def _worst_px(config: SessionConfig, opened: np.ndarray) -> np.ndarray:
    """The worst each order may pay or be paid at, in its market's quote currency."""
    bounds = np.array([config.params_of(symbol).slippage_bound_bps * BPS for symbol in config.symbols])
    buys, touch = opened["side"] > 0, opened["decision_px"]
    at_market = np.where(buys, touch * (1 + bounds[opened["symbol"]]), touch)
    limit = np.where(buys, opened["limit_px"], np.maximum(opened["limit_px"], touch))
    return np.where(opened["style"] == OrderStyle.MARKET, at_market, limit)


def _rates(config: SessionConfig, opened: np.ndarray, fills: np.ndarray) -> np.ndarray:
    """Reporting currency per unit of each order's quote currency, by what fills were booked at."""
    quotes = {
        (s, v): market.quote_currency
        for s, symbol in enumerate(config.symbols)
        for v, venue in enumerate(config.venues)
        if (market := config.market(venue.name, symbol)) is not None
    }
    rates = np.ones(len(opened))
    ours = _currencies(quotes, opened)
    theirs = _currencies(quotes, fills)
    for currency in sorted(set(quotes.values()) - {config.reporting_currency}):
        mine, booked = ours == currency, fills[(theirs == currency) & (fills["cost_quote_amount"] > 0)]
        scale = booking_unit(config.reporting_currency) / booking_unit(currency)
        known = np.abs(booked["cash_reporting_amount"]) / booked["cost_quote_amount"] * scale
        places = np.searchsorted(booked["now_ns"], opened["now_ns"][mine], side="right") - 1
        rates[mine] = known[np.maximum(places, 0)] if len(known) else np.nan
    return rates


def _currencies(quotes: dict[tuple[int, int], str], entries: np.ndarray) -> np.ndarray:
    markets = zip(entries["symbol"].tolist(), entries["venue"].tolist(), strict=True)
    return np.array([quotes[market] for market in markets], str)


def _opened(log: SessionLog) -> np.ndarray:
    return log.orders[(log.orders["action"] == Action.SUBMIT) & _opens(log.orders)]


def _opens(entries: np.ndarray) -> np.ndarray:
    return (entries["purpose"] == Purpose.ENTRY) | (entries["purpose"] == Purpose.COMPLETE)


def _valued(lots: tuple[np.ndarray, np.ndarray], prices: tuple[np.ndarray, np.ndarray], lot_base: float) -> Track:
    """What the lots of a market are worth at its last price; nothing is worth nothing, whatever the price."""
    held, px = Track.of_steps("lots", *lots), Track.of_values("price", *prices)
    moments = np.union1d(held.moments_ns, px.moments_ns)
    standing = held.at(moments)
    return Track("market", moments, np.where(standing == 0, 0.0, standing * lot_base * px.at(moments)))
