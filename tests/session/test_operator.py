"""The operator: commands through a real control stream, each obeyed once and answered; and signals."""

import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import redis
from sqlalchemy import Row, select

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import Command, RowKind
from arbitrage_core.session.live_runner import Ending
from arbitrage_core.session.operator import interrupts, obey
from arbitrage_core.storage.journal_reader import JournalReader
from arbitrage_core.storage.live_state.command import AnswerStatus, OperatorCommand
from arbitrage_core.storage.live_state.connection import BLOCK_MAX_MS, connect
from arbitrage_core.storage.live_state.control import ControlStream
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.writer import LiveStateWriter
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.tables import OPERATOR_ACTIONS, SESSIONS
from tests.services.servers import postgres_url, redis_url
from tests.session.paper_sessions import CHECKOUT, Beside, paper_order, plain_engine, small_feed

__all__ = ["postgres_url", "redis_url"]


@pytest.fixture(autouse=True)
def _plain_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with plain_engine(monkeypatch):
        yield


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    """A client that may wait."""
    made = connect(redis_url, block_ms=BLOCK_MAX_MS)
    yield made
    made.close()


def told(kind: str, number: int = 0, target: str = "") -> OperatorCommand:
    """A command of the operator."""
    command_id = f"{kind}-{target or number}" if not (target and number) else f"{kind}-{target}-{number}"
    return OperatorCommand.of(command_id=command_id, kind=kind, target=target, issued_ns=time.time_ns(), operator="kim")


def commands_of(folder: Path) -> list[int]:
    """What was commanded, by the journal."""
    rows = np.concatenate(list(JournalReader(folder).rows()))
    return rows["status"][rows["kind"] == RowKind.COMMAND].tolist()


def actions_of(url: str, session: str) -> list[Row]:
    """What the record holds of the operator's actions in a session, in the order they were answered."""
    query = select(OPERATOR_ACTIONS).join(SESSIONS, SESSIONS.c.id == OPERATOR_ACTIONS.c.session_id)
    ordered = query.where(SESSIONS.c.name == session).order_by(OPERATOR_ACTIONS.c.answered_ns)
    with Record.open(url) as record, record.begin() as connection:
        return list(connection.execute(ordered))


def each_is_recorded_once(asked: list[Row]) -> None:
    """What the record should hold of the commands of the test below."""
    assert [one.action for one in asked if one.accepted] == [
        *("pause", "resume", "guard_release", "guard_release", "kill", "guard_release", "symbol_off", "symbol_on"),
        *("reduce", "resume", "reduce", "symbol_on", "flatten", "stop"),
    ], "each once, though each was sent twice"
    assert {one.action: one.arguments["target"] for one in asked if not one.accepted} == {
        "reduce": "DOGEUSDT",
        "symbol_off": "DOGEUSDT",
        "guard_release": "drawdown",
    }
    assert {one.operator for one in asked} == {"kim"}


@pytest.mark.slow
def test_every_command_is_answered_and_obeyed_once(
    tmp_path: Path, postgres_url: str, redis_url: str, client: redis.Redis
) -> None:
    order = paper_order(tmp_path / "operated", (postgres_url, redis_url), small_feed(400), factor=1.0)
    session = Beside(order, tmp_path)
    control = ControlStream(client, Namespace(CHECKOUT), order.name)
    pause, resume, kill, flatten, stop = map(told, ("pause", "resume", "kill", "flatten", "stop"))
    release, off, on = (
        told(kind, target=target)
        for kind, target in (("guard_release", "kill_switch"), ("symbol_off", "AAA"), ("symbol_on", "AAA"))
    )
    control.send(pause)  # before it begins
    session.start()

    def answered(command: OperatorCommand) -> AnswerStatus:
        control.send(command)
        control.send(command)  # sent twice it is the same command
        return control.wait_for_answer(command.command_id, 10.0).status

    def entries() -> int:
        return int(session.runner.session.state[0].symbols["entries"].sum())

    assert answered(pause) == AnswerStatus.ACCEPTED
    session.until(lambda runner: runner.open_trades == 0)
    rows, paused_at = session.runner.market_rows, entries()
    session.until(lambda runner: runner.market_rows > rows + 40)
    assert entries() == paused_at
    assert answered(resume) == AnswerStatus.ACCEPTED
    session.until(lambda runner: entries() > paused_at)
    assert answered(told("reduce", target="DOGEUSDT")) == AnswerStatus.REFUSED, "it trades no such symbol"
    assert answered(told("symbol_off", target="DOGEUSDT")) == AnswerStatus.REFUSED, "it trades no such symbol"
    assert answered(told("guard_release", target="drawdown")) == AnswerStatus.REFUSED, "nothing is called so"
    for whose in ("session", "AAA"):
        assert answered(told("guard_release", target=whose)) == AnswerStatus.ACCEPTED
    again, on_again = told("resume", 1), told("symbol_on", 1, target="AAA")
    reductions = ((told("reduce"), again), (told("reduce", target="AAA"), on_again))
    for stop_it, go_on in ((kill, release), (off, on), *reductions):
        assert answered(stop_it) == AnswerStatus.ACCEPTED
        session.until(lambda runner: runner.open_trades == 0)
        rows, stopped_at = session.runner.market_rows, entries()
        session.until(lambda runner, rows=rows: runner.market_rows > rows + 40)
        assert entries() == stopped_at
        assert answered(go_on) == AnswerStatus.ACCEPTED
        session.until(lambda runner, before=stopped_at: entries() > before)
    assert answered(flatten) == AnswerStatus.ACCEPTED
    session.until(lambda runner: runner.open_trades == 0)
    assert answered(stop) == AnswerStatus.ACCEPTED
    result = session.wait()
    assert result.document["ending"] == "stopped by the operator"
    commands = commands_of(order.folder)
    assert commands[:2] == [Command.PAUSE, Command.RESUME]
    assert commands[2:4] == [Command.GUARD_RELEASE] * 2
    assert commands[4:8] == [Command.KILL, Command.KILL_RELEASE, Command.SYMBOL_OFF, Command.SYMBOL_ON]
    assert commands[8:12] == [Command.REDUCE, Command.RESUME, Command.REDUCE, Command.SYMBOL_ON]
    assert set(commands[12:]) == {Command.FLATTEN}, "the end flattens once more"
    assert control.unanswered() == []
    each_is_recorded_once(actions_of(postgres_url, order.name))


