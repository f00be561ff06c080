"""The recorded feed: which rows it gives, and in what order."""

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import FeedStatus, RowKind
from arbitrage_core.feeds.quote_writer import write_quotes
from arbitrage_core.feeds.recorded import RecordedQuotes
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from tests.feeds.recordings import SECOND_NS, START_NS, SYMBOLS, VENUES, changed, columns, rows_of, written

# -------------------------------------------------------------------------------------------------------- reading


@pytest.mark.usefixtures("any_batch")
def test_a_row_says_what_the_file_says(path):
    made = columns(6, levels=2)
    rows = rows_of(RecordedQuotes(written(path, made)))
    assert (rows["kind"] == RowKind.QUOTE).all()
    for field in ("now_ns", "received_ns"):
        assert rows[field].tolist() == list(made["ts_ns"])
    assert rows["venue_ns"].tolist() == [0] * 6
    assert [VENUES[at] for at in rows["venue"]] == made["venue"]
    assert [SYMBOLS[at] for at in rows["symbol"]] == made["symbol"]
    for side in ("bid_px", "bid_qty", "ask_px", "ask_qty"):
        assert rows[side][:, 0].tolist() == list(made[side])
        assert rows[side][:, 1].tolist() == list(made[f"{side}_1"])


@pytest.mark.usefixtures("any_batch")
@pytest.mark.parametrize("row_group_size", (5, 100))
def test_the_venues_clock_is_kept_and_null_is_0(path, row_group_size):
    times_ns = [ns and START_NS + ns for ns in (None, 5, 6, 7, None, 9, None, None, 12, 13, 14, None, 16)]
    made = {**columns(13), "exch_ts_ns": pa.array(times_ns, pa.int64())}
    feed = RecordedQuotes(written(path, made, row_group_size=row_group_size))
    assert rows_of(feed)["venue_ns"].tolist() == [ns or 0 for ns in times_ns]


def test_the_first_level_may_be_numbered(path, tmp_path):
    plain = columns(4, levels=3)
    numbered = {f"{name}_0" if name.endswith(("_px", "_qty")) else name: values for name, values in plain.items()}
    first = RecordedQuotes(written(path, plain))
    second = RecordedQuotes(written(tmp_path / "numbered.parquet", numbered))
    assert first.levels == second.levels == 3
    assert rows_of(first).tobytes() == rows_of(second).tobytes()


@pytest.mark.parametrize("kind", (pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())))
def test_names_may_be_strings_of_any_kind(path, kind):
    made = columns(6)
    made |= {name: pa.array(made[name], pa.string()).cast(kind) for name in ("venue", "symbol")}
    rows = rows_of(RecordedQuotes(written(path, made)))
    assert rows["venue"].tolist() == [0, 1, 0, 1, 0, 1]
    assert rows["symbol"].tolist() == [0, 0, 1, 1, 0, 0]


@pytest.mark.parametrize("kind", (pa.float64(), pa.float32(), pa.int64(), pa.int32()))
def test_prices_and_quantities_may_be_numbers_of_any_kind(path, kind):
    made = columns(4)
    expected = rows_of(RecordedQuotes(written(path, made)))
    made |= {name: pa.array(made[name]).cast(kind) for name in ("bid_px", "bid_qty", "ask_px", "ask_qty")}
    assert rows_of(RecordedQuotes(written(path, made))).tobytes() == expected.tobytes()


@pytest.mark.parametrize("nothing", (0.0, None))
def test_a_deeper_level_may_be_absent_on_one_side(path, nothing):
    made = changed(changed(columns(4, levels=2), "bid_px_1", 2, nothing), "bid_qty_1", 2, nothing)
    rows = rows_of(RecordedQuotes(written(path, made)))
    assert rows["bid_px"][2].tolist() == [102.0, 0.0]
    assert rows["bid_qty"][2].tolist() == [3.0, 0.0]
    assert rows["ask_px"][2].tolist() == [103.0, 104.0]


def test_a_crossed_quote_is_kept(path):
    rows = rows_of(RecordedQuotes(written(path, changed(columns(4), "ask_px", 1, 90.0))))
    assert (rows["bid_px"][1, 0], rows["ask_px"][1, 0]) == (101.0, 90.0)


def test_equal_times_keep_the_order_of_the_file(path):
    made = {**columns(9), "ts_ns": START_NS + np.array([5, 5, 5, 7, 7, 7, 7, 7, 9])}
    rows = rows_of(RecordedQuotes(written(path, made), chunk_rows=2))
    assert rows["bid_px"][:, 0].tolist() == list(made["bid_px"])


# ------------------------------------------------------------------------------------------------------- choosing


def test_without_a_wish_all_there_is_comes_by_name(path):
    feed = RecordedQuotes(written(path, columns(8, levels=2)))
    assert (feed.venues, feed.symbols, feed.levels) == (VENUES, SYMBOLS, 2)
    assert feed.markets == (("alpha", "BTC"), ("alpha", "ETH"), ("beta", "BTC"), ("beta", "ETH"))
    assert feed.quote_count == 8


