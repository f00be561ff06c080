"""The pace: whatever clock and reader do, all rows come once, in order, none before its time."""

import threading
import time
from collections.abc import Iterator
from math import inf
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import row_dtype
from arbitrage_core.session.pace import ROWS_AT_ONCE, PacedRows, pace_of
from tests.storage.live_state.patience import eventually

START_NS = 1_700_000_000_000_000_000


class ArraysFeed:
    """A feed of arrays at hand; `gate` must be set before each array after the first is given, `failure` ends it."""

    venues, symbols, levels = ("east", "west"), ("AAA",), 1

    def __init__(self, arrays: list[np.ndarray], failure: BaseException | None = None) -> None:
        self.arrays, self.failure = arrays, failure
        self.gate = threading.Event()
        self.gate.set()

    def identity(self) -> dict[str, Any]:
        """Nothing that is asked for here."""
        return {"sha256": ""}

    def __iter__(self) -> Iterator[np.ndarray]:
        for number, rows in enumerate(self.arrays):
            if number:
                self.gate.wait(5.0)
            yield rows
        if self.failure is not None:
            raise self.failure


class HandClock:
    """A clock moved by hand, in seconds."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def rows_at(times_ns: list[int]) -> np.ndarray:
    """Rows at these times, told apart by `venue_ns`."""
    rows = np.zeros(len(times_ns), row_dtype(1))
    rows["now_ns"], rows["venue_ns"] = times_ns, np.arange(len(times_ns))
    return rows


def milliseconds(*at_ms: float) -> np.ndarray:
    """Rows at milliseconds after the start."""
    return rows_at([START_NS + round(one * 1e6) for one in at_ms])


def read_ahead(paced: PacedRows) -> PacedRows:
    """Started, and its reader through with the feed or waiting for room."""
    paced.start()
    eventually(lambda: not paced._thread.is_alive() or paced._arrays.full())
    return paced


def test_only_a_feed_that_lags_is_silent() -> None:
    feed, clock = ArraysFeed([milliseconds(0, 10), milliseconds(60_000)]), HandClock()
    feed.gate.clear()
    paced = PacedRows(feed, 1.0, clock=clock)
    paced.start()
    eventually(lambda: not paced.silent)
    paced.take()
    assert not paced.silent, "10 ms from now there will be one"
    clock.now_s += 1.0
    paced.take()
    assert paced.silent, "all it had was given"
    feed.gate.set()
    eventually(lambda: not paced.silent)
    assert paced.take() is None
    assert not paced.silent, "a gap in a recording: the next row is known"
    clock.now_s += 60.0
    paced.take()
    eventually(lambda: not paced._thread.is_alive())
    paced.take()
    assert (paced.ended, paced.silent) == (True, False)


@pytest.mark.parametrize(
    "text, factor", [("real", 1.0), ("max", inf), ("1", 1.0), ("10", 10.0), ("0.5", 0.5), ("1e6", 1e6)]
)
def test_a_pace_is_read(text: str, factor: float) -> None:
    assert pace_of(text) == factor


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "-inf", "fast", "1e7", "Real", "10x", "MAX"])
def test_what_is_no_pace_is_refused_with_a_cure(text: str) -> None:
    with pytest.raises(BadInput, match="no pace") as refused:
        pace_of(text)
    assert "real, max" in refused.value.cure


@settings(max_examples=60)
@given(
    gaps_ms=st.lists(st.integers(0, 60), min_size=1, max_size=40),
    cuts=st.sets(st.integers(0, 40), max_size=4),
    steps_s=st.lists(st.floats(-0.02, 0.1), min_size=1, max_size=20),
    factor=st.sampled_from([0.5, 1.0, 10.0, 1e6, inf]),
    first_ns=st.sampled_from([0, START_NS]),
)
def test_rows_come_once_in_order_and_none_before_its_time(
    gaps_ms: list[int], cuts: set[int], steps_s: list[float], factor: float, first_ns: int
) -> None:
    times = (first_ns + np.cumsum(gaps_ms) * 1_000_000).tolist()
    everything = rows_at(times)
    feed = ArraysFeed(np.split(everything, sorted(cut for cut in cuts if cut <= len(times))))
    clock = HandClock()
    paced = PacedRows(feed, factor, clock=clock)
    read_ahead(paced)
    came, seen_ns, latest_s, began = [], 0, clock.now_s, None
    for turn in range(10_000):
        rows = paced.take()
        began = clock.now_s if began is None and paced._first_ns is not None else began
        latest_s = max(latest_s, clock.now_s)
        if rows is not None:
            came += rows["venue_ns"].tolist()
            assert paced.now_ns >= rows["now_ns"][-1]
            if factor != inf:
                assert rows["now_ns"][-1] <= times[0] + (latest_s - began) * factor * 1e9
        assert paced.now_ns >= seen_ns, "time ran back"
        seen_ns = paced.now_ns
        assert paced.wait_s >= 0
        if paced.ended:
            break
        if len(came) < len(times):
            assert times[len(came)] >= paced.now_ns, "a row still to come lies before now"
        clock.now_s += steps_s[turn % len(steps_s)] if turn < 200 else 1.0
        if rows is None:
            time.sleep(0.0002)
    assert came == everything["venue_ns"].tolist()
    assert paced.ended
    assert paced.close()


def test_a_row_waits_for_its_time_and_says_how_long() -> None:
    clock = HandClock()
    paced = read_ahead(PacedRows(ArraysFeed([milliseconds(0, 100, 300)]), 2.0, clock=clock))
    assert len(paced.take()) == 1
    assert paced.wait_s == pytest.approx(0.050)
    assert paced.take() is None
    clock.now_s += 0.0625
    assert paced.wait_s == 0
    assert len(paced.take()) == 1
    assert paced.now_ns == START_NS + 125_000_000
    paced.close()


def test_a_clock_that_runs_back_makes_time_stand_still() -> None:
    clock = HandClock()
    paced = read_ahead(PacedRows(ArraysFeed([milliseconds(0, 100)]), 1.0, clock=clock))
    paced.take()
    clock.now_s += 0.0625
    paced.take()
    clock.now_s -= 10.0
    paced.take()
    assert paced.now_ns == START_NS + 62_500_000
    paced.close()


def test_a_clock_that_leaps_beyond_all_time_makes_all_rows_due() -> None:
    clock = HandClock()
    paced = read_ahead(PacedRows(ArraysFeed([milliseconds(0, 100)]), 1e6, clock=clock))
    paced.take()
    clock.now_s += 1e12
    assert paced.wait_s == 0
    assert len(paced.take()) == 1
    paced.close()


def test_at_pace_max_no_more_come_at_once_than_a_compiled_call_may_take() -> None:
    times = (START_NS + np.arange(2 * ROWS_AT_ONCE + 5)).tolist()
    paced = read_ahead(PacedRows(ArraysFeed([rows_at(times)]), inf))
    assert [len(paced.take()) for _ in range(3)] == [ROWS_AT_ONCE, ROWS_AT_ONCE, 5]
    eventually(lambda: paced.take() is None and paced.ended)
    paced.close()


def test_the_next_array_is_due_at_once_when_it_has_been_read() -> None:
    paced = read_ahead(PacedRows(ArraysFeed([milliseconds(0), milliseconds(1)]), inf))
    assert len(paced.take()) == 1
    assert paced.wait_s == 0
    assert len(paced.take()) == 1
    paced.close()


def test_a_starving_feed_gives_nothing_and_ends_nothing() -> None:
    feed, clock = ArraysFeed([milliseconds(0), milliseconds(5)]), HandClock()
    feed.gate.clear()
    paced = PacedRows(feed, 1.0, clock=clock)
    paced.start()
    eventually(lambda: paced.take() is not None)
    clock.now_s += 60.0
    assert paced.take() is None
    assert not paced.ended
    assert paced.now_ns == START_NS, "nothing is known of what is still to come"
    assert 0 < paced.wait_s < 0.1
    feed.gate.set()
    eventually(lambda: paced.take() is not None)
    eventually(lambda: paced.take() is None and paced.ended)
    assert paced.close()


@pytest.mark.parametrize("failure", [BadInput("row 7 is torn", "record anew"), OSError("the disk is gone")])
def test_what_the_feed_raises_is_raised_after_the_rows_before_it(failure: Exception) -> None:
    paced = read_ahead(PacedRows(ArraysFeed([milliseconds(0, 1)], failure), inf))
    assert len(paced.take()) == 2
    with pytest.raises(type(failure)) as raised:
        paced.take()
    assert raised.value is failure
    assert paced.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")  # the hook is what is wanted
def test_a_defect_of_the_feed_reaches_the_loop_too() -> None:
    paced = read_ahead(PacedRows(ArraysFeed([milliseconds(0)], KeyError("defect")), inf))
    paced.take()
    with pytest.raises(KeyError):
        paced.take()
    paced.close()


def test_closing_while_the_reader_waits_for_room_ends_it() -> None:
    paced = read_ahead(PacedRows(ArraysFeed([milliseconds(at) for at in range(50)]), 1.0))
    assert paced._thread.is_alive()
    assert paced.close()
    assert not paced._thread.is_alive()


def test_closing_does_not_wait_for_a_feed_that_hangs() -> None:
    feed = ArraysFeed([milliseconds(0), milliseconds(1)])
    feed.gate.clear()
    paced = PacedRows(feed, inf)
    paced.start()
    eventually(lambda: paced.take() is not None)
    began = time.monotonic()
    assert paced.close(0.2) is False
    assert time.monotonic() - began < 2.0
    feed.gate.set()
    eventually(lambda: not paced._thread.is_alive())


def test_an_empty_feed_ends() -> None:
    paced = read_ahead(PacedRows(ArraysFeed([rows_at([]), rows_at([])]), 1.0))
    eventually(lambda: paced.take() is None and paced.ended)
    paced.close()
