"""What cannot have been a quote is not dealt at: crossed books, lone prices far off. It is counted and said."""

import numpy as np
import pytest

from arbitrage_core.domain.row import RowKind
from arbitrage_core.session.session import Session
from arbitrage_core.session.withheld_quotes import withheld_quotes
from arbitrage_core.venues.simulated.plausible import JUMP_MAX, Withheld, is_near, withheld_at
from tests.engine.bench import plain
from tests.engine.small_market import EAST, WEST, Tape, interpreted, small_config

pytestmark = pytest.mark.usefixtures("silent_arithmetic")

NAN, INF = float("nan"), float("inf")
GOOD = (100.0, 101.0)

QUOTES = [
    ("sound", (100.5, 100.7), GOOD, Withheld.NOT),
    ("crossed", (101.0, 100.0), GOOD, Withheld.CROSSED),
    ("locked", (100.0, 100.0), GOOD, Withheld.CROSSED),
    ("an ask halved crosses", (100.0, 50.5), GOOD, Withheld.CROSSED),
    ("both halved", (50.0, 50.5), GOOD, Withheld.IMPLAUSIBLE),
    ("a bid halved", (50.0, 101.0), GOOD, Withheld.IMPLAUSIBLE),
    ("an ask doubled", (100.0, 202.0), GOOD, Withheld.IMPLAUSIBLE),
    ("as far as may be", (100.0, 101.0 * (1 + JUMP_MAX)), GOOD, Withheld.NOT),
    ("a little further", (100.0, 101.0 * (1 + JUMP_MAX) * 1.000001), GOOD, Withheld.IMPLAUSIBLE),
    ("confirmed by the quote before", (50.0, 50.5), (50.1, 50.6), Withheld.NOT),
    ("an empty bid", (0.0, 101.0), GOOD, Withheld.NOT),
    ("an empty ask", (100.0, 0.0), GOOD, Withheld.NOT),
    ("nothing at all", (0.0, 0.0), GOOD, Withheld.NOT),
    ("an empty bid and an ask far off", (0.0, 50.0), GOOD, Withheld.IMPLAUSIBLE),
    ("no number", (NAN, 101.0), GOOD, Withheld.CROSSED),
    ("an infinite ask", (100.0, INF), GOOD, Withheld.IMPLAUSIBLE),
]


@pytest.mark.parametrize("name, quote, before, expected", QUOTES, ids=[row[0] for row in QUOTES])
def test_at_which_quotes_a_venue_deals(
    name: str, quote: tuple[float, float], before: tuple[float, float], expected: Withheld
) -> None:
    assert plain(withheld_at)(*quote, *GOOD, *before) == expected


def test_a_markets_first_quote_is_believed_unless_it_is_crossed() -> None:
    assert plain(withheld_at)(7.0, 7.1, 0.0, 0.0, 0.0, 0.0) == Withheld.NOT
    assert plain(withheld_at)(7.1, 7.0, 0.0, 0.0, 0.0, 0.0) == Withheld.CROSSED


@pytest.mark.parametrize("px, near", [(100.0, True), (80.0, True), (79.9, False), (121.1, True), (121.3, False)])
def test_a_print_far_off_fills_nothing(px: float, near: bool) -> None:
    assert plain(is_near)(px, *GOOD) is near


def held(more: Tape) -> Session:
    """A trade held from the start that leaves after 300 ms by its holding time, then the tape's rows."""
    return interpreted(
        small_config(hold_max_ms=300.0, retry_ms=100.0, exit_wait_max_ms=50.0, cooldown_ms=60_000.0), more.rows
    )


def entered() -> Tape:
    return Tape().both(0, 100.0, 100.6).both(20, 100.0, 100.6).both(280, 100.0, 100.6)


GARBAGE = {
    "crossed": (100.61, 50.3, "crossed"),
    "both sides halved": (50.29, 50.31, "implausible"),
}


@pytest.mark.parametrize("name", GARBAGE)
def test_a_trade_does_not_leave_at_a_quote_that_cannot_be_and_leaves_at_the_next_one_that_can(name: str) -> None:
    bid, ask, why = GARBAGE[name]
    tape = entered().quote(299, WEST, bid, ask).both(600, 100.0, 100.6).both(900, 100.0, 100.6)
    session = held(tape)
    trade = session.log.trades[0]
    paid = session.log.fills[session.log.fills["leg"] == 1]["cost_quote_amount"] * 1e-8
    assert paid.tolist() == pytest.approx([100.59, 100.61]), "it bought back at 100.61, not at half of that"
    assert trade["ended_ns"] > tape.rows["now_ns"][-3]
    assert withheld_quotes(session.config, session.account[0]) == [
        {"venue": "west", "symbol": "AAA", "crossed": int(why == "crossed"), "implausible": int(why == "implausible")}
    ]


def test_a_jump_that_the_next_quote_confirms_is_dealt_at() -> None:
    tape = entered().both(299, 60.0, 60.36).both(300, 60.0, 60.36).both(600, 60.0, 60.36).both(900, 60.0, 60.36)
    session = held(tape)
    assert len(session.log.trades) == 1
    assert [one["implausible"] for one in withheld_quotes(session.config, session.account[0])] == [1, 1]


def test_resting_orders_are_not_filled_by_garbage() -> None:
    config = small_config(entry_order="gtc", working_max_ms=60_000.0, slippage_bound_bps=0.0, cooldown_ms=60_000.0)
    tape = Tape().quote(0, EAST, 99.99, 100.01).quote(0, WEST, 100.59, 100.61)
    tape.quote(2, EAST, 100.09, 100.11).quote(2, WEST, 100.49, 100.51)  # both orders miss, and rest
    rests = len(interpreted(config, tape.rows).log.fills)
    garbage = tape.quote(50, EAST, 100.09, 50.0).quote(60, WEST, 200.0, 201.0)
    garbage.row(70, RowKind.PRINT, venue=EAST, symbol=0, px=50.0, qty=10.0, side=-1)
    assert rests == len(interpreted(config, garbage.rows).log.fills) == 0
    sound = garbage.quote(80, EAST, 99.98, 100.0)
    assert len(interpreted(config, sound.quote(90, EAST, 99.98, 100.0).rows).log.fills) > 0


def test_asks_halved_here_and_there_earn_nothing() -> None:
    """Of the case this came from: garbage that entries refuse must not pay on the way out."""
    generator = np.random.default_rng(3)
    sound, spoilt = Tape(), Tape()
    for turn in range(150):
        spread = 0.6 if turn % 20 < 5 else 0.0
        for tape in (sound, spoilt):
            tape.both(turn * 50.0, 100.0, 100.0 + spread)
        if generator.random() < 0.08:
            px = spoilt._rows[-1]
            px["ask_px"] *= 0.5
    config = small_config(hold_max_ms=120.0)
    clean, garbled = (interpreted(config, tape.rows) for tape in (sound, spoilt))
    assert int(garbled.state[0].realised_amount) <= int(clean.state[0].realised_amount)
    assert withheld_quotes(garbled.config, garbled.account[0])[0]["crossed"] > 4