@pytest.mark.usefixtures("any_batch")
def test_chosen_names_are_numbered_as_given_and_the_others_left_out(path):
    feed = RecordedQuotes(written(path, columns(8)), ("beta", "alpha"), ("ETH",))
    rows = rows_of(feed)
    assert rows["bid_px"][:, 0].tolist() == [102.0, 103.0, 106.0, 107.0]
    assert rows["venue"].tolist() == [1, 0, 1, 0]
    assert rows["symbol"].tolist() == [0, 0, 0, 0]
    assert feed.markets == (("beta", "ETH"), ("alpha", "ETH"))
    assert feed.quote_count == 4


def test_a_market_that_does_not_exist_is_not_listed(path):
    made = {**columns(4), "symbol": ["BTC", "BTC", "ETH", "BTC"]}
    assert RecordedQuotes(written(path, made)).markets == (("alpha", "BTC"), ("alpha", "ETH"), ("beta", "BTC"))


def test_fewer_levels_cut_the_book(path):
    feed = RecordedQuotes(written(path, columns(4, levels=3)), levels=2)
    assert feed.levels == 2
    assert rows_of(feed)["bid_px"].shape == (4, 2)


@pytest.mark.parametrize("rows, kept", ((1, 1), (5, 5), (8, 8), (99, 8)))
def test_so_many_rows_are_the_first_quotes(path, rows, kept):
    assert len(rows_of(RecordedQuotes(written(path, columns(8)), rows=rows))) == kept


@pytest.mark.parametrize("duration_ns, kept", ((1, 1), (10, 1), (11, 2), (70, 7), (71, 8)))
def test_a_duration_counts_from_the_first_chosen_quote_and_excludes_its_end(path, duration_ns, kept):
    feed = RecordedQuotes(written(path, columns(8)), duration_ns=duration_ns)
    assert len(rows_of(feed)) == kept
    feed = RecordedQuotes(written(path, columns(8)), ("beta",), duration_ns=21)
    assert rows_of(feed)["now_ns"].tolist() == [START_NS + 1010, START_NS + 1030]


# ------------------------------------------------------------------------------------------------------- merging


@pytest.mark.usefixtures("any_batch")
def test_several_files_are_merged_by_time_an_earlier_file_first(tmp_path):
    times = ([10, 20, 20, 20, 20, 40], [10, 15, 20, 20, 50], [20, 20, 60, 70])
    paths = []
    for number, ts_ns in enumerate(times):
        made = {**columns(len(ts_ns)), "ts_ns": START_NS + np.array(ts_ns)}
        made["bid_px"] = 10.0 * number + 1.0 + np.arange(len(ts_ns))
        paths.append(written(tmp_path / f"{number}.parquet", made, row_group_size=2))
    rows = rows_of(RecordedQuotes(paths))
    listed = sorted(
        (ts, number, 10.0 * number + 1.0 + at) for number, ts_ns in enumerate(times) for at, ts in enumerate(ts_ns)
    )
    assert (rows["now_ns"] - START_NS).tolist() == [ts for ts, _, _ in listed]
    assert rows["bid_px"][:, 0].tolist() == [px for _, _, px in listed]


def test_files_of_different_depth_give_the_depth_they_share(tmp_path):
    paths = [written(tmp_path / f"{levels}.parquet", columns(4, levels=levels)) for levels in (3, 2)]
    assert RecordedQuotes(paths).levels == 2
    with pytest.raises(BadInput, match=r"3 levels asked of .*2\.parquet, which has 2"):
        RecordedQuotes(paths, levels=3)


# --------------------------------------------------------------------------------------------------- feed ended


def ending(path: Path, *, last_s: float, stream_end_s: float, count: int = 41) -> Path:
    """alpha quotes every second to the end, beta from 0.5 s on until `last_s`."""
    alpha = [(START_NS + int(t * SECOND_NS), "alpha") for t in np.linspace(0, stream_end_s, count)]
    beta = [(START_NS + int(t * SECOND_NS), "beta") for t in np.arange(0.5, last_s + 1e-9, 0.5)]
    made = columns(len(alpha) + len(beta))
    listed = sorted(alpha + beta)
    return written(
        path,
        {**made, "ts_ns": [t for t, _ in listed], "venue": [v for _, v in listed], "symbol": ["BTC"] * len(listed)},
    )


