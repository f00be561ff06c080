"""The time of a quote: what cannot be one is refused with its row, the date it would be and what would cure it."""

import numpy as np
import pyarrow as pa
import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.quote_time import EARLIEST_NS, LATEST_NS, NOT_A_TIME, is_plausible, unit_meant, written
from arbitrage_core.feeds.recorded import RecordedQuotes
from tests.feeds.recordings import START_NS, changed, columns, rows_of
from tests.feeds.recordings import written as file_with

GOOD = columns(6)
UNITS = (("seconds", 10**9), ("milliseconds", 10**6), ("microseconds", 10**3))


@pytest.mark.usefixtures("any_batch")
@pytest.mark.parametrize("name", ("ts_ns", "exch_ts_ns"))
@pytest.mark.parametrize("unit, factor", UNITS)
def test_a_file_in_another_unit_is_refused_with_the_unit_and_the_factor(path, name, unit, factor):
    made = {**GOOD, name: np.array(GOOD["ts_ns"]) // factor}
    with pytest.raises(BadInput) as refused:
        rows_of(RecordedQuotes(file_with(path, made)))
    assert f"row 0: {name} = {GOOD['ts_ns'][0] // factor}, taken as nanoseconds, is 1970-01-" in refused.value.cause
    assert refused.value.cure == f"as {unit} since 1970 it is 2023-11-14 22:13:20 UTC: multiply {name} by {factor:,}"


IMPOSSIBLE = {
    "a missing time as a number": (0, NOT_A_TIME, "row 0: .*1677-09-21.*missing time"),
    "zero": (0, 0, "row 0: .*1970-01-01.*between 2009-01-01 and 2100-01-01"),
    "before 1970": (0, -START_NS, "row 0: .*1916"),
    "the last there is": (5, 2**63 - 1, "row 5: .*2262-04-11"),
    "the day before the range": (0, EARLIEST_NS - 1, "row 0: .*2008-12-31 23:59:59"),
    "just after it": (5, LATEST_NS + 1, "row 5: .*2100-01-01 00:00:00"),
}


@pytest.mark.usefixtures("any_batch")
@pytest.mark.parametrize("at, value, words", IMPOSSIBLE.values(), ids=IMPOSSIBLE.keys())
def test_a_time_that_cannot_be_is_refused_with_its_row_and_its_date(path, at, value, words):
    with pytest.raises(BadInput, match=words):
        RecordedQuotes(file_with(path, changed(GOOD, "ts_ns", at, value)))


@pytest.mark.parametrize("value", (EARLIEST_NS, LATEST_NS))
def test_the_ends_of_the_range_are_inside(path, value):
    made = {**GOOD, "ts_ns": [value] * 6}
    assert rows_of(RecordedQuotes(file_with(path, made)))["now_ns"].tolist() == [value] * 6


def test_of_two_files_the_one_in_another_unit_is_named(tmp_path):
    sound = file_with(tmp_path / "ns.parquet", GOOD)
    other = file_with(tmp_path / "us.parquet", {**GOOD, "ts_ns": np.array(GOOD["ts_ns"]) // 1000})
    with pytest.raises(BadInput, match=r"us\.parquet: row 0: .*multiply ts_ns by 1,000$"):
        RecordedQuotes([sound, other])


def test_a_file_that_changes_its_unit_on_the_way_is_refused_where_it_does(path):
    made = changed(changed(GOOD, "ts_ns", 4, START_NS // 1000), "ts_ns", 5, START_NS // 1000)
    with pytest.raises(BadInput, match=r"row 4: .*multiply ts_ns by 1,000$"):
        RecordedQuotes(file_with(path, made))


@pytest.mark.parametrize("nothing", (None, 0, NOT_A_TIME))
def test_a_venues_time_may_be_missing(path, nothing):
    times = [START_NS, nothing, START_NS + 5, nothing, nothing, START_NS]
    made = {**GOOD, "exch_ts_ns": pa.array(times, pa.int64())}
    rows = rows_of(RecordedQuotes(file_with(path, made)))
    assert rows["venue_ns"].tolist() == [START_NS, 0, START_NS + 5, 0, 0, START_NS]


def test_a_venues_clock_may_run_before_or_after_ours(path):
    made = {**GOOD, "exch_ts_ns": np.array(GOOD["ts_ns"]) + 1_270_000_000}
    assert rows_of(RecordedQuotes(file_with(path, made)))["venue_ns"].tolist() == list(made["exch_ts_ns"])


def test_a_column_of_venue_times_without_any_is_as_none(path):
    made = {**GOOD, "exch_ts_ns": pa.nulls(6)}
    assert rows_of(RecordedQuotes(file_with(path, made)))["venue_ns"].tolist() == [0] * 6


@pytest.mark.usefixtures("any_batch")
@pytest.mark.parametrize("zone", (None, "UTC", "Asia/Seoul"))
@pytest.mark.parametrize("unit, ns", (("s", 10**9), ("ms", 10**6), ("us", 10**3), ("ns", 1)))
def test_time_stamps_say_their_unit_and_are_taken_exactly(path, tmp_path, unit, ns, zone):
    times = START_NS // ns + np.arange(6)
    expected = rows_of(RecordedQuotes(file_with(path, {**GOOD, "ts_ns": times * ns, "exch_ts_ns": times * ns})))
    stamps = pa.array(times).cast(pa.timestamp(unit, zone))
    stamped = file_with(tmp_path / "stamped.parquet", {**GOOD, "ts_ns": stamps, "exch_ts_ns": stamps}, version="2.6")
    assert rows_of(RecordedQuotes(stamped)).tobytes() == expected.tobytes()


@pytest.mark.parametrize("unit", ("ms", "us"))
def test_time_stamps_that_cannot_be_are_refused_before_they_are_turned_to_nanoseconds(path, unit):
    times = [START_NS // 10**9, *[2**62] * 5]
    made = {**GOOD, "ts_ns": pa.array(times).cast(pa.timestamp(unit))}
    with pytest.raises(BadInput, match="no time of a recording"):
        RecordedQuotes(file_with(path, made))


def test_a_number_is_plausible_in_one_unit_at_most():
    for value in (START_NS, START_NS // 10**3, START_NS // 10**6, START_NS // 10**9):
        ways = [is_plausible(value), *(is_plausible(value * factor) for _, factor in UNITS)]
        assert ways.count(True) == 1
    assert unit_meant(45_000) is None


def test_a_date_is_written_to_the_second_and_no_number_is_too_large():
    assert written(START_NS) == "2023-11-14 22:13:20 UTC"
    assert [written(ns) for ns in (2**63 * 10**9, -(2**63) * 10**9)] == ["no date"] * 2
