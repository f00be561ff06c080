"""What the screen is told is what the engine holds, in numbers that JSON can say, at every instant of a session."""

import json

import numpy as np
import pytest

from arbitrage_core.domain.order import FIRST_FINAL_STATE, OrderState
from arbitrage_core.domain.row import Command
from arbitrage_core.engine.genesis import fresh_state
from arbitrage_core.engine.params import params_record, shape_of
from arbitrage_core.session.session import Session
from arbitrage_core.storage.live_state.engine_view import quick_copy, sections_of
from arbitrage_core.storage.live_state.projection import SECTIONS, Position, Projection
from tests.engine.small_market import KEY, QUIET, START_NS, Tape, interpreted, pulses, small_config

CONFIG = small_config(symbols=("AAA", "BBB"))


def json_only(value: object) -> bool:
    """Whether nothing but maps, lists, texts, whole numbers, finite numbers, truths and nothing is in it."""
    if isinstance(value, dict):
        return all(type(key) is str and json_only(item) for key, item in value.items())
    if isinstance(value, list):
        return all(json_only(item) for item in value)
    return value is None or type(value) in (str, int, bool) or (type(value) is float and np.isfinite(value))


def test_every_instant_of_a_session_can_be_told_and_agrees_with_the_state():
    session = Session(CONFIG, KEY, interpreted=True)
    rows = pulses(4)
    seen = {"open_trades": 0, "working_orders": 0, "execution_queue": 0, "cooldowns": 0, "guards": 0}
    for index in range(len(rows)):
        with np.errstate(**QUIET):
            session.feed(rows[index : index + 1])
        engine, sections = session.state[0], sections_of(quick_copy(session.state), CONFIG)
        assert json_only(sections)
        assert set(sections) <= set(SECTIONS)
        Projection("s", Position(1, index), 0, 0, sections).packed()
        assert len(sections["open_trades"]) == engine.symbols["in_use"].sum()
        states = engine.symbols["trades"]["legs"]["order"]["state"]
        assert len(sections["working_orders"]) == ((states > OrderState.NONE) & (states < FIRST_FINAL_STATE)).sum()
        assert sections["pnl"]["equity_amount"] == engine.equity_amount
        assert sections["positions"]["AAA"] == dict(zip(("east", "west"), engine.symbols[0].position_lots, strict=True))
        for name in seen:
            seen[name] += bool(sections[name] if name != "guards" else sections[name]["AAA"]["refusals"])
    assert all(seen.values()), seen  # or the session had nothing to tell


def test_before_the_first_row_nothing_is_known_and_that_can_be_told():
    shape = shape_of(CONFIG)
    state = fresh_state(CONFIG, shape, params_record(CONFIG, shape, KEY)[0])
    sections = sections_of(state, CONFIG)
    assert json_only(sections)
    assert sections["books"]["BBB"]["west"] == {"feed": "UP", "age_ms": None, "bid_px": None, "ask_px": None}
    assert sections["open_trades"] == sections["working_orders"] == []
    assert sections["session"]["phase"] == "ACTIVE"


def test_a_quick_copy_is_a_copy_and_the_callers_own():
    session = interpreted(CONFIG, Tape().both(0, 100, 100).rows)
    copy = quick_copy(session.state)
    assert copy.tobytes() == session.state.tobytes()
    copy[0].rows = -1
    assert session.state[0].rows != -1


def test_a_book_has_its_age_and_the_session_its_phase():
    tape = Tape().both(0, 100, 100).quote(250, 1, 99.9, 100.1, 1.0).command(300, Command.PAUSE)
    session = interpreted(CONFIG, tape.rows)
    sections = sections_of(session.state, CONFIG)
    books = sections["books"]["AAA"]
    assert (books["east"]["age_ms"], books["west"]["age_ms"]) == (300.0, 50.0)
    assert (books["west"]["bid_px"], books["west"]["ask_px"]) == (99.9, 100.1)
    assert sections["session"]["phase"] == "PAUSED"
    assert sections["session"]["now_ns"] == START_NS + 300_000_000


def test_an_empty_side_has_no_price():
    session = interpreted(CONFIG, Tape().both(0, 100, 100).quote(250, 1, 0.0, 100.1, 0.0).rows)
    book = sections_of(session.state, CONFIG)["books"]["AAA"]["west"]
    assert (book["bid_px"], book["ask_px"]) == (None, 100.1)


def test_what_the_operator_switched_off_is_told():
    tape = Tape().both(0, 100, 100).command(10, Command.KILL).command(10, Command.SYMBOL_OFF, 0)
    sections = sections_of(interpreted(CONFIG, tape.rows).state, CONFIG)
    assert (sections["session"]["killed"], sections["session"]["symbols_off"]) == (True, ["AAA"])
    tape.command(20, Command.KILL_RELEASE).command(20, Command.SYMBOL_ON, 0)
    sections = sections_of(interpreted(CONFIG, tape.rows).state, CONFIG)
    assert (sections["session"]["killed"], sections["session"]["symbols_off"]) == (False, [])


def test_a_market_that_is_not_there_is_not_told():
    config = small_config(symbols=("AAA",))
    sections = sections_of(interpreted(config, Tape().both(0, 100, 100).rows).state, config)
    assert list(sections["positions"]) == ["AAA"]
    assert list(sections["positions"]["AAA"]) == ["east", "west"]
    assert "BBB" not in json.dumps(sections)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_in_the_state_is_told_as_nothing(value: float):
    session = interpreted(CONFIG, Tape().both(0, 100, 100).rows)
    session.state[0].symbols[0].books[0].bid_px[0] = value
    sections = sections_of(session.state, CONFIG)
    assert sections["books"]["AAA"]["east"]["bid_px"] is None
    assert json_only(sections)
