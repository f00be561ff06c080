"""Every field of the guards' log is held by a law, but those listed; and an honest log breaks none."""

from functools import cache

import numpy as np
import pytest

from arbitrage_core.domain.row import Command
from arbitrage_core.engine.output import GUARD_OUT
from arbitrage_core.session.result import judged
from arbitrage_core.session.session import Session
from tests.engine.small_market import KEY, Tape, small_config

pytestmark = pytest.mark.usefixtures("silent_arithmetic")

UNBOUND = {"observed"}
"""How much more than allowed was seen: the rows of the journal could prove it."""


@cache
def rows() -> np.ndarray:
    """Losing trades, a kill and a symbol switched off, each released, and a drawdown that is not."""
    tape = Tape().command(0, Command.KILL).command(1, Command.KILL_RELEASE)
    tape.command(2, Command.SYMBOL_OFF, 0).command(3, Command.SYMBOL_ON, 0)
    for at_ms in range(10, 2_000, 500):
        tape.both(at_ms, 100.0, 100.6).both(at_ms + 20, 100.0, 100.6).both(at_ms + 260, 100.0, 100.9)
        tape.both(at_ms + 300, 100.0, 100.0)
    return tape.rows


def session() -> Session:
    """It, played."""
    limits = {"losses_in_a_row_max": 1, "guard_pause_ms": 50.0, "hold_max_ms": 250.0, "max_open_trades": 1}
    config = small_config(**limits, session={"drawdown_max_quote": 1.5})
    found = Session(config, KEY, interpreted=True)
    found.feed(rows())
    return found


def test_an_honest_log_breaks_no_law() -> None:
    found = session()
    assert judged(found) == []
    assert len(set(found.log.guards["guard"])) == 4


@pytest.mark.parametrize("field", GUARD_OUT.names)
def test_the_fields_of_the_guards_log_are_held_by_laws_but_for_those_listed(field: str) -> None:
    found = session()
    honest, noticed = found.log.guards.copy(), False
    for n in range(len(honest)):
        tampered = honest.copy()
        tampered[field][n] += 1
        found._parts["guards"] = [tampered]
        noticed |= bool(judged(found))
    assert noticed is (field not in UNBOUND)
