"""Bookings: what fills and funding realised, exactly, by symbol and by venue."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.engine.output import SessionLog
from arbitrage_core.statistics.bookings import Bookings, bookings_by_market
from tests.statistics.logs import LEFT, RIGHT, UNIT, Row, amount, session_log


def fill(realised: float, fee: float, slippage: float, cash: float, symbol: int, venue: int) -> Row:
    """A row of FILL_OUT in money."""
    return {
        "realised_amount": amount(realised),
        "fee_reporting_amount": amount(fee),
        "slippage_amount": amount(slippage),
        "cash_reporting_amount": amount(cash),
        "symbol": symbol,
        "venue": venue,
    }


FILLS = (
    fill(-0.5, 0.5, 0.1, -100.0, 0, LEFT),
    fill(-0.25, 0.25, 0.0, 101.0, 0, RIGHT),
    fill(3.0, 0.5, -0.2, 103.5, 0, LEFT),
    fill(-1.0, 1.0, 0.0, -50.0, 1, RIGHT),
)
FUNDING = ({"amount": amount(0.75), "symbol": 1, "venue": LEFT}, {"amount": amount(-0.25), "symbol": 0, "venue": RIGHT})
NAMES = ("pnl_quote", "gross_quote", "fees_quote", "funding_quote", "slippage_quote", "turnover_quote", "fills")
TABLE = {
    "session": ("symbol", None, (1.75, 4.0, 2.25, 0.5, -0.1, 354.5, 4)),
    "first symbol": ("symbol", 0, (2.0, 3.25, 1.25, -0.25, -0.1, 304.5, 3)),
    "second symbol": ("symbol", 1, (-0.25, 0.75, 1.0, 0.75, 0.0, 50.0, 1)),
    "left venue": ("venue", LEFT, (3.25, 4.25, 1.0, 0.75, -0.1, 203.5, 2)),
    "right venue": ("venue", RIGHT, (-1.5, -0.25, 1.25, -0.25, 0.0, 151.0, 2)),
    "a venue without a booking": ("venue", 2, (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0)),
}


def parts_of(log: SessionLog, noun: str) -> list[Bookings]:
    """The bookings of each of two symbols, or of three venues."""
    markets = bookings_by_market(log, 2, 3)
    return [Bookings.added(part) for part in (markets if noun == "symbol" else zip(*markets, strict=True))]


@pytest.mark.parametrize("noun, slot, expected", TABLE.values(), ids=TABLE.keys())
def test_bookings_of_a_table(noun: str, slot: int | None, expected: tuple[float, ...]):
    parts = parts_of(session_log(fills=FILLS, funding=FUNDING), noun)
    found = Bookings.added(parts) if slot is None else parts[slot]
    assert tuple(found.document(UNIT)[name] for name in NAMES) == pytest.approx(expected, abs=1e-12)


def test_nothing_was_booked_in_an_empty_log():
    assert bookings_by_market(session_log(), 2, 3) == [[Bookings()] * 3] * 2


@pytest.mark.parametrize("kind", ["fills", "funding"])
@pytest.mark.parametrize(
    "noun, slot, there_are", [("symbol", 2, 2), ("venue", 3, 3), ("symbol", -1, 2), ("venue", -1, 3)]
)
def test_a_booking_of_an_unknown_market_is_an_error(kind: str, noun: str, slot: int, there_are: int):
    with pytest.raises(ValueError, match=f"the log names {noun} {slot} … {slot}, there are {there_are}"):
        bookings_by_market(session_log(**{kind: [{noun: slot}]}), 2, 3)


AMOUNTS = st.integers(-(2**52), 2**52)
SYMBOL, VENUE = st.integers(0, 1), st.integers(0, 2)


@given(st.lists(st.tuples(AMOUNTS, AMOUNTS, SYMBOL, VENUE), max_size=30), st.lists(st.tuples(AMOUNTS, SYMBOL, VENUE)))
def test_symbols_and_venues_add_up_to_what_was_booked_exactly(fills, payments):
    log = session_log(
        fills=[
            {"realised_amount": net, "fee_reporting_amount": fee, "symbol": symbol, "venue": venue}
            for net, fee, symbol, venue in fills
        ],
        funding=[{"amount": paid, "symbol": symbol, "venue": venue} for paid, symbol, venue in payments],
    )
    paid = sum(row[0] for row in payments)
    for noun in ("symbol", "venue"):
        whole = Bookings.added(parts_of(log, noun))
        assert (whole.realised_amount, whole.funding_amount) == (sum(row[0] for row in fills) + paid, paid)
        assert (whole.fees_amount, whole.fills) == (sum(row[1] for row in fills), len(fills))
