"""The portfolio's sums: exact, and told when they are not; what it takes to even out the venues."""

import numpy as np
import pytest

from arbitrage_core.domain.market import Venue
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.session.session import Session
from arbitrage_core.statistics.portfolio import rebalancing_priced_quote, suggested_moves, sums_that_differ
from tests.engine.small_market import KEY, pulses, small_config

pytestmark = pytest.mark.usefixtures("silent_arithmetic")


def played(config: SessionConfig) -> Session:
    """Pulses of two symbols, ended."""
    rows = np.concatenate([pulses(4, symbol) for symbol in range(2)])
    session = Session(config, KEY, interpreted=True)
    session.feed(rows[np.argsort(rows["now_ns"], kind="stable")])
    return session


@pytest.fixture(scope="module")
def session() -> Session:
    with np.errstate(all="ignore"):
        found = played(small_config(symbols=("AAA", "BBB")))
        found.end()
    return found


def told(session: Session, spoil) -> tuple[str, ...]:
    """What is told of a spoilt copy of the session."""
    state, log = session.state.copy(), session.log
    copies = {name: getattr(log, name).copy() for name in log.__dataclass_fields__}
    spoil(state[0], copies)
    return sums_that_differ(session.config, type(log)(**copies), state[0])


def test_the_parts_of_an_honest_session_add_up(session: Session) -> None:
    assert int(session.state[0].symbols["closed"].sum()) > 4
    assert told(session, lambda state, log: None) == ()


def test_they_add_up_while_trades_stand_too() -> None:
    session = Session(small_config(symbols=("AAA", "BBB")), KEY, interpreted=True)
    rows = pulses(2)
    for cut in range(8, len(rows), 5):
        session = Session(small_config(), KEY, interpreted=True)
        session.feed(rows[:cut])
        assert sums_that_differ(session.config, session.log, session.state[0]) == ()


SPOILT = {
    "of a symbol": (lambda s, log: s.symbols["realised_amount"].__setitem__(0, 7), "by symbol"),
    "of a venue": (lambda s, log: s.venues["realised_amount"].__setitem__(1, 7), "by venue"),
    "of a trade": (lambda s, log: log["trades"]["realised_amount"].__setitem__(0, 7), "by trade"),
    "of a booking": (lambda s, log: log["fills"]["realised_amount"].__setitem__(0, 7), "by booking"),
    "of the cash": (lambda s, log: s.venues["cash_amounts"].__setitem__((0, 0), 7), "cash"),
    "of a mark": (lambda s, log: log["equity"]["equity_amount"].__setitem__(2, 7), "equity at a mark"),
    "of the wins": (lambda s, log: s.symbols["wins"].__setitem__(0, 99), "trades won"),
    "a booking unseen": (lambda s, log: log["fills"]["now_ns"].__setitem__(0, 1), "without a mark"),
}


@pytest.mark.parametrize("spoil, word", SPOILT.values(), ids=SPOILT)
def test_a_part_that_is_off_by_anything_is_told(session: Session, spoil, word: str) -> None:
    assert any(word in found for found in told(session, spoil))


def test_sums_in_floats_would_not_do(session: Session) -> None:
    """One unit more on the fifteenth digit: a float of the money would not show it."""

    def spoil(state, log) -> None:
        for amounts in (state, state.symbols[:1], state.venues[:1]):
            amounts["realised_amount"] += 2**52
        log["trades"]["realised_amount"][0] += 2**52 + 1
        log["fills"]["realised_amount"][0] += 2**52

    assert any("by trade" in found for found in told(session, spoil))


def venues(*costs_bps: float) -> tuple[Venue, ...]:
    return tuple(Venue(name=f"v{n}", transfer_cost_bps=cost) for n, cost in enumerate(costs_bps))


@pytest.mark.parametrize(
    "drifts, moves",
    [
        ((0, 0), []),
        ((50, -50), [("v0", "v1", 50)]),
        ((-30, 70), [("v1", "v0", 50)]),
        ((90, -60, -30), [("v0", "v1", 60), ("v0", "v2", 30)]),
        ((10, 10, -20), [("v0", "v2", 10), ("v1", "v2", 10)]),
        ((1, 0), []),
        ((0, 1), [("v1", "v0", 1)]),
    ],
)
def test_moves_even_out_what_the_venues_hold(drifts: tuple[int, ...], moves: list[tuple[str, str, int]]) -> None:
    config = small_config().model_copy(update={"venues": venues(*[10.0] * len(drifts))})
    state = Session(small_config(), KEY, interpreted=True).state.copy()[0]
    cash = np.zeros((max(len(drifts), 2), 8), np.int64)
    cash[: len(drifts), 0] = drifts
    holding = {"venues": {"cash_amounts": cash, "start_amounts": np.zeros_like(cash)}, "symbols": state["symbols"]}
    found = suggested_moves(config, holding)
    assert [(move.source, move.target, move.amount) for move in found] == moves
    assert all(move.cost_quote == pytest.approx(move.amount * 1e-8 * 1e-3) for move in found)


def test_what_edges_set_aside_is_their_share_of_what_was_traded(session: Session) -> None:
    assert rebalancing_priced_quote(session.config, session.log) == 0.0
    priced = session.config.params.model_copy(update={"rebalancing_bps": 2.0})
    config = session.config.model_copy(update={"params": priced})
    traded = float(session.log.trades["entry_notional_amount"].sum()) * 1e-8
    assert rebalancing_priced_quote(config, session.log) == pytest.approx(traded * 2e-4)
