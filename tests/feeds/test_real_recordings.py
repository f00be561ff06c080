"""Real recordings, read by the feed and by pandas: the same, and with the traps their description names."""

import numpy as np
import pandas as pd
import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import FeedStatus, RowKind
from arbitrage_core.feeds.recorded import RecordedQuotes
from tests.feeds.recordings import rows_of

PAIR = {"venues": ("binance_spot", "binance_usdm"), "symbols": ("BTCUSDT", "ETHUSDT")}
MIDNIGHT_NS = 1_723_161_600_000_000_000
"""2024-08-09T00:00:00Z: USD-M stops a second before, spot goes on for five minutes."""


@pytest.fixture
def bbo(real_data):
    return real_data / "binance_2024-08-08" / "bbo.parquet"


@pytest.fixture
def l2(real_data):
    return real_data / "binance_2024-08-08" / "l2_100ms.parquet"


def quotes_of(rows: np.ndarray) -> np.ndarray:
    return rows[rows["kind"] == RowKind.QUOTE]


def test_every_best_bid_and_ask_is_what_pandas_reads(bbo):
    feed, frame = RecordedQuotes(bbo), pd.read_parquet(bbo)
    rows = quotes_of(rows_of(feed))
    assert len(rows) == len(frame) == feed.quote_count == 335_931
    assert feed.levels == 1
    assert len(feed.markets) == 6
    for field in ("now_ns", "received_ns"):
        assert (rows[field] == frame["ts_ns"].to_numpy()).all()
    assert (rows["venue_ns"] == frame["exch_ts_ns"].fillna(0).to_numpy(np.int64)).all()
    assert np.count_nonzero(rows["venue_ns"] == 0) == 131_932, "spot gives no time of its own"
    assert (np.array(feed.venues)[rows["venue"]] == frame["venue"].to_numpy()).all()
    assert (np.array(feed.symbols)[rows["symbol"]] == frame["symbol"].to_numpy()).all()
    for side in ("bid_px", "bid_qty", "ask_px", "ask_qty"):
        assert (rows[side][:, 0] == frame[side].to_numpy()).all()


def test_the_74_pairs_of_equal_times_keep_the_order_of_the_file(bbo):
    rows, frame = quotes_of(rows_of(RecordedQuotes(bbo, chunk_rows=1_000))), pd.read_parquet(bbo)
    equal = np.flatnonzero(np.diff(rows["now_ns"]) == 0)
    assert len(equal) == 74
    for at in (equal, equal + 1):
        assert (rows["bid_px"][at, 0] == frame["bid_px"].to_numpy()[at]).all()
        assert (rows["ask_qty"][at, 0] == frame["ask_qty"].to_numpy()[at]).all()


def test_the_pair_to_arbitrage_ends_on_one_venue_before_midnight(bbo):
    feed = RecordedQuotes(bbo, **PAIR)
    rows = rows_of(feed)
    ended = rows[rows["kind"] == RowKind.FEED]
    assert feed.quote_count == 252_013 == len(rows) - 2
    assert [(row.status, feed.venues[row.venue], feed.symbols[row.symbol]) for row in ended] == [
        (FeedStatus.ENDED, "binance_usdm", "BTCUSDT"),
        (FeedStatus.ENDED, "binance_usdm", "ETHUSDT"),
    ]
    for row in ended:
        own = rows["now_ns"][(rows["venue"] == row.venue) & (rows["symbol"] == row.symbol) & (rows["kind"] == 0)]
        assert row.now_ns == row.received_ns == own[-1] + 10**9
        assert MIDNIGHT_NS - 10**9 < own[-1] < MIDNIGHT_NS
    assert rows["now_ns"][-1] > MIDNIGHT_NS + 300 * 10**9
    assert (np.diff(rows["now_ns"]) >= 0).all()


def test_one_minute_of_it_has_no_end_in_it(bbo):
    rows = rows_of(RecordedQuotes(bbo, **PAIR, duration_ns=60 * 10**9))
    assert (rows["kind"] == RowKind.QUOTE).all()
    assert rows["now_ns"][-1] - rows["now_ns"][0] < 60 * 10**9


def test_the_top_ten_books_are_what_pandas_reads(l2):
    feed, frame = RecordedQuotes(l2), pd.read_parquet(l2)
    rows = quotes_of(rows_of(feed))
    assert feed.levels == 10
    assert len(rows) == len(frame) == 32_835
    for level in range(10):
        for side in ("bid_px", "bid_qty", "ask_px", "ask_qty"):
            assert (rows[side][:, level] == frame[f"{side}_{level}"].to_numpy()).all()


def test_both_files_at_once_are_merged_at_the_depth_they_share(bbo, l2):
    feed = RecordedQuotes([bbo, l2], **PAIR)
    rows = rows_of(feed)
    assert feed.levels == 1
    assert feed.quote_count == 252_013 + 6_503 + 6_504 + 2 * 3_445
    assert (np.diff(rows["now_ns"]) >= 0).all()


@pytest.mark.parametrize("name", ("binance_2024-08-08/trades.parquet", "btcjpy_2018-08-12/trades.parquet"))
def test_a_file_of_trades_is_not_a_recording_of_quotes(real_data, name):
    with pytest.raises(BadInput, match="no column bid_px, bid_qty, ask_px, ask_qty"):
        RecordedQuotes(real_data / name)
