"""Foreign files: what people have instead of a recording is named, with what makes one of it; never a traceback."""

import csv
import gzip
import io
import os

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.recorded import RecordedQuotes
from tests.feeds.recordings import START_NS, columns, written

MS, US = START_NS // 10**6 + np.arange(6), START_NS // 10**3 + np.arange(6)
PX = np.full(6, 100.0)
QUOTED = {name: values for name, values in columns(6).items() if name[:3] in ("bid", "ask")}
TABLES = {
    "bars": (
        {"date": pa.array(MS).cast(pa.timestamp("ms")), "open": PX, "high": PX, "low": PX, "close": PX, "volume": PX},
        "bars do not say at what one could buy and sell",
    ),
    "bars in capitals": (dict.fromkeys(("Open", "High", "Low", "Close"), PX), "bars do not say"),
    "trades": ({"time": MS, "price": PX, "size": PX, "side": ["buy"] * 6}, "trades do not say"),
    "an exchange's best quotes": (
        {"update_id": MS, "best_bid_price": PX, "best_bid_qty": PX, "best_ask_price": PX, "best_ask_qty": PX}
        | {"transaction_time": MS, "event_time": MS},
        (
            "rename best_bid_price → bid_px, best_bid_qty → bid_qty, best_ask_price → ask_px, best_ask_qty → ask_qty; "
            "ts_ns is transaction_time × 1,000,000 (milliseconds now); add venue and symbol: a text in every row"
        ),
    ),
    "a vendor's quotes": (
        {"exchange": ["a"] * 6, "symbol": ["X"] * 6, "timestamp": US, "local_timestamp": US}
        | {"ask_amount": PX, "ask_price": PX, "bid_price": PX, "bid_amount": PX},
        (
            "rename exchange → venue, bid_price → bid_px, bid_amount → bid_qty, ask_price → ask_px, "
            "ask_amount → ask_qty; ts_ns is local_timestamp × 1,000 (microseconds now)"
        ),
    ),
    "a library's tickers": (
        {"timestamp": MS, "symbol": ["X"] * 6, "bid": PX, "bidVolume": PX, "ask": PX, "askVolume": PX},
        "rename bid → bid_px, ask → ask_px; ts_ns is timestamp × 1,000,000 (milliseconds now); add venue",
    ),
    "no venue": ({"ts_ns": MS, "symbol": ["X"] * 6, **QUOTED}, "add venue: a text in every row, as you call it"),
    "times of nanoseconds under another name": (
        {"timestamp": START_NS + np.arange(6), "venue": ["a"] * 6, "symbol": ["X"] * 6, **QUOTED},
        "ts_ns is timestamp, in nanoseconds",
    ),
    "times as text": (
        {"time": ["2024-01-01"] * 6, "venue": ["a"] * 6, "symbol": ["X"] * 6, **QUOTED},
        "ts_ns is time, in nanoseconds",
    ),
    "names in capitals": (
        {name.upper(): values for name, values in columns(6).items()},
        "rename VENUE → venue, SYMBOL → symbol, BID_PX → bid_px",
    ),
    "nothing in common": ({"x": PX}, "a recording has ts_ns"),
    "no rows": ({"timestamp": pa.array([], pa.int64()), "bid": pa.array([], pa.float64())}, "ts_ns is timestamp"),
    "books within a column": ({"ts_ns": MS, "bids": [[1.0, 2.0]] * 6, "asks": [[1.0, 2.0]] * 6}, "a recording has"),
    "a column that cannot be printed": ({"ts\x1b[31m": MS}, r"a recording has"),
}


@pytest.mark.parametrize("made, words", TABLES.values(), ids=TABLES.keys())
def test_a_table_that_is_no_recording_says_what_is_missing_and_what_is_meant(path, made, words):
    with pytest.raises(BadInput) as refused:
        RecordedQuotes(written(path, made))
    assert "no column " in refused.value.cause
    assert words in refused.value.cure
    assert "a recording has ts_ns (nanoseconds since 1970 UTC as int64, or time stamps), venue" in refused.value.cure
    assert str(refused.value).isprintable()


def test_a_table_without_columns_is_no_recording(path):
    with pytest.raises(BadInput, match="it has no columns"):
        RecordedQuotes(written(path, {}))


def _csv() -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([columns(6), *zip(*(list(values) for values in columns(6).values()), strict=True)])
    return text.getvalue().encode()


def _npz() -> bytes:
    made = io.BytesIO()
    np.savez(made, data=MS)
    return made.getvalue()


def _npy() -> bytes:
    made = io.BytesIO()
    np.save(made, MS)
    return made.getvalue()


def _feather() -> bytes:
    made = io.BytesIO()
    pyarrow.feather.write_feather(pa.table(columns(6)), made)
    return made.getvalue()


def _cut_short() -> bytes:
    made = io.BytesIO()
    pd.DataFrame(columns(600)).to_parquet(made)
    return made.getvalue()[:5_000]


FILES = {
    "nothing in it": (b"", "it seems to be empty"),
    "comma-separated": (_csv(), "text, as CSV is"),
    "JSON lines": (b'{"ts": 1}\n{"ts": 2}\n', "text, as JSON is"),
    "text that is cut within a letter": (("a," * 255 + "x" + "é" * 9).encode(), "text, as CSV is"),
    "NumPy's archive": (_npz(), "a ZIP archive, as .npz and .xlsx are"),
    "NumPy's array": (_npy(), "a NumPy array"),
    "compressed": (gzip.compress(_csv()), "compressed by gzip"),
    "Feather": (_feather(), "a Feather or Arrow file"),
    "half a download": (_cut_short(), "a Parquet file cut short or damaged"),
    "a frame of nothing": (b"PAR1" + b"\0" * 100 + b"PAR1", "a Parquet file cut short or damaged"),
    "noise": (bytes(range(128, 256)) * 8, "not a Parquet file that can be read"),
}


@pytest.mark.parametrize("content, words", FILES.values(), ids=FILES.keys())
def test_a_file_that_is_not_parquet_says_what_it_seems_to_be(path, content, words):
    path.write_bytes(content)
    with pytest.raises(BadInput) as refused:
        RecordedQuotes(path)
    assert "not a Parquet file that can be read" in refused.value.cause
    assert words in refused.value.cause
    assert refused.value.cure == "fetch or record it again" or "store its quotes as Parquet" in refused.value.cure


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="everything may be read by the administrator")
def test_a_file_that_may_not_be_read_is_refused(path):
    written(path, columns(6)).chmod(0)
    with pytest.raises(BadInput, match="Permission denied"):
        RecordedQuotes(path)
