"""The engine's counters and its log tell the same story; each way in which they differ is named."""

from collections.abc import Callable

import numpy as np
import pytest

from arbitrage_core.domain.trade import ExitReason, Phase
from arbitrage_core.statistics.bookings import Bookings, bookings_by_market
from arbitrage_core.statistics.reconciliation import differences, open_trades
from tests.statistics.logs import RIGHT, SYMBOLS, VENUES, Story, amount, empty_state


def story() -> Story:
    """Five trades and a payment."""
    return (
        Story()
        .round_trip((2.0, 1.0))
        .round_trip((-3.0, 1.0), symbol=1, buy=RIGHT, sell=2, reason=ExitReason.HOLD_TIME)
        .round_trip((-1.0, -0.1), phase=Phase.UNWOUND)
        .void()
        .still_open()
        .funded(0.5, symbol=1, venue=2)
    )


def told(log, state) -> dict[str, int]:
    markets = bookings_by_market(log, len(SYMBOLS), len(VENUES))
    by_symbol, by_venue = map(Bookings.added, markets), map(Bookings.added, zip(*markets, strict=True))
    return differences(log, state, list(by_symbol), list(by_venue))


def test_a_whole_story_has_no_difference():
    _, log, state = story().end()
    assert told(log, state) == {}


def test_a_session_without_anything_has_no_difference():
    _, log, state = Story().end()
    assert told(log, state) == {}


@pytest.mark.parametrize("gain", [0.0, 1e-8, -1e-8], ids=["even", "one unit won", "one unit lost"])
def test_a_trade_is_won_by_one_unit_and_not_by_none(gain: float):
    _, log, state = Story().round_trip((gain, 0.0), fee=0.0).end()
    assert told(log, state) == {}
    assert state.symbols["wins"][0] == (gain > 0)


def _lose_a_fill(log, state):
    log.fills["realised_amount"][0] = 0


def _book_twice(log, state):
    state.realised_amount += 5


def _count_a_close(log, state):
    state.symbols["closed"][0] += 1


def _forget_the_open_trade(log, state):
    state.symbols["trades"]["phase"] = Phase.FREE


def _turn_an_unwound_trade_into_a_void(log, state):
    log.trades["phase"][2] = Phase.VOID


def _deepen_the_drawdown(log, state):
    state.drawdown_amount += 7


def _lose_the_last_mark(log, state):
    log.equity["realised_amount"][-1] -= 9


def _win_more(log, state):
    state.symbols["wins"][1] += 1


def _skip_a_fee(log, state):
    state.fees_amount -= 3


def _book_to_another_symbol(log, state):
    state.symbols["realised_amount"][:2] += np.array([1, -1])


def _book_to_another_venue(log, state):
    state.venues["realised_amount"][:2] += np.array([1, -1])


DAMAGES = {
    _lose_a_fill: {
        "realised_amount": -amount(0.1),
        "symbol_0_realised_amount": -amount(0.1),
        "venue_0_realised_amount": -amount(0.1),
    },
    _book_twice: {"realised_amount": 5},
    _count_a_close: {"closed": 1},
    _forget_the_open_trade: {"entries": 1},
    _turn_an_unwound_trade_into_a_void: {"entries": 1, "unwound": 1, "voids": -1},
    _deepen_the_drawdown: {"drawdown_amount": 7},
    _lose_the_last_mark: {"equity_amount": 9},
    _win_more: {"wins": 1},
    _skip_a_fee: {"fees_amount": -3},
    _book_to_another_symbol: {"symbol_0_realised_amount": 1, "symbol_1_realised_amount": -1},
    _book_to_another_venue: {"venue_0_realised_amount": 1, "venue_1_realised_amount": -1},
}


@pytest.mark.parametrize("damage, expected", DAMAGES.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_each_damage_is_named(damage: Callable[..., None], expected: dict[str, int]):
    _, log, state = story().end()
    damage(log, state)
    assert told(log, state) == expected


@pytest.mark.parametrize(
    "phase, opened_ns, count",
    [
        (Phase.FREE, 5, 0),
        (Phase.OPENING, 0, 0),
        (Phase.OPENING, 1, 1),
        (Phase.OPEN, 5, 1),
        (Phase.CLOSING, 5, 1),
        (Phase.UNWINDING, 5, 1),
        (Phase.VOID, 5, 0),
        (Phase.UNWOUND, 5, 0),
        (Phase.CLOSED, 5, 0),
    ],
)
def test_a_trade_is_open_from_its_first_fill_to_its_end(phase: Phase, opened_ns: int, count: int):
    state = empty_state()
    slot = state.symbols["trades"][0]
    slot["phase"][1], slot["opened_ns"][1] = phase, opened_ns
    assert open_trades(state.symbols) == count
