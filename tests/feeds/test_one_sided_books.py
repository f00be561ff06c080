"""One-sided books: an empty side is a state of a book, however a recorder writes it, and never a price."""

import numpy as np
import pytest

from arbitrage_core.feeds.quote_rules import settled
from arbitrage_core.feeds.recorded import RecordedQuotes
from tests.feeds.recordings import changed, columns, rows_of, written

NAN = float("nan")
EMPTY = {
    "null": (None, None),
    "NaN": (NAN, NAN),
    "zero": (0.0, 0.0),
    "a price without a quantity": (100.0, 0.0),
    "a price with a quantity that is not known": (100.0, NAN),
    "a price with no quantity given": (100.0, None),
    "a quantity without a price": (0.0, 5.0),
    "a quantity with a price that is not known": (NAN, 5.0),
    "null beside NaN": (None, NAN),
}


@pytest.mark.usefixtures("any_batch")
@pytest.mark.parametrize("side, other", (("bid", "ask"), ("ask", "bid")))
@pytest.mark.parametrize("px, qty", EMPTY.values(), ids=EMPTY.keys())
@pytest.mark.parametrize("levels", (1, 3))
def test_an_empty_side_has_price_and_quantity_0_at_every_level(path, side, other, px, qty, levels):
    made = columns(6, levels=levels)
    feed = RecordedQuotes(written(path, changed(changed(made, f"{side}_px", 4, px), f"{side}_qty", 4, qty)))
    rows, whole = rows_of(feed), rows_of(RecordedQuotes(written(path.with_name("whole.parquet"), made)))
    for name in ("px", "qty"):
        assert rows[f"{side}_{name}"][4].tolist() == [0.0] * levels
        assert rows[f"{other}_{name}"][4].tolist() == whole[f"{other}_{name}"][4].tolist()
    sound = [0, 1, 2, 3, 5]
    assert rows[sound].tobytes() == whole[sound].tobytes()


def test_both_sides_may_be_empty(path):
    made = columns(6)
    for name in ("bid_px", "bid_qty", "ask_px", "ask_qty"):
        made = changed(made, name, 2, None)
    row = rows_of(RecordedQuotes(written(path, made)))[2]
    assert [row[name][0] for name in ("bid_px", "bid_qty", "ask_px", "ask_qty")] == [0.0] * 4


def test_whole_numbers_may_be_empty_too(path):
    made = columns(6)
    made |= {name: [int(value) for value in made[name]] for name in ("bid_px", "bid_qty", "ask_px", "ask_qty")}
    row = rows_of(RecordedQuotes(written(path, changed(changed(made, "ask_px", 2, None), "ask_qty", 2, None))))[2]
    assert (row["ask_px"][0], row["ask_qty"][0], row["bid_px"][0]) == (0.0, 0.0, 102.0)


@pytest.mark.parametrize("nothing", (NAN, None, 0.0))
def test_deeper_levels_may_be_absent_from_one_on(path, nothing):
    made = columns(4, levels=3)
    for name in ("bid_px_1", "bid_qty_1", "bid_px_2", "bid_qty_2"):
        made = changed(made, name, 2, nothing)
    rows = rows_of(RecordedQuotes(written(path, made)))
    assert rows["bid_px"][2].tolist() == [102.0, 0.0, 0.0]
    assert rows["bid_qty"][2].tolist() == [3.0, 0.0, 0.0]


def test_a_deeper_level_with_nothing_in_it_stays_as_it_is_and_so_does_what_lies_below(path):
    rows = rows_of(RecordedQuotes(written(path, changed(columns(4, levels=3), "ask_qty_1", 2, 0.0))))
    assert rows["ask_px"][2].tolist() == [103.0, 104.0, 105.0]
    assert rows["ask_qty"][2].tolist() == [4.0, 0.0, 6.0]


def test_sound_books_are_handed_through_uncopied():
    level = [np.array([px, px + 1.0]) for px in (100.0, 1.0, 101.0, 1.0)]
    (result,), unsound = settled([level])
    assert unsound is None
    assert all(one is other for one, other in zip(level, result, strict=True))


def test_no_rows_are_sound():
    assert settled([[np.zeros(0)] * 4, [np.zeros(0)] * 4])[1] is None
