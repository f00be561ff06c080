"""Bad recordings: each fault gets one clear error, naming the file, the row and the cure."""

import os

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.recorded import RecordedQuotes
from tests.feeds.recordings import START_NS, changed, columns, rows_of, written

GOOD = columns(6, levels=3)
WITHOUT = {name: {k: v for k, v in GOOD.items() if k != name} for name in GOOD}
BAD_SCHEMA = {
    "a missing column": (WITHOUT["ts_ns"], "no column ts_ns"),
    "a missing price": (WITHOUT["bid_px"], "no column bid_px"),
    "half a level": (WITHOUT["ask_qty_1"], "no column ask_qty_1"),
    "a level left out": (
        {k: v for k, v in GOOD.items() if not k.endswith("_1")},
        "no column bid_px_1, bid_qty_1, ask_px_1, ask_qty_1",
    ),
    "a level number from nowhere": ({**GOOD, "bid_px_99999999999": [1.0] * 6}, "no column ask_px_3|no column bid_px_3"),
    "the first level twice": ({**GOOD, "bid_px_0": GOOD["bid_px"]}, "first level is there twice"),
    "times as dates": (
        {**GOOD, "ts_ns": pa.array(GOOD["ts_ns"]).cast(pa.timestamp("ns")).cast(pa.date32(), safe=False)},
        r"ts_ns is date32\[day\]; store it as int64",
    ),
    "venue times as floats": ({**GOOD, "exch_ts_ns": [1.0] * 6}, "exch_ts_ns is double; store it as int64"),
    "venues as numbers": ({**GOOD, "venue": [1] * 6}, "venue is int64; store it as a string"),
    "prices as text": ({**GOOD, "ask_px": ["1"] * 6}, "ask_px is string; store it as float64"),
    "a null time": (changed(GOOD, "ts_ns", 2, None), "row 2 has no ts_ns"),
    "a null venue": (changed(GOOD, "venue", 5, None), "row 5 has no venue"),
    "a null symbol": (changed(GOOD, "symbol", 0, None), "row 0 has no symbol"),
    "rows out of order": (changed(GOOD, "ts_ns", 4, START_NS + 1029), "row 4 has .*1029, the row before it .*1030"),
    "a first row after the second": (
        changed(GOOD, "ts_ns", 0, START_NS + 1011),
        "row 1 has .*1010, the row before it .*1011",
    ),
    "no rows": ({name: pa.array(values)[:0] for name, values in GOOD.items()}, "no quotes at all"),
}


@pytest.mark.usefixtures("any_batch")
@pytest.mark.parametrize("made, message", BAD_SCHEMA.values(), ids=BAD_SCHEMA.keys())
def test_a_file_that_is_not_a_recording_is_refused_when_it_is_opened(path, made, message):
    with pytest.raises(BadInput, match=message):
        RecordedQuotes(written(path, made))


PRICE = "must be a price from 1e-18 to 1e\\+15, or nothing, not"
QUANTITY = "must be a quantity up to 1e\\+24, or nothing, not"
BAD_QUOTES = (
    ("bid_px", float("inf"), f"bid_px of the first level {PRICE} inf"),
    ("bid_px", -1.0, f"bid_px of the first level {PRICE} -1"),
    ("bid_px", 1e16, f"bid_px of the first level {PRICE} 1e\\+16"),
    ("bid_px", 1e-19, f"bid_px of the first level {PRICE} 1e-19"),
    ("ask_px", -5.0, f"ask_px of the first level {PRICE}"),
    ("bid_qty", -0.1, f"bid_qty of the first level {QUANTITY} -0.1"),
    ("ask_qty", float("inf"), f"ask_qty of the first level {QUANTITY} inf"),
    ("ask_qty", float("-inf"), f"ask_qty of the first level {QUANTITY} -inf"),
    ("ask_qty", 1e300, f"ask_qty of the first level {QUANTITY} 1e\\+300"),
    ("ask_px_1", float("nan"), "ask_px of level 1"),
    ("ask_px_1", 0.0, "ask_px of level 1"),
    ("ask_px_1", None, "ask_px of level 1"),
    ("ask_px_1", 1e16, f"ask_px of level 1 {PRICE}"),
    ("bid_px_2", -1.0, "bid_px of level 2"),
    ("bid_qty_2", -1.0, "bid_qty of level 2"),
    ("ask_px_1", 90.0, "ask_px of level 1 must be worse than the level above"),
    ("bid_px_1", 300.0, "bid_px of level 1 must be worse than the level above"),
    ("bid_px_1", 104.0, "bid_px of level 1 must be worse than the level above"),
)


@pytest.mark.usefixtures("any_batch")
@pytest.mark.parametrize("name, value, message", BAD_QUOTES)
def test_a_quote_that_cannot_be_is_refused_with_its_row(path, name, value, message):
    feed = RecordedQuotes(written(path, changed(GOOD, name, 4, value)))
    with pytest.raises(BadInput, match=f"row 4: {message}"):
        rows_of(feed)


