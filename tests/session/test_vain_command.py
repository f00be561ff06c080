"""A command that can have no effect is refused with the reason: every pair of phase and command, and every switch.

What the table says is held against the engine: a command it calls vain sends nothing and changes no phase or switch.
"""

import pytest

from arbitrage_core.domain.row import ALL_SYMBOLS, Command, command_row
from arbitrage_core.engine.state import SessionPhase
from arbitrage_core.session.session import Session
from arbitrage_core.session.vain_command import IN_VAIN, why_in_vain
from tests.engine.small_market import START_NS, Tape, interpreted, small_config

pytestmark = pytest.mark.usefixtures("silent_arithmetic")

ACTIVE, PAUSED, ENDING, HALTED = SessionPhase
OF_SYMBOL = {Command.SYMBOL_OFF, Command.SYMBOL_ON}

MAY_DO_SOMETHING = {
    ACTIVE: {
        "PAUSE", "FLATTEN", "STORES_SILENT", "STORES_ANSWER", "KILL", "SYMBOL_OFF", "GUARD_RELEASE", "REDUCE",
    },
    PAUSED: {
        "RESUME", "FLATTEN", "STORES_SILENT", "STORES_ANSWER", "KILL", "SYMBOL_OFF", "GUARD_RELEASE", "REDUCE",
    },
    ENDING: {"STORES_SILENT", "STORES_ANSWER", "KILL"},
    HALTED: set(),
}  # fmt: skip
"""Of a session with a trade open, no kill, every symbol on."""


def session_in(phase: SessionPhase, *, traded: bool = True) -> Session:
    """A session in this phase, with a trade open or with none."""
    tape = Tape().both(0, 100.0, 100.6 if traded else 100.0).both(20, 100.0, 100.6 if traded else 100.0)
    session = interpreted(small_config(cooldown_ms=60_000.0), tape.rows)
    into = {PAUSED: Command.PAUSE, ENDING: Command.FLATTEN}
    if phase in into:
        session.feed(command_row(into[phase], START_NS + 25_000_000, 1))
    session.state[0].phase = phase
    return session


def told(session: Session, command: Command) -> str:
    return why_in_vain(session.state[0], command, 0 if command in OF_SYMBOL else ALL_SYMBOLS)


@pytest.mark.parametrize("phase", SessionPhase, ids=lambda phase: phase.name)
@pytest.mark.parametrize("command", Command, ids=lambda command: command.name)
def test_every_pair_of_phase_and_command(phase: SessionPhase, command: Command) -> None:
    reason = told(session_in(phase), command)
    assert (reason == "") == (command.name in MAY_DO_SOMETHING[phase])
    assert "{" not in reason


@pytest.mark.parametrize("phase", (ACTIVE, PAUSED, ENDING), ids=lambda phase: phase.name)
@pytest.mark.parametrize("command", Command, ids=lambda command: command.name)
def test_what_is_called_vain_does_nothing_in_the_engine(phase: SessionPhase, command: Command) -> None:
    session = session_in(phase)
    if told(session, command) == "":
        return
    before, orders = session.state.copy(), len(session.log.orders)
    symbol = 0 if command in OF_SYMBOL else ALL_SYMBOLS
    session.feed(command_row(command, START_NS + 26_000_000, 1, symbol))
    assert len(session.log.orders) == orders
    for name in ("phase", "killed"):
        assert session.state[0][name] == before[0][name]


def test_every_entry_of_the_table_is_of_a_phase_and_a_command() -> None:
    assert all(isinstance(phase, SessionPhase) and isinstance(command, Command) for phase, command in IN_VAIN)


def test_resume_after_flatten_is_refused_and_says_what_to_do() -> None:
    reason = told(session_in(ENDING), Command.RESUME)
    assert "flattening" in reason
    assert "start another session" in reason


SWITCHES = [
    ("killed twice", {"killed": 1}, Command.KILL, "on already"),
    ("released twice", {"killed": 0}, Command.KILL_RELEASE, "off already"),
    ("killed", {"killed": 0}, Command.KILL, ""),
    ("released", {"killed": 1}, Command.KILL_RELEASE, ""),
]


@pytest.mark.parametrize("name, fields, command, part", SWITCHES, ids=[row[0] for row in SWITCHES])
@pytest.mark.parametrize("phase", (ACTIVE, PAUSED, ENDING), ids=lambda phase: phase.name)
def test_the_kill_switch(name: str, fields: dict[str, int], command: Command, part: str, phase: SessionPhase) -> None:
    session = session_in(phase)
    session.state[0].killed = fields["killed"]
    reason = told(session, command)
    assert part in reason if part else reason == ""


@pytest.mark.parametrize("off", (0, 1))
def test_the_switch_of_a_symbol(off: int) -> None:
    session = session_in(ACTIVE)
    session.state[0].symbols[0].off = off
    assert bool(told(session, Command.SYMBOL_OFF)) is bool(off)
    assert bool(told(session, Command.SYMBOL_ON)) is not bool(off)


@pytest.mark.parametrize(
    "phase, traded, all_told, vain",
    [
        (ACTIVE, False, False, False),
        (PAUSED, False, False, True),
        (PAUSED, True, False, False),
        (PAUSED, True, True, True),
    ],
)
def test_reduce_needs_entries_to_stop_or_a_trade_to_tell(
    phase: SessionPhase, traded: bool, all_told: bool, vain: bool
) -> None:
    session = session_in(phase, traded=traded)
    if all_told:
        session.state[0].symbols["trades"]["told"] = 1
    assert bool(told(session, Command.REDUCE)) is vain


def test_what_else_keeps_an_active_session_from_entering_is_said() -> None:
    session = session_in(ACTIVE)
    session.state[0].killed = 1
    assert "arb kill --release" in told(session, Command.RESUME)
    session.state[0].killed, session.state[0].stores_silent = 0, 1
    assert "stores" in told(session, Command.RESUME)
