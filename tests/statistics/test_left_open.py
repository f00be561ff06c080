"""What a session leaves open, and why: the market's doing is told from the program's."""

import pytest

from arbitrage_core.domain.order import OrderState
from arbitrage_core.session.session import Session
from arbitrage_core.statistics.left_open import left_open
from tests.engine.small_market import EAST, WEST, Tape, interpreted, small_config

pytestmark = pytest.mark.usefixtures("silent_arithmetic")


def ended(*quotes: tuple[float, int, float, float, float], **params: object) -> Session:
    """A trade entered at once, then these quotes (ms, venue, bid, ask, quantity), then the end."""
    tape = Tape().both(0, 100.0, 100.6, qty=1.0).both(20, 100.0, 100.6, qty=1.0)
    for quote in quotes:
        tape.quote(*quote)
    session = interpreted(small_config(cooldown_ms=600_000.0, **params), tape.rows)
    session.end()
    return session


def test_a_session_that_ended_flat_left_nothing() -> None:
    session = ended()
    assert session.ended
    assert left_open(session.config, session.state[0]) == []


REASONS = [
    ("no depth left", (40, WEST, 100.59, 100.61, 0.2), "no more to deal in"),
    ("no price on the side it needs", (40, WEST, 100.59, 0.0, 1.0), "had no price to deal at"),
    ("a crossed book", (40, EAST, 100.7, 100.2, 1.0), "had no price to deal at"),
]


@pytest.mark.parametrize("name, quote, because", REASONS, ids=[row[0] for row in REASONS])
def test_the_market_let_go_of_nothing_more(name: str, quote: tuple, because: str) -> None:
    session = ended(quote)
    assert not session.ended
    (found,) = left_open(session.config, session.state[0])
    assert because in str(found["because"])
    assert (found["symbol"], found["trade"]) == ("AAA", 1)
    assert found["orders"] > 2
    assert sum(abs(held) for held in found["held_base"].values()) > 0


def test_a_venue_that_rejects_and_an_order_that_hangs_are_named() -> None:
    session = ended((40, WEST, 100.59, 100.61, 0.2))
    trade = session.state[0].symbols[0].trades[0]
    held = 1 if trade.legs[1].lots else 0
    trade.legs[held].order[0].state = OrderState.REJECTED
    assert "rejected its last order" in str(left_open(session.config, session.state[0])[0]["because"])
    trade.legs[held].order[0].state = OrderState.OPEN
    assert "still works" in str(left_open(session.config, session.state[0])[0]["because"])
    trade.flagged = 1
    assert "flagged" in str(left_open(session.config, session.state[0])[0]["because"])


def test_a_trade_that_nothing_told_to_leave_is_the_programs() -> None:
    session = interpreted(small_config(), Tape().both(0, 100.0, 100.6).both(20, 100.0, 100.6).rows)
    assert {str(found["because"]) for found in left_open(session.config, session.state[0])} <= {
        "nothing told it to leave",
        "an order of it still works",
    }
