"""Hand-made logs: small sessions written down in money and seconds, so that a test reads as a table.

`trade(3.0, fees=1.0)` is one row of a log, its fields in booking units; `trades(3.0, -1.0)` an array of such. `Story`
tells a whole session whose log and state agree: what it books it also counts, as the engine does.
"""

from collections.abc import Iterable

import numpy as np

from arbitrage_core.domain.market import Market, Venue
from arbitrage_core.domain.order import Action, OrderState, Purpose
from arbitrage_core.domain.record import one
from arbitrage_core.domain.row import row_dtype
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.trade import ExitReason, Phase
from arbitrage_core.engine.output import (
    CHANGE_OUT,
    EQUITY_OUT,
    FILL_OUT,
    FUNDING_OUT,
    GUARD_OUT,
    INCIDENT_OUT,
    ORDER_OUT,
    TRADE_OUT,
    SessionLog,
)
from arbitrage_core.engine.params import shape_of
from arbitrage_core.engine.state import NEVER_NS, state_dtype

UNIT = 1e-8
START = 10_000.0
LEFT, RIGHT = 0, 1
SYMBOLS = ("BTC/USDT", "ETH/USDT")
VENUES = ("left", "right", "far")
CONFIG = SessionConfig(
    venues=tuple(Venue(name=name) for name in VENUES),
    symbols=SYMBOLS,
    markets=tuple(Market(venue=venue, symbol=symbol, lot=0.5) for venue in VENUES for symbol in SYMBOLS),
)
Row = dict[str, object]


def amount(quote: float) -> int:
    """Money as an amount of the reporting currency."""
    return round(quote / UNIT)


def ns(seconds: float) -> int:
    """Seconds as nanoseconds."""
    return round(seconds * 1e9)


def records(dtype: np.dtype, rows: Iterable[Row]) -> np.ndarray:
    """Rows as a structured array; fields that are not named are 0."""
    rows = list(rows)
    array = np.zeros(len(rows), dtype)
    for index, row in enumerate(rows):
        for name, value in row.items():
            array[name][index] = value
    return array


def trade(
    net: float = 0.0,
    *,
    fees: float = 0.0,
    funding: float = 0.0,
    slippage: float = 0.0,
    incident: float = 0.0,
    notional: float = 1_000.0,
    risk: float = 0.0,
    opened_s: float = 1.0,
    ended_s: float = 2.0,
    gap_ms: float | None = 0.0,
    phase: Phase = Phase.CLOSED,
    **fields: object,
) -> Row:
    """A row of TRADE_OUT; money in the reporting currency. `gap_ms` None: one leg only. Others by their own name."""
    return {
        "realised_amount": amount(net),
        "fees_amount": amount(fees),
        "funding_amount": amount(funding),
        "slippage_amount": amount(slippage),
        "incident_amount": amount(incident),
        "entry_notional_amount": amount(notional),
        "risk_amount": amount(risk),
        "opened_ns": ns(opened_s),
        "ended_ns": ns(ended_s),
        "leg_gap_ns": -1 if gap_ms is None else round(gap_ms * 1e6),
        "phase": phase,
        "sell_venue": RIGHT,
        "exit_reason": ExitReason.CONVERGED if phase == Phase.CLOSED else ExitReason.NONE,
        **fields,
    }


def trades(*rows: float | Row) -> np.ndarray:
    """TRADE_OUT[n]; a bare number is the net result of a trade."""
    return records(TRADE_OUT, (row if isinstance(row, dict) else trade(row) for row in rows))


def marks(*points: tuple[float, float], start: float = START) -> np.ndarray:
    """EQUITY_OUT[n] of (seconds, equity): what lies above `start` is realised."""
    return records(
        EQUITY_OUT,
        (
            {"now_ns": ns(at), "equity_amount": amount(equity), "realised_amount": amount(equity) - amount(start)}
            for at, equity in points
        ),
    )


def session_log(**rows: Iterable[Row] | np.ndarray) -> SessionLog:
    """A log of the given rows or arrays; what is not named is empty."""
    kinds = {
        "orders": ORDER_OUT,
        "changes": CHANGE_OUT,
        "fills": FILL_OUT,
        "trades": TRADE_OUT,
        "incidents": INCIDENT_OUT,
        "equity": EQUITY_OUT,
        "funding": FUNDING_OUT,
        "guards": GUARD_OUT,
        "reports": row_dtype(1),
        "report_positions": np.dtype("i8"),
    }
    given = {name: rows.get(name, ()) for name in kinds}
    return SessionLog(
        **{
            name: value if isinstance(value, np.ndarray) else records(kinds[name], value)
            for name, value in given.items()
        }
    )


def empty_state(config: SessionConfig = CONFIG) -> np.record:
    """The state of a session in which nothing happened."""
    state = one(state_dtype(shape_of(config)))[0]
    state.start_amount = state.equity_amount = state.peak_amount = amount(START)
    state.symbols["trades"]["incident_began_ns"] = NEVER_NS
    return state


