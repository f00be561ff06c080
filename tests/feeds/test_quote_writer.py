"""The quote writer: what it writes reads back the same, and it leaves a whole file or none."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import RowKind, row_dtype
from arbitrage_core.feeds.quote_writer import write_quotes
from arbitrage_core.feeds.recorded import RecordedQuotes
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from tests.feeds.recordings import rows_of

VENUES, SYMBOLS = ("beta", "alpha"), ("BTC/USDT", "ETH/USDT")


def quotes(count: int = 5_000, levels: int = 1, **options) -> SyntheticQuotes:
    return SyntheticQuotes(
        preset("thin").market, venues=VENUES, symbols=SYMBOLS, rows=count, seed=2, levels=levels, **options
    )


@pytest.mark.parametrize("levels", (1, 4))
@pytest.mark.parametrize("chunk_rows", (700, 65_536))
def test_what_is_written_reads_back_the_same(path, levels, chunk_rows):
    feed = quotes(levels=levels, chunk_rows=chunk_rows)
    assert write_quotes(path, feed, VENUES, SYMBOLS) == 5_000
    back = RecordedQuotes(path, VENUES, SYMBOLS, ended_after_ns=10**15)
    assert rows_of(back).tobytes() == rows_of(feed).tobytes()


def test_absent_levels_and_unknown_venue_times_are_null_and_read_back_as_0(path):
    rows = rows_of(quotes(10, levels=3))
    rows["venue_ns"][3] = 0
    for field in ("ask_px", "ask_qty"):
        rows[field][4, 1:] = 0.0
    write_quotes(path, rows, VENUES, SYMBOLS)
    table = pq.read_table(path)
    assert [table.column(name).null_count for name in ("exch_ts_ns", "ask_px_1", "ask_qty_2", "bid_px_1")] == [
        1,
        1,
        1,
        0,
    ]
    assert rows_of(RecordedQuotes(path, VENUES, SYMBOLS, ended_after_ns=10**15)).tobytes() == rows.tobytes()


@pytest.mark.parametrize("px, qty", ((0.0, 0.0), (0.0, 5.0), (100.0, 0.0), (np.nan, np.nan)))
def test_an_empty_side_is_null_at_every_level_and_reads_back_as_0(path, px, qty):
    rows = rows_of(quotes(10, levels=2))
    expected = rows.copy()
    rows["ask_px"][4, 0], rows["ask_qty"][4, 0] = px, qty
    expected["ask_px"][4] = expected["ask_qty"][4] = 0.0
    write_quotes(path, rows, VENUES, SYMBOLS)
    table = pq.read_table(path)
    names = ("bid_px", "ask_px", "ask_qty", "ask_px_1", "ask_qty_1")
    assert [table.column(name).null_count for name in names] == [0, 1, 1, 1, 1]
    assert rows_of(RecordedQuotes(path, VENUES, SYMBOLS, ended_after_ns=10**15)).tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", ("", " ", "a\x1b[31m", "x" * 101))
def test_a_name_that_could_not_be_read_back_is_refused(path, name):
    with pytest.raises(BadInput, match="the name"):
        write_quotes(path, quotes(10), ("alpha", name), SYMBOLS)
    assert list(path.parent.iterdir()) == []


def test_the_columns_are_those_of_the_format(path):
    write_quotes(path, quotes(10, levels=2), VENUES, SYMBOLS)
    names = ["ts_ns", "exch_ts_ns", "venue", "symbol", "bid_px", "bid_qty", "ask_px", "ask_qty"]
    assert pq.read_schema(path).names == [*names, "bid_px_1", "bid_qty_1", "ask_px_1", "ask_qty_1"]


def test_an_existing_file_is_replaced_whole(path):
    write_quotes(path, quotes(3_000), VENUES, SYMBOLS)
    write_quotes(path, quotes(10), VENUES, SYMBOLS)
    assert RecordedQuotes(path).quote_count == 10
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def _timer(rows: np.ndarray) -> None:
    rows["kind"][7] = RowKind.TIMER


def _earlier(rows: np.ndarray) -> None:
    rows["received_ns"][7] -= 10**12


def _earlier_than_the_array_before(rows: np.ndarray) -> None:
    rows["received_ns"][5:] -= 10**12


def _nameless_venue(rows: np.ndarray) -> None:
    rows["venue"][7] = 2


def _nameless_symbol(rows: np.ndarray) -> None:
    rows["symbol"][7] = -1


def _infinite(rows: np.ndarray) -> None:
    rows["ask_px"][7] = np.inf


def _of_1970(rows: np.ndarray) -> None:
    rows["received_ns"][:] = np.arange(10)


def _of_a_venue_in_1970(rows: np.ndarray) -> None:
    rows["venue_ns"][7] = 5


def _negative(rows: np.ndarray) -> None:
    rows["bid_qty"][7] = -1.0


UNWRITABLE = (
    (_timer, "row 7 is not a quote"),
    (_earlier, "row 7 was received before the row before it"),
    (_earlier_than_the_array_before, "row 5 was received before the row before it"),
    (_nameless_venue, "row 7 is of a venue that was not named"),
    (_nameless_symbol, "row 7 is of a symbol that was not named"),
    (_infinite, "row 7: ask_px of the first level"),
    (_of_1970, "row 0 was received at a time that cannot be"),
    (_of_a_venue_in_1970, "row 7 has a venue's time that cannot be"),
    (_negative, "row 7: bid_qty of the first level"),
)


@pytest.mark.parametrize("spoil, message", UNWRITABLE)
def test_what_could_not_be_read_back_is_refused_and_nothing_left(path, spoil, message):
    rows = rows_of(quotes(10))
    spoil(rows)
    with pytest.raises(BadInput, match=message):
        write_quotes(path, iter([rows[:5], rows[5:]]), VENUES, SYMBOLS)
    assert list(path.parent.iterdir()) == []


def test_nothing_is_refused(path):
    for nothing in (np.zeros(0, row_dtype(1)), []):
        with pytest.raises(BadInput, match="no quotes to write"):
            write_quotes(path, nothing, VENUES, SYMBOLS)
    assert list(path.parent.iterdir()) == []


def test_a_source_that_fails_leaves_the_old_file_as_it_was(path):
    write_quotes(path, quotes(10), VENUES, SYMBOLS)
    before = path.read_bytes()

    def failing():
        yield rows_of(quotes(10))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_quotes(path, failing(), VENUES, SYMBOLS)
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_full_disk_is_one_clear_error_and_leaves_nothing(path):
    """No disk is filled: the system is told to let no file grow past 20 kB."""
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    feed = quotes(50_000)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
    try:
        with pytest.raises(BadInput, match=r"cannot be written .*; nothing was; make room"):
            write_quotes(path, feed, VENUES, SYMBOLS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(path.parent.iterdir()) == []


def test_a_folder_that_is_not_there_is_one_clear_error(tmp_path: Path):
    with pytest.raises(BadInput, match="No such file or directory"):
        write_quotes(tmp_path / "nowhere" / "quotes.parquet", quotes(10), VENUES, SYMBOLS)