class EndedRunner:
    """A runner whose session is over: it takes no commands."""

    leaves, symbols, ending = True, (), None

    def __init__(self) -> None:
        self.stops: list[Ending] = []

    def command(
        self,
        command: Command,
        handed: object = None,
        *,
        symbol: int = -1,
        dropped: object = None,
        refused: object = None,
    ) -> None:
        """Refuses."""
        raise BadInput("the session is ending and takes no commands any more", "start another one")

    def stop(self, ending: Ending, reason: str) -> None:
        """Notes it."""
        self.stops.append(ending)


def test_a_command_that_comes_too_late_is_refused_with_the_reason(redis_url: str, client: redis.Redis) -> None:
    writer = LiveStateWriter(redis_url, Namespace(CHECKOUT), "late", 1)
    control = ControlStream(client, Namespace(CHECKOUT), "late")
    control.send(told("pause", 7))
    obey(EndedRunner(), writer)(told("pause", 7))
    writer.start()
    found = control.wait_for_answer("pause-7", 5.0)
    writer.close()
    assert (found.status, "the session is ending" in found.text) == (AnswerStatus.REFUSED, True)


class FullWriter:
    """A writer for which too many answers wait already."""

    epoch = 1

    def answer(self, answer: object) -> None:
        """Refuses."""
        raise BadInput("512 answers wait for the server", "see whether it lives")


def test_an_answer_that_finds_no_room_breaks_nothing() -> None:
    runner = EndedRunner()
    heard = obey(runner, FullWriter())
    heard(told("stop"))
    heard(told("pause"))
    assert runner.stops == [Ending.STOPPED]


SIGNALS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]


@pytest.mark.parametrize("number", SIGNALS)
def test_signals_end_the_session_and_are_put_back(number: signal.Signals) -> None:
    runner, notices, before = EndedRunner(), [], [signal.getsignal(one) for one in SIGNALS]
    with interrupts(runner, notices.append):
        signal.raise_signal(number)
        signal.raise_signal(number)
        signal.raise_signal(number)
    assert runner.stops == [Ending.STOPPED, Ending.CUT_SHORT, Ending.CUT_SHORT]
    assert len(notices) == 1
    assert [signal.getsignal(one) for one in SIGNALS] == before


def test_a_notice_to_a_terminal_that_is_gone_does_not_keep_the_session_from_ending() -> None:
    def gone(text: str) -> None:
        raise BrokenPipeError

    runner = EndedRunner()
    with interrupts(runner, gone):
        signal.raise_signal(signal.SIGINT)
    assert runner.stops == [Ending.STOPPED]


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no terminal that hangs up")
def test_whoever_chose_to_outlive_the_terminal_does() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        runner = EndedRunner()
        with interrupts(runner, lambda text: None):
            signal.raise_signal(signal.SIGHUP)
        assert runner.stops == []
    finally:
        signal.signal(signal.SIGHUP, before)


def test_outside_the_main_thread_signals_are_left_alone() -> None:
    seen = []

    def work() -> None:
        with interrupts(EndedRunner(), lambda text: None):
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGINT)]