class Story:
    """A session told trade by trade. `end()` gives its log and its state, which agree."""

    def __init__(self, config: SessionConfig = CONFIG) -> None:
        self.config, self.state = config, empty_state(config)
        self.rows: dict[str, list[Row]] = {
            name: [] for name in ("orders", "changes", "fills", "trades", "incidents", "equity", "funding", "guards")
        }
        self.client_id = 0
        self.now_ns = ns(1.0)

    def round_trip(
        self,
        gains: tuple[float, float],
        fee: float = 0.1,
        *,
        symbol: int = 0,
        buy: int = LEFT,
        sell: int = RIGHT,
        notional: float = 1_000.0,
        phase: Phase = Phase.CLOSED,
        reason: ExitReason = ExitReason.CONVERGED,
        **fields: object,
    ) -> "Story":
        """A trade of two legs and four fills; `gains` before fees of bought and sold leg, `fee` of each fill."""
        opened_ns = self.now_ns
        symbols = self.state.symbols
        symbols["counter"][symbol] += 1
        number = int(symbols["counter"][symbol])
        ways_out = (Purpose.EXIT, Purpose.EXIT) if phase == Phase.CLOSED else (Purpose.REVERSE, Purpose.REVERSE)
        for leg, (venue, side) in enumerate(((buy, 1), (sell, -1))):
            self._fill(symbol, venue, number, leg, side, Purpose.ENTRY, notional, fee, 0.0)
        for leg, (venue, side) in enumerate(((buy, -1), (sell, 1))):
            out = notional - side * gains[leg]
            self._fill(symbol, venue, number, leg, side, ways_out[leg], out, fee, gains[leg])
        net_amount = amount(gains[0]) + amount(gains[1]) - 4 * amount(fee)
        row = trade(notional=notional, phase=phase, number=number, symbol=symbol, buy_venue=buy)
        row |= {"sell_venue": sell, "opened_ns": opened_ns, "ended_ns": self.now_ns, "realised_amount": net_amount}
        row |= {"fees_amount": 4 * amount(fee), "exit_reason": reason if phase == Phase.CLOSED else ExitReason.NONE}
        self.rows["trades"].append(row | fields)
        symbols["entries"][symbol] += 1
        if phase == Phase.CLOSED:
            symbols["closed"][symbol] += 1
            symbols["exits"][symbol][reason] += 1
        else:
            symbols["unwound"][symbol] += 1
        symbols["wins"][symbol] += net_amount > 0
        return self

    def void(self, symbol: int = 0) -> "Story":
        """A trade without a fill."""
        self.rows["trades"].append(trade(phase=Phase.VOID, opened_s=0.0, symbol=symbol, notional=0.0))
        self.state.symbols["voids"][symbol] += 1
        return self

    def still_open(self, symbol: int = 0, fee: float = 0.1) -> "Story":
        """A trade that has both legs and stays."""
        number = int(self.state.symbols["counter"][symbol]) + 1
        for leg, (venue, side) in enumerate(((LEFT, 1), (RIGHT, -1))):
            self._fill(symbol, venue, number, leg, side, Purpose.ENTRY, 1_000.0, fee, 0.0)
        slots = self.state.symbols["trades"][symbol]
        slot = int(np.flatnonzero(slots["phase"] == Phase.FREE)[0])
        slots["phase"][slot], slots["opened_ns"][slot] = Phase.OPEN, self.now_ns
        self.state.symbols["entries"][symbol] += 1
        return self

    def funded(self, payment: float, *, symbol: int = 0, venue: int = LEFT) -> "Story":
        """Funding received (> 0) or paid by a leg at a venue, beside any trade."""
        self.rows["funding"].append(
            {"now_ns": self.now_ns, "amount": amount(payment), "symbol": symbol, "venue": venue}
        )
        self._realise(symbol, venue, amount(payment))
        return self

    def end(self) -> tuple[SessionConfig, SessionLog, np.record]:
        """Configuration, log and state."""
        return self.config, session_log(**self.rows), self.state

    def _fill(
        self,
        symbol: int,
        venue: int,
        number: int,
        leg: int,
        side: int,
        purpose: Purpose,
        notional: float,
        fee: float,
        gain: float,
    ) -> None:
        self.now_ns += ns(1.0)
        self.client_id += 1
        order = {"client_id": self.client_id, "lots": 10, "symbol": symbol, "venue": venue, "now_ns": self.now_ns}
        filled = order | {"now_ns": self.now_ns + ns(0.02)}
        placed = {"trade": number, "leg": leg, "side": side, "purpose": purpose}
        self.rows["orders"].append(order | placed | {"action": Action.SUBMIT})
        self.rows["changes"].append(order | {"before": OrderState.NONE, "after": OrderState.PENDING})
        done = {"before": OrderState.PENDING, "after": OrderState.FILLED, "filled_lots": 10}
        self.rows["changes"].append(filled | done)
        realised_amount = amount(gain) - amount(fee)
        booked = {"cash_reporting_amount": -side * amount(notional), "realised_amount": realised_amount}
        self.rows["fills"].append(filled | placed | booked | {"fee_reporting_amount": amount(fee)})
        self.state.fees_amount += amount(fee)
        self.state.symbols["fees_amount"][symbol] += amount(fee)
        self._realise(symbol, venue, realised_amount)

    def _realise(self, symbol: int, venue: int, realised_amount: int) -> None:
        state = self.state
        state.realised_amount += realised_amount
        state.symbols["realised_amount"][symbol] += realised_amount
        state.venues["realised_amount"][venue] += realised_amount
        state.equity_amount += realised_amount
        state.peak_amount = max(state.peak_amount, state.equity_amount)
        state.drawdown_amount = max(state.drawdown_amount, state.peak_amount - state.equity_amount)
        self.rows["equity"].append(
            {
                "now_ns": self.now_ns + ns(0.02),
                "equity_amount": state.equity_amount,
                "realised_amount": state.realised_amount,
            }
        )
