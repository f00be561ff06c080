"""Rest: what keeps an engine from leaping, one thing at a time."""

import numpy as np
import pytest

from arbitrage_core.domain.compiled import rebind
from arbitrage_core.domain.row import FeedStatus
from arbitrage_core.engine.state import AWAITING_QUOTE, LONG_AGO_NS, NEVER_NS
from arbitrage_core.tuning.course import joined
from arbitrage_core.tuning.envelope import BLOCK_ROWS, Envelope
from arbitrage_core.tuning.leaping_fold import NOT_AT_REST, has_rested, is_at_rest, leap, leap_to
from arbitrage_core.tuning.leaping_session import LeapingSession
from tests.tuning.conftest import config_of, market_feed

RESTLESS = [
    "state.restless",
    "state.reducing",
    "state.symbols[1].in_use",
    "state.symbols[1].above_floor",
    "state.symbols[1].restless",
    "state.symbols[1].stops",
    "state.symbols[1].initial_lots[1]",
    "account.symbols[1].touched[1]",
    "account.symbols[1].resting[1]",
    "params.currency_count",
]


PLAIN = {
    function: rebind(function, {}, name="plain", interpreted=True)
    for function in (has_rested, is_at_rest, leap_to, leap)
}


class Resting:
    """A session that rests, over rows of which the last ones are not applied yet."""

    def __init__(self) -> None:
        self.rows = joined(market_feed(rows=40 * BLOCK_ROWS))
        self.session = LeapingSession(config_of(["entry_spread_bps=400"]), 7)
        self.around = Envelope.of(self.rows, np.ones((3, 2)))
        part = self.rows[: 20 * BLOCK_ROWS]
        self.session.run(part, Envelope.of(part, np.ones((3, 2))))
        self.state, self.params = self.session.state[0], self.session.params[0]
        self.account, self.rest = self.session.account[0], self.session._rest[0]

    def rests(self) -> bool:
        """As the fold asks."""
        return bool(PLAIN[has_rested](self.state, self.params, self.account, self.rest))

    def lands(self) -> int:
        """Where a leap from block 20 would end."""
        return int(PLAIN[leap_to](self.state, self.params, self.rows, self.around.ratios, 20))


@pytest.fixture
def resting() -> Resting:
    """One of its own for each test."""
    return Resting()


def test_without_any_of_it_it_rests_and_leaps(resting: Resting):
    assert resting.rests()
    assert resting.lands() > 20


@pytest.mark.parametrize("what", RESTLESS)
def test_each_keeps_it_from_resting(what: str, resting: Resting):
    owner, _, field = what.rpartition(".")
    name, bracket, _ = field.partition("[")
    target = eval(owner, {"state": resting.state, "params": resting.params, "account": resting.account})
    if bracket:
        target[name][1] = 1
    else:
        target[name] = 2
    assert not PLAIN[is_at_rest](resting.state, resting.params, resting.account)
    assert not resting.rests()
    assert resting.rest.since_mark_ns == NOT_AT_REST


def test_something_under_way_at_the_venue_does(resting: Resting):
    resting.account.due_ns = int(resting.state.now_ns) + 1
    assert not resting.rests()


@pytest.mark.parametrize("what", ["counter", "day_end_ns"])
def test_after_a_trade_or_the_beginning_of_a_day_a_mark_is_awaited(what: str, resting: Resting):
    if what == "counter":
        resting.state.symbols[1]["counter"] += 1
    else:
        resting.state.day_end_ns += 1
    assert not resting.rests()
    resting.state.mark_due_ns += 1_000_000_000
    assert resting.rests()


def test_a_leap_ends_before_the_day_the_cooldown_and_what_may_not_be_passed_by(resting: Resting):
    inside_ns = int(resting.rows[22 * BLOCK_ROWS]["now_ns"])
    resting.around.ratios[:] = 1.0
    assert resting.lands() == 40
    for name, block in (("day", 22), ("cooldown", 22), ("ratio", 25)):
        before = resting.session.state.copy()
        if name == "day":
            resting.state.day_end_ns = inside_ns
        elif name == "cooldown":
            resting.state.due_by_symbol_ns[2] = inside_ns
        else:
            resting.around.ratios[25, 2] = np.inf
        assert resting.lands() == block, name
        resting.session.state[:] = before
    assert resting.state.day_end_ns != LONG_AGO_NS
    assert resting.state.due_by_symbol_ns[2] == NEVER_NS


def test_a_feed_that_awaits_its_quote_is_up_after_a_leap_over_one_and_only_then(resting: Resting):
    books = resting.state.symbols[1].books
    books["feed"] = AWAITING_QUOTE
    start, end = 20 * BLOCK_ROWS, 21 * BLOCK_ROWS
    last, moved_ns = resting.around.last[20].copy(), resting.around.moved_ns[20]
    last[1, 1] = start - 1
    PLAIN[leap](resting.state, resting.params, resting.account, resting.rows, last, moved_ns, start, end)
    assert books["feed"][:2].tolist() == [FeedStatus.UP, AWAITING_QUOTE]
    assert resting.state.now_ns == resting.rows["now_ns"][end - 1]
