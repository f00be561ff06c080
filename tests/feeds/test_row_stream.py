"""Streams of rows: merged, cut and limited, whatever their arrays' sizes."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from arbitrage_core.domain.row import RowKind, row_dtype
from arbitrage_core.feeds.row_stream import limited, marked, merged, opaque, rechunked, rows_within

ROW = row_dtype(1)


def stream_of(times_ns: list[int], cuts: list[int], number: int = 0) -> list[np.ndarray]:
    """A stream as its arrays: rows of these times, marked with stream and position, cut at the cuts."""
    rows = np.zeros(len(times_ns), ROW)
    rows["now_ns"], rows["venue"], rows["venue_ns"] = times_ns, number, np.arange(len(times_ns))
    edges = sorted({0, len(times_ns), *(cut for cut in cuts if cut <= len(times_ns))})
    return [rows[start:end] for start, end in pairwise(edges)] or [rows]


def whole(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0, f"V{ROW.itemsize}"), *(opaque(array) for array in arrays)]).view(ROW)


sorted_times = st.lists(st.integers(0, 12), max_size=25).map(sorted)
cut_places = st.lists(st.integers(0, 12), max_size=6)
streams = st.lists(st.tuples(sorted_times, cut_places), min_size=1, max_size=4).map(
    lambda listed: [stream_of(times, cuts, number) for number, (times, cuts) in enumerate(listed)]
)


@given(streams)
def test_merging_is_a_stable_sort_of_the_streams_one_after_the_other(listed):
    everything = whole([array for arrays in listed for array in arrays])
    expected = opaque(everything)[np.argsort(everything["now_ns"], kind="stable")]
    assert whole(list(merged([iter(arrays) for arrays in listed]))).tobytes() == expected.tobytes()


@given(sorted_times, cut_places, st.integers(1, 30))
def test_rechunking_keeps_the_rows_and_fills_every_array_but_the_last(times, cuts, chunk_rows):
    arrays = stream_of(times, cuts)
    chunks = list(rechunked(iter(arrays), chunk_rows))
    (marked_at_once,) = list(marked(iter([whole(arrays)]))) or (whole(arrays),)
    assert whole(chunks).tobytes() == marked_at_once.tobytes()
    assert [len(chunk) for chunk in chunks[:-1]] == [chunk_rows] * (len(chunks) - 1)
    assert all(0 < len(chunk) <= chunk_rows for chunk in chunks)


@given(sorted_times, cut_places, st.sets(st.integers(0, 24)))
def test_a_quote_says_whether_another_one_of_its_instant_follows_whatever_comes_between(times, cuts, others):
    arrays = stream_of(times, cuts)
    everything = whole(arrays)
    everything["kind"][[place for place in others if place < len(everything)]] = RowKind.RATE
    everything["status"] = 7  # of a feed this one is made from
    pieces = np.split(everything.copy(), [place for place in sorted(cuts) if place < len(everything)])
    found = whole(list(marked(iter(pieces))))
    quotes = np.flatnonzero(everything["kind"] == RowKind.QUOTE)
    ns = everything["now_ns"][quotes]
    assert found["status"][quotes].tolist() == [*(ns[1:] == ns[:-1]).astype(int).tolist(), 0][: len(quotes)]
    assert set(np.delete(found["status"], quotes)) <= {7}


@given(sorted_times, cut_places, st.none() | st.integers(0, 12), st.none() | st.integers(0, 13))
@example([1, 2, 3, 4], [2], 3, None)
@example([1, 2, 3, 4], [1, 2], None, 3)
def test_limits_keep_the_first_rows_before_a_time(times, cuts, row_count, until_ns):
    arrays = stream_of(times, cuts)
    everything = whole(arrays)
    expected = everything[: np.searchsorted(everything["now_ns"], until_ns)] if until_ns is not None else everything
    expected = expected[:row_count]
    assert whole(list(limited(iter(arrays), row_count, until_ns))).tobytes() == expected.tobytes()


def test_merging_holds_one_array_of_each_stream():
    asked = [0, 0]

    def endless(number: int):
        for start in range(0, 10**9, 100):
            asked[number] += 1
            yield stream_of(list(range(start, start + 100)), [], number)[0]

    stream = merged([endless(0), endless(1)])
    taken = sum(len(next(stream)) for _ in range(20))
    assert max(asked) <= taken // 200 + 2


@pytest.mark.parametrize("levels", (1, 3))
def test_an_opaque_view_is_the_same_memory(levels):
    rows = np.zeros(4, row_dtype(levels))
    opaque(rows)[2] = b"\1" * rows.dtype.itemsize
    assert rows["now_ns"].tolist() == [0, 0, 0x0101010101010101, 0]


@given(sorted_times, cut_places, st.integers(0, 14))
def test_rows_within_a_time_are_those_before_its_end(times, cuts, duration_ns):
    first = times[0] if times else 0
    assert rows_within(stream_of(times, cuts) if times else [], duration_ns) == sum(
        time < first + duration_ns for time in times
    )