@pytest.mark.usefixtures("any_batch")
@pytest.mark.parametrize("chunk_rows", (1, 7, 65_536))
def test_a_market_that_ends_early_gets_one_ended_row_in_its_place(path, chunk_rows):
    feed = RecordedQuotes(ending(path, last_s=10, stream_end_s=40), ("beta", "alpha"), chunk_rows=chunk_rows)
    rows = rows_of(feed)
    (at,) = np.flatnonzero(rows["kind"] == RowKind.FEED)
    ended = rows[at]
    assert (ended.status, ended.venue, ended.symbol) == (FeedStatus.ENDED, 0, 0)
    assert ended.now_ns == ended.received_ns == START_NS + 11 * SECOND_NS
    assert rows["now_ns"][at - 1] == START_NS + 11 * SECOND_NS, "after the quote of the same time"
    assert rows["now_ns"][at + 1] == START_NS + 12 * SECOND_NS
    assert len(rows) == feed.quote_count + 1


@pytest.mark.parametrize("last_s, ended", ((38.5, True), (39.0, False), (40.0, False)))
def test_it_has_ended_when_the_stream_goes_on_for_more_than_the_stated_time(path, last_s, ended):
    rows = rows_of(RecordedQuotes(ending(path, last_s=last_s, stream_end_s=40)))
    assert (rows["kind"] == RowKind.FEED).any() == ended


def test_the_stated_time_can_be_chosen(path):
    feed = RecordedQuotes(ending(path, last_s=10, stream_end_s=40), ended_after_ns=5 * SECOND_NS)
    rows = rows_of(feed)
    assert rows["now_ns"][rows["kind"] == RowKind.FEED].tolist() == [START_NS + 15 * SECOND_NS]


def same_up_to_the_cut(cut: np.ndarray, everything: np.ndarray) -> bool:
    """The same rows; only the last quote, which more of its instant may have followed, may say so no more."""
    kept = everything[: len(cut)].copy()
    last = np.flatnonzero(kept["kind"] == RowKind.QUOTE)[-1]
    kept["status"][last] = cut["status"][last]
    return cut.tobytes() == kept.tobytes()


def test_whether_it_has_ended_does_not_depend_on_where_the_stream_is_cut(path):
    recording = ending(path, last_s=10, stream_end_s=40)
    everything = rows_of(RecordedQuotes(recording))
    for rows in (30, 31, 32, 33, 40):
        cut = rows_of(RecordedQuotes(recording, rows=rows))
        assert same_up_to_the_cut(cut, everything)
        assert np.count_nonzero(cut["kind"] == RowKind.QUOTE) == rows
    for seconds, ended in ((11, 0), (12, 0), (13, 1)):
        cut = rows_of(RecordedQuotes(recording, duration_ns=seconds * SECOND_NS))
        assert same_up_to_the_cut(cut, everything)
        assert np.count_nonzero(cut["kind"] == RowKind.FEED) == ended


def test_only_chosen_markets_decide_when_the_stream_ends(path):
    rows = rows_of(RecordedQuotes(ending(path, last_s=10, stream_end_s=40), ("beta",)))
    assert (rows["kind"] == RowKind.QUOTE).all()


# ------------------------------------------------------------------------------------------------------- identity


def test_the_identity_cites_size_hash_and_rows_of_each_file(path):
    feed = RecordedQuotes(written(path, columns(8)))
    (file,) = feed.identity()["files"]
    content = path.read_bytes()
    assert file == {
        "name": "quotes.parquet",
        "size_bytes": len(content),
        "sha256": sha256(content).hexdigest(),
        "first_row": 0,
        "rows": 8,
    }


def test_the_identity_follows_content_and_choice_and_not_the_name(path, tmp_path):
    def identity(file: Path, *arguments, **options) -> str:
        return RecordedQuotes(file, *arguments, **options).identity()["sha256"]

    written(path, columns(8, levels=2))
    renamed = tmp_path / "renamed.parquet"
    renamed.write_bytes(path.read_bytes())
    other = written(tmp_path / "other.parquet", columns(9, levels=2))
    assert identity(path) == identity(renamed)
    listed = [
        identity(path),
        identity(other),
        identity(path, ("beta", "alpha")),
        identity(path, None, ("BTC",)),
        identity(path, levels=1),
        identity(path, rows=5),
        identity(path, duration_ns=5),
        identity(path, ended_after_ns=5),
    ]
    assert len(set(listed)) == len(listed)


# -------------------------------------------------------------------------------------------------------- memory

READ_ALL = """
import resource, sys
from arbitrage_core.feeds.recorded import RecordedQuotes
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(sum(len(rows) for rows in RecordedQuotes(sys.argv[1])))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.slow
def test_a_large_file_is_read_in_bounded_memory(path):
    pytest.importorskip("resource")
    count = 4_000_000
    made = SyntheticQuotes(
        preset("thin").market, venues=VENUES, symbols=("BTC/USDT",), rows=count, chunk_rows=1_000_000
    )
    write_quotes(path, made, made.venues, made.symbols)
    answer = subprocess.run(
        [sys.executable, "-c", READ_ALL, str(path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    rows, grown = map(int, answer.stdout.split())
    grown_mb = grown / (2**20 if sys.platform == "darwin" else 2**10)
    assert rows == count
    assert grown_mb < 200 < count * 64 / 2**20
