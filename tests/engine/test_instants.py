"""The instant: quotes of one time are one event. What was due runs before them, they are applied, decided is once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbitrage_core.domain.order import Action
from arbitrage_core.domain.row import Command, QuoteStatus, RowKind
from arbitrage_core.domain.trade import ExitReason
from arbitrage_core.feeds.row_stream import marked
from arbitrage_core.session.session import Session
from tests.engine.small_market import EAST, MS, START_NS, WEST, Tape, interpreted, small_config
from tests.markets import seeded_case

pytestmark = pytest.mark.usefixtures("silent_arithmetic")


ONCE = {"cooldown_ms": 60_000.0, "hold_max_ms": 1e6}
"""One entry, held."""


def told(tape: Tape) -> np.ndarray:
    """The rows as a feed hands them over: each quote says whether another of its instant follows."""
    (rows,) = marked(iter((tape.rows,)))
    return rows


def submits(session: Session) -> np.ndarray:
    return session.log.orders[session.log.orders["action"] == Action.SUBMIT]


def walking_together(instants: int = 40) -> Tape:
    """Two venues with the very same book each 100 ms, moving by more than any threshold."""
    tape = Tape()
    for instant in range(instants):
        px = 100.0 + (instant % 7) * 0.8
        tape.both(instant * 100.0, px, px)
    return tape


def test_two_venues_with_the_same_book_at_every_instant_are_never_traded() -> None:
    assert len(submits(interpreted(small_config(), told(walking_together())))) == 0


def test_without_the_mark_each_quote_is_decided_upon_by_itself() -> None:
    assert len(submits(interpreted(small_config(), walking_together().rows))) > 0


def test_a_spread_that_both_books_of_an_instant_show_is_entered_on_both() -> None:
    tape = Tape().both(0, 100.0, 100.0).both(100, 101.0, 101.6).both(200, 101.0, 101.6)
    orders = submits(interpreted(small_config(**ONCE), told(tape)))
    assert orders["now_ns"].tolist() == [START_NS + 100 * MS] * 2
    assert orders["decision_px"].tolist() == pytest.approx([101.01, 101.59])


def test_an_exit_waits_for_the_last_quote_of_its_instant_too() -> None:
    entered = Tape().both(0, 100.0, 100.6).both(50, 100.0, 100.6)
    torn = entered.quote(100, WEST, 98.99, 99.01).quote(100, EAST, 98.39, 98.41)  # both fell; the spread stood
    session = interpreted(small_config(hold_max_ms=1e6), told(torn.both(200, 98.4, 99.0)))
    assert len(session.log.trades) == 0
    assert int(session.state[0].symbols[0].in_use) > 0


def test_what_is_due_at_an_instant_runs_before_its_first_quote_and_not_between_them() -> None:
    """An order of latency 50 ms arrives at the instant of the next quotes: it meets the book before them."""
    config = small_config(market={"latency_ms": 50.0}, **ONCE)
    tape = Tape().both(0, 100.0, 100.6).quote(50, EAST, 100.19, 100.21).quote(50, WEST, 100.39, 100.41)
    session = interpreted(config, told(tape.both(300, 100.2, 100.4)))
    assert session.account[0].symbols[0].orders["filled_lots"].tolist()[:2] == [100, 100]


def test_without_latency_an_order_meets_all_books_of_its_instant_and_its_report_comes_after_them() -> None:
    config = small_config(market={"latency_ms": 0.0}, **ONCE)
    session = interpreted(config, told(Tape().both(0, 100.0, 100.6)))
    assert len(session.log.fills) == 2
    assert session.log.report_positions.tolist() == [2] * len(session.log.report_positions)


def test_a_command_inside_an_instant_is_obeyed_at_once() -> None:
    tape = Tape().quote(0, EAST, 99.99, 100.01).command(0, Command.PAUSE).quote(0, WEST, 100.59, 100.61)
    rows = told(tape)
    assert rows["status"].tolist() == [QuoteStatus.MORE_FOLLOW, Command.PAUSE, QuoteStatus.LAST]
    assert len(submits(interpreted(small_config(), rows))) == 0


def test_an_instant_whose_last_quote_never_came_ends_before_anything_later() -> None:
    """The stream was cut: the next row is a later one."""
    rows = told(Tape().both(0, 100.0, 100.6))
    rows["status"] = QuoteStatus.MORE_FOLLOW
    later = Tape().row(70, RowKind.TIMER).rows
    session = interpreted(small_config(**ONCE), np.concatenate([rows, later]))
    orders = submits(session)
    assert orders["now_ns"].tolist() == [START_NS] * 2
    assert len(session.log.fills) == 2


def test_symbols_are_looked_at_in_their_order_each_once() -> None:
    config = small_config(symbols=("AAA", "BBB"), session={"initial_capital_quote": 1_000_000.0})
    tape = Tape().both(0, 100.0, 100.6, symbol=1).both(0, 100.0, 100.6, symbol=0)
    orders = submits(interpreted(config, told(tape)))
    assert orders["symbol"].tolist() == [0, 0, 1, 1]


def test_a_live_quote_with_a_time_of_its_own_is_decided_upon_at_once() -> None:
    rows = Tape().quote(0, EAST, 99.99, 100.01).quote(0.001, WEST, 100.59, 100.61).rows
    assert submits(interpreted(small_config(), rows))["now_ns"].tolist() == [START_NS + 1_000] * 2


@given(st.integers(0, 60), st.lists(st.integers(1, 40), min_size=1, max_size=12))
@settings(max_examples=6)
def test_how_the_rows_of_an_instant_are_batched_changes_nothing(seed: int, sizes: list[int]) -> None:
    config, rows = seeded_case(seed)
    (rows,) = marked(iter((rows[:100].copy(),)))
    whole, pieces = Session(config, 5, interpreted=True), Session(config, 5, interpreted=True)
    with np.errstate(all="ignore"):
        whole.feed(rows)
        at, turn = 0, 0
        while at < len(rows):
            size = sizes[turn % len(sizes)]
            pieces.feed(rows[at : at + size])
            at, turn = at + size, turn + 1
    assert whole.state_hash == pieces.state_hash
    assert whole.account.tobytes() == pieces.account.tobytes()


# ------------------------------------------------------------------------------------------ wishes that rest on prices


def held_until(tape: Tape, **params: object) -> Session:
    """A trade entered at once and hedged, then the tape's own rows."""
    return interpreted(small_config(**ONCE, exit_wait_max_ms=1e5, **params), tape.rows)


def entered() -> Tape:
    return Tape().both(0, 100.0, 100.6).both(20, 100.0, 100.6)


def test_a_trade_does_not_converge_on_books_out_of_step() -> None:
    late = entered().quote(400, EAST, 100.58, 100.60)
    assert len(held_until(late.quote(500, EAST, 100.58, 100.60), skew_max_ms=300.0).log.trades) == 0
    assert len(held_until(late.quote(500, EAST, 100.58, 100.60), skew_max_ms=1_000.0).log.orders) > 2


def test_a_trade_does_not_converge_on_a_price_too_good_to_be_true() -> None:
    wild = entered().quote(40, EAST, 149.99, 150.01).quote(60, WEST, 100.59, 100.61).quote(80, EAST, 99.99, 100.01)
    assert len(submits(held_until(wild))) == 2, "bid 150 here and ask 100.61 there"


def test_a_stop_loss_leaves_by_force_whatever_the_step() -> None:
    lost = entered().quote(400, WEST, 101.99, 102.01).quote(440, WEST, 101.99, 102.01)
    session = held_until(lost, skew_max_ms=300.0, stop_loss_bps=50.0)
    assert int(session.state[0].symbols[0].trades[0].exit_reason) == ExitReason.STOP_LOSS
