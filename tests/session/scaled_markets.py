"""One market in several currencies: two venues, a gap of up to 60 bps that opens and closes every ten seconds.

The prices are those of the market in USDT times what a USDT is about worth, so that nothing but the currency differs.
"""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from arbitrage_core.domain.currency import ABOUT_ONE_USDT
from arbitrage_core.feeds.recorded import RecordedQuotes

BEGIN_NS = 1_735_689_600_000_000_000
PRICE_USDT, QTY_BASE = 250.0, 16.0
ROWS = 6_000


def market_in(currency: str, folder: Path, *, qty_base: float = QTY_BASE) -> RecordedQuotes:
    """The rows of AAA/CURRENCY as recorded quotes."""
    return RecordedQuotes([file_in(currency, folder, qty_base=qty_base)])


def file_in(currency: str, folder: Path, *, qty_base: float = QTY_BASE, symbol: str = "") -> Path:
    """The same as a file below `folder`; `symbol` unless it is to be AAA/CURRENCY."""
    path = folder / f"{currency}.parquet"
    pq.write_table(pa.table(_columns(symbol or f"AAA/{currency}", ABOUT_ONE_USDT[currency], qty_base)), path)
    return path


def _columns(symbol: str, scale: float, qty_base: float) -> dict[str, np.ndarray]:
    place = np.arange(ROWS)
    venue = place % 2
    steps = np.random.default_rng(1).normal(0, 2e-5, ROWS)
    gap = 60e-4 * np.clip(np.sin(2 * np.pi * place / 200), 0, None)
    mid = PRICE_USDT * scale * np.exp(np.cumsum(steps)) * (1 + gap * venue)
    qty = np.full(ROWS, qty_base)
    return {
        "ts_ns": BEGIN_NS + place * 50_000_000,
        "venue": np.array(["east", "west"], object)[venue],
        "symbol": np.full(ROWS, symbol, object),
        "bid_px": mid * (1 - 1e-4),
        "bid_qty": qty,
        "ask_px": mid * (1 + 1e-4),
        "ask_qty": qty,
    }
