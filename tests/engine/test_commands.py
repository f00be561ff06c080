"""Commands of the operator: what the kill switch and a symbol's switch stop, and what they never do."""

from itertools import pairwise

import numpy as np
import pytest

from arbitrage_core.domain.errors import InvariantBroken
from arbitrage_core.domain.order import Action, OrderState, Purpose
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.row import Command
from arbitrage_core.domain.trade import ExitReason
from arbitrage_core.engine.state import Fault
from arbitrage_core.session.session import Session
from tests.engine.small_market import EAST, MS, START_NS, WEST, Tape, interpreted, small_config

pytestmark = pytest.mark.usefixtures("silent_arithmetic")

STOPS = {
    Refusal.KILL_SWITCH_MUST_BE_OFF: (Command.KILL, Command.KILL_RELEASE),
    Refusal.SYMBOL_MUST_BE_ON: (Command.SYMBOL_OFF, Command.SYMBOL_ON),
    Refusal.SESSION_MUST_BE_ACTIVE: (Command.PAUSE, Command.RESUME),
    Refusal.STORES_MUST_ANSWER: (Command.STORES_SILENT, Command.STORES_ANSWER),
}
each_stop = pytest.mark.parametrize("refusal", STOPS, ids=lambda refusal: refusal.name)


def submits(session: Session) -> np.ndarray:
    """The orders sent, cancels and queries left out."""
    return session.log.orders[session.log.orders["action"] == Action.SUBMIT]


def refused(session: Session, refusal: Refusal, symbol: int = 0) -> int:
    """How often a rule refused an entry."""
    return int(session.state[0].symbols[symbol].refusals[refusal])


def wide(tape: Tape, at_ms: float, symbol: int = 0) -> Tape:
    """A spread worth entering."""
    return tape.both(at_ms, 100.0, 100.6, symbol=symbol)


@each_stop
def test_nothing_is_entered_until_it_is_released(refusal: Refusal) -> None:
    stop, release = STOPS[refusal]
    tape = wide(wide(Tape().command(0, stop, 0), 10), 500)
    stopped = interpreted(small_config(), tape.rows)
    assert len(submits(stopped)) == 0
    assert refused(stopped, refusal) > 0
    released = interpreted(small_config(), wide(tape.command(510, release, 0), 520).rows)
    assert submits(released)["now_ns"].tolist() == [START_NS + 520 * MS] * 2


@each_stop
def test_what_is_open_leaves_all_the_same(refusal: Refusal) -> None:
    stop, _ = STOPS[refusal]
    tape = wide(Tape(), 0).both(50, 100.0, 100.6).command(60, stop, 0).both(100, 100.0, 100.0).both(200, 100.0, 100.0)
    session = interpreted(small_config(), tape.rows)
    assert session.log.trades["exit_reason"].tolist() == [ExitReason.CONVERGED] * 2


@pytest.mark.parametrize("command", [Command.KILL, Command.SYMBOL_OFF], ids=lambda command: command.name)
def test_a_resting_entry_is_canceled_once_and_at_once(command: Command) -> None:
    config = small_config(entry_order="gtc", working_max_ms=60_000.0, slippage_bound_bps=0.0)
    tape = Tape().quote(0, EAST, 99.99, 100.01).quote(0, WEST, 100.59, 100.61)
    tape.quote(2, EAST, 100.09, 100.11).quote(2, WEST, 100.49, 100.51)  # both orders miss, and rest
    tape.command(50, command, 0).command(51, command, 0).both(100, 100.1, 100.5)
    session = interpreted(config, tape.rows)
    cancels = session.log.orders[session.log.orders["action"] == Action.CANCEL]
    assert cancels["now_ns"].tolist() == [START_NS + 50 * MS] * 2
    assert (session.log.changes["after"][-2:] == OrderState.CANCELED).all()
    assert int(session.state[0].symbols[0].voids) == 1