def test_the_row_named_counts_those_left_out(path):
    made = changed(changed(columns(8), "bid_px", 5, -1.0), "bid_px", 2, -1.0)
    with pytest.raises(BadInput, match="row 5: bid_px"):
        rows_of(RecordedQuotes(written(path, made), ("beta",)))


@pytest.mark.parametrize(
    "fault, value", (("bid_px", -1.0), ("bid_qty", -1.0), ("bid_px_1", -1.0), ("bid_qty_2", np.inf))
)
@pytest.mark.parametrize("empty, nothing", (("bid_px", 0.0), ("bid_qty", np.nan)))
def test_an_empty_side_hides_no_fault_that_stands_on_it(path, fault, value, empty, nothing):
    if fault == empty:
        return
    feed = RecordedQuotes(written(path, changed(changed(GOOD, empty, 4, nothing), fault, 4, value)))
    with pytest.raises(BadInput, match=f"row 4: {fault[:7].rstrip('_')}"):
        rows_of(feed)


def test_the_cure_of_a_bad_quote_does_not_say_to_remove_it(path):
    with pytest.raises(BadInput) as refused:
        rows_of(RecordedQuotes(written(path, changed(GOOD, "bid_px", 4, -1.0))))
    assert "null" in refused.value.cure
    assert "remove" not in refused.value.cure


@pytest.mark.parametrize("side", ("bid", "ask"))
def test_a_level_below_an_absent_one_is_refused(path, side):
    made = changed(changed(GOOD, f"{side}_px_1", 3, 0.0), f"{side}_qty_1", 3, 0.0)
    with pytest.raises(BadInput, match=f"row 3: {side}_px of level 2"):
        rows_of(RecordedQuotes(written(path, made)))


BAD_CHOICES = (
    ({"venues": ("alpha", "gamma")}, "no venue gamma in the recording; there are alpha, beta"),
    ({"symbols": ("XRP",)}, "no symbol XRP in the recording; there are BTC, ETH"),
    ({"venues": ("alpha", "alpha")}, "venue named twice: alpha"),
    ({"symbols": ()}, "no quote of"),
    ({"levels": 4}, "4 levels asked"),
    ({"levels": 0}, "0 levels asked"),
    ({"rows": 0}, "rows = 0"),
    ({"duration_ns": 0}, "duration_ns = 0"),
    ({"chunk_rows": 0}, "chunk_rows = 0"),
    ({"ended_after_ns": -1}, "ended_after_ns = -1"),
)


@pytest.mark.parametrize("choice, message", BAD_CHOICES, ids=str)
def test_a_choice_that_cannot_be_met_is_refused_naming_what_there_is(path, choice, message):
    with pytest.raises(BadInput, match=message):
        RecordedQuotes(written(path, GOOD), **choice)


def test_a_choice_without_a_single_quote_is_refused(path):
    made = {**columns(4), "symbol": ["BTC", "ETH", "BTC", "ETH"]}
    with pytest.raises(BadInput, match=r"no quote of ETH on alpha in .*; there are BTC on alpha, ETH on beta"):
        RecordedQuotes(written(path, made), ("alpha",), ("ETH",))


def test_a_file_with_a_column_twice_is_refused(path):
    names, arrays = [*GOOD, "bid_px"], [*map(pa.array, GOOD.values()), pa.array(GOOD["bid_px"])]
    pq.write_table(pa.Table.from_arrays(arrays, names), path)
    with pytest.raises(BadInput, match="two columns are called 'bid_px'; keep one of them"):
        RecordedQuotes(path)


def test_files_that_are_missing_folders_empty_or_something_else_are_refused(path, tmp_path):
    with pytest.raises(BadInput, match="No such file"):
        RecordedQuotes(path)
    with pytest.raises(BadInput, match=r"a folder; name the files in it: --data .*\*\.parquet"):
        RecordedQuotes(tmp_path)
    with pytest.raises(BadInput, match="no file"):
        RecordedQuotes([])
    written(path, GOOD)
    with pytest.raises(BadInput, match="file named twice"):
        RecordedQuotes([path, tmp_path / "." / path.name])


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_refused_and_not_waited_for(path):
    os.mkfifo(path)
    with pytest.raises(BadInput, match="neither a file nor a folder"):
        RecordedQuotes(path)


def test_a_damaged_file_is_refused(path):
    written(path, columns(20_000), compression="zstd")
    content = bytearray(path.read_bytes())
    content[5_000:60_000] = b"\xff" * 55_000
    path.write_bytes(content)
    with pytest.raises(BadInput, match="damaged"):
        rows_of(RecordedQuotes(path))


def test_a_file_that_changes_underneath_is_refused(path):
    feed = RecordedQuotes(written(path, columns(8)))
    written(path, columns(9))
    with pytest.raises(BadInput, match="changed since it was opened"):
        rows_of(feed)
    with pytest.raises(BadInput, match="changed since it was opened"):
        feed.identity()
