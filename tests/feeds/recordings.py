"""Recordings for tests: small Parquet files made column by column, so that any column can be wrong."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.row_stream import opaque

VENUES = ("alpha", "beta")
SYMBOLS = ("BTC", "ETH")
SECOND_NS = 1_000_000_000
START_NS = 1_700_000_000_000_000_000
"""Recordings begin a microsecond after this instant, at a time that a recording can have."""


def columns(
    count: int = 8, *, levels: int = 1, start_ns: int = START_NS + 1000, step_ns: int = 10
) -> dict[str, object]:
    """The columns of a sound recording: `count` quotes going round alpha BTC, beta BTC, alpha ETH, beta ETH."""
    number = np.arange(count)
    made: dict[str, object] = {
        "ts_ns": start_ns + step_ns * number,
        "venue": [VENUES[i % 2] for i in number],
        "symbol": [SYMBOLS[i // 2 % 2] for i in number],
    }
    for level in range(levels):
        suffix = f"_{level}" if level else ""
        made |= {
            f"bid_px{suffix}": 100.0 + number - level,
            f"bid_qty{suffix}": 1.0 + level + number,
            f"ask_px{suffix}": 101.0 + number + level,
            f"ask_qty{suffix}": 2.0 + level + number,
        }
    return made


def written(path: Path, made: dict[str, object], **options: object) -> Path:
    """Writes the columns as they are."""
    pq.write_table(pa.table(made), path, **options)
    return path


def changed(made: dict[str, object], name: str, at: int, value: object) -> dict[str, object]:
    """The columns with one value exchanged."""
    values = list(made[name])
    values[at] = value
    return {**made, name: values}


def rows_of(feed: Feed) -> np.ndarray:
    """All rows of a feed in one array."""
    arrays = list(feed)
    return np.concatenate([opaque(array) for array in arrays]).view(arrays[0].dtype)