def lone_leg(command: Command | None) -> np.ndarray:
    """A trade whose west leg found nothing, and afterwards a book on which completing it costs nothing."""
    tape = Tape().both(0, 100.0, 100.6).quote(2, WEST, 100.3, 100.32)
    if command is not None:
        tape.command(3, command, 0)
    tape.quote(20, EAST, 99.7, 99.72).quote(20, WEST, 100.59, 100.61).quote(40, WEST, 100.59, 100.61)
    return tape.rows


COMPLETES = [
    (None, True),
    (Command.STORES_SILENT, True),
    (Command.PAUSE, False),
    (Command.SYMBOL_OFF, False),
    (Command.KILL, False),
]


@pytest.mark.parametrize("command, completes", COMPLETES, ids=str)
def test_a_leg_alone_is_completed_only_where_risk_may_be_added(command: Command | None, completes: bool) -> None:
    config = small_config(hold_risk_bps=10_000.0, single_leg_policy="complete", complete_bound_bps=30.0)
    purposes = submits(interpreted(config, lone_leg(command)))["purpose"].tolist()
    assert (Purpose.COMPLETE in purposes) is completes


@pytest.mark.parametrize("command", [None, Command.PAUSE, Command.KILL], ids=str)
def test_only_the_kill_switch_stops_a_completion_whose_deadline_is_over(command: Command | None) -> None:
    """A rest that its own market cannot deal in can only be completed, which is new risk."""
    coarse = tuple(
        market.model_copy(update={"lot": 0.1}) if market.venue == "east" else market
        for market in small_config().markets
    )
    config = small_config(single_leg_deadline_ms=40.0, retry_ms=10.0, single_leg_policy="hold")
    config = config.model_copy(update={"markets": coarse})
    tape = Tape().both(0, 100.0, 100.6).quote(2, WEST, 100.59, 100.61, qty=0.95)
    if command is not None:
        tape.command(3, command)
    for at_ms in range(20, 200, 20):
        tape.both(at_ms, 100.0, 100.6)
    purposes = submits(interpreted(config, tape.rows))["purpose"].tolist()
    assert (Purpose.COMPLETE in purposes) is (command is not Command.KILL)


def test_switching_one_symbol_off_changes_nothing_for_another() -> None:
    config = small_config(symbols=("AAA", "BBB"))
    tape, switched = Tape(), Tape()
    for one in (tape, switched):
        for at_ms in range(0, 1000, 100):
            if at_ms == 300 and one is switched:
                one.command(at_ms, Command.SYMBOL_OFF, 0)
            for symbol in (0, 1):
                one.both(at_ms, 100.0, 100.6 if at_ms // 200 % 2 else 100.0, symbol=symbol)
    both, one_off = interpreted(config, tape.rows), interpreted(config, switched.rows)
    ours, theirs = ({"orders": s.log.orders, "trades": s.log.trades} for s in (both, one_off))
    for log in ours:
        of_other = [entries[log][entries[log]["symbol"] == 1] for entries in (ours, theirs)]
        assert len(of_other[0]) > 0
        assert of_other[0].tobytes() == of_other[1].tobytes()
    assert len(theirs["orders"]) < len(ours["orders"])


def test_the_kill_switch_is_part_of_the_state() -> None:
    hashes = [interpreted(small_config(), Tape().both(0, 100.0, 100.0).rows).state_hash]
    for command in (Command.KILL, Command.KILL_RELEASE):
        tape = Tape().both(0, 100.0, 100.0).command(0, Command.KILL).command(0, command)
        hashes.append(interpreted(small_config(), tape.rows).state_hash)
    assert hashes[0] != hashes[1]
    assert hashes[0] == hashes[2]
    assert all(len(one) == 64 for one in hashes)
    assert all(one != other for one, other in pairwise(hashes))


@pytest.mark.parametrize("symbol", [-1, 1, 99], ids=str)
def test_a_symbol_that_is_none_cannot_be_switched(symbol: int) -> None:
    tape = Tape().both(0, 100.0, 100.0).command(10, Command.SYMBOL_OFF, symbol)
    session = Session(small_config(), 1, interpreted=True)
    with pytest.raises(InvariantBroken, match="row must name a market"):
        session.feed(tape.rows)
    assert session.state[0].fault == Fault.ROW_MUST_NAME_A_MARKET
