"""Foresight: other rows from a moment on change no order before it, and a look ahead of one row is found."""

import numpy as np
import pytest

from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.tuning.evaluation import Evaluator
from arbitrage_core.tuning.foresight import RAISED, Altered, foresight_of
from arbitrage_core.tuning.splits import WalkForward
from flows.tuning_faults import LeakingSplits, RowAhead
from tests.tuning.conftest import config_of, market_feed

WALK_FORWARD = WalkForward(count=3, embargo_ms=5_000)
SETTINGS = ["entry_spread_bps=26"]


@pytest.fixture(scope="module")
def feed() -> SyntheticQuotes:
    return market_feed("mixed", 60_000)


def times(feed: SyntheticQuotes) -> np.ndarray:
    """Of all rows."""
    return np.concatenate([rows["now_ns"] for rows in feed])


def foresight(feed, read=lambda rows: rows):
    """Of a session whose rows come through `read`."""
    config, evaluator = config_of(SETTINGS), Evaluator(read(feed), WALK_FORWARD)
    evaluator.prepare(config)
    moments = np.quantile(times(feed), [0.3, 0.5, 0.7, 0.9]).astype(int).tolist()
    orders = evaluator.run(config).log.orders
    return foresight_of(lambda moment: read(Altered(feed, moment)), config, orders, moments, WALK_FORWARD)


def test_the_engine_does_not_look_ahead(feed: SyntheticQuotes):
    found = foresight(feed)
    assert (found.moments, found.seen) == (4, ())
    assert found.orders > 1_000


def test_a_look_ahead_of_one_row_is_found(feed: SyntheticQuotes):
    found = foresight(feed, RowAhead)
    assert found.seen
    assert "changes with the rows after that" in found.seen[0]


def test_rows_are_altered_from_the_moment_on_and_only_there(feed: SyntheticQuotes):
    moment = int(times(feed)[30_000])
    for rows, altered in zip(feed, Altered(feed, moment), strict=True):
        later = (rows["now_ns"] >= moment) & (rows["venue"] == 0)
        assert later.any()
        assert altered[~later].tobytes() == rows[~later].tobytes()
        assert (altered["bid_px"][later] == rows["bid_px"][later] * RAISED).all()
    assert Altered(feed, moment).identity() == feed.identity()


def test_a_row_ahead_is_the_markets_next_row_at_the_time_of_this_one(feed: SyntheticQuotes):
    rows = np.concatenate(list(feed))
    (ahead,) = RowAhead(feed)
    mine = np.flatnonzero((rows["symbol"] == 1) & (rows["venue"] == 0))
    assert (ahead["now_ns"] == rows["now_ns"]).all()
    assert (ahead["bid_px"][mine[:-1]] == rows["bid_px"][mine[1:]]).all()


def test_splits_that_leak_judge_by_what_they_should_prove_themselves_on(feed: SyntheticQuotes):
    first, last = int(times(feed)[0]), int(times(feed)[-1])
    sound, leaking = (kind(count=3).splits(first, last) for kind in (WalkForward, LeakingSplits))
    for one, other in zip(sound, leaking, strict=True):
        assert one.in_sample.until_ns < one.out_of_sample.first_ns
        assert other.in_sample.until_ns == other.out_of_sample.until_ns
        assert other.in_sample.periods.stop == one.out_of_sample.periods.stop
