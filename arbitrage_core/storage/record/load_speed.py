"""The load's speed: how long it takes to record a great many fills, with all keys and checks, in one batch."""

import time
from dataclasses import dataclass

import numpy as np

from arbitrage_core.domain.identity import digest_of
from arbitrage_core.domain.market import Market, Venue
from arbitrage_core.domain.order import OrderStyle, Purpose
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import FILL_OUT
from arbitrage_core.engine.state import SCHEMA_VERSION
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.session_row import SessionStart
from arbitrage_core.storage.record.tables import SESSIONS
from arbitrage_core.storage.record.writer import RecordWriter

SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT:USDT", "XRP/KRW")
VENUES = ("binance", "bybit", "upbit")
_FIRST_NS = 1_800_000_000_000_000_000


@dataclass(frozen=True)
class LoadSpeed:
    """How long `fills` fills took, from the engine's records to the acknowledged commit."""

    fills: int
    seconds: float

    @property
    def fills_per_s(self) -> int:
        """Fills a second."""
        return round(self.fills / self.seconds)


def load_speed(record: Record, fills: int = 1_000_000) -> LoadSpeed:
    """Records so many fills as a session of their own, and removes it. Raises what `RecordWriter` does."""
    start = _start()
    made = made_fills(fills)
    with RecordWriter.begin(record, start) as writer:
        began = time.perf_counter()
        writer.append({"fills": made})
        seconds = time.perf_counter() - began
    with record.begin() as connection:
        connection.execute(SESSIONS.delete().where(SESSIONS.c.id == writer.session.id))
    return LoadSpeed(fills, seconds)


def made_fills(count: int) -> np.ndarray:
    """Fills as they might be, `FILL_OUT[count]`: every symbol and venue, ids without order, both legs in and out."""
    chance = np.random.default_rng(1)
    fills = np.zeros(count, FILL_OUT)
    at = np.arange(count)
    fills["now_ns"] = _FIRST_NS + at * 1_000_000
    fills["client_id"] = chance.integers(1, 2**63, count)
    fills["trade"], fills["attempt"] = at // 16 + 1, at // 2 % 2 + 1
    fills["symbol"], fills["venue"] = at % len(SYMBOLS), chance.integers(0, len(VENUES), count)
    fills["leg"] = at // 4 % 2
    fills["purpose"] = np.where(fills["attempt"] == 1, Purpose.ENTRY, Purpose.EXIT)
    fills["style"] = OrderStyle.IOC
    fills["side"] = np.where((fills["leg"] == 0) == (fills["attempt"] == 1), 1, -1)
    fills["lots"] = chance.integers(1, 100_000, count)
    fills["cost_quote_amount"] = chance.integers(1, 2**45, count)
    fills["fee_amount"] = fills["fee_reporting_amount"] = fills["cost_quote_amount"] // 1000
    fills["cash_reporting_amount"] = -fills["side"] * fills["cost_quote_amount"]
    fills["realised_amount"], fills["slippage_amount"] = chance.integers(-(2**40), 2**40, (2, count))
    return fills


def _start() -> SessionStart:
    config = SessionConfig(
        venues=tuple(Venue(name=name) for name in VENUES),
        symbols=SYMBOLS,
        markets=tuple(Market(venue=venue, symbol=symbol) for venue in VENUES for symbol in SYMBOLS),
    )
    data = {"kind": "made"}
    return SessionStart(
        name="backtest-load-speed",
        mode="backtest",
        config=config,
        session_key=config.session_key(digest_of(data)),
        data=data,
        data_digest=digest_of(data),
        epoch=1,
        schema_version=SCHEMA_VERSION,
        code_version="load speed",
        started_ns=time.time_ns(),
    )
