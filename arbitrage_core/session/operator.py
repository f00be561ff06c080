"""The operator of a running session: interrupts from the terminal, and commands from the control stream.

The first interrupt ends the session in order, a second one at once. A command is answered once the engine has got it,
or the runner has taken note of it; what cannot be obeyed yet the listener answers itself.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import ALL_SYMBOLS, Command
from arbitrage_core.monitoring.logs.event_log import EventLog
from arbitrage_core.session.live_runner import Ending, LiveRunner
from arbitrage_core.storage.live_state.command import (
    KILL_SWITCH,
    WHOLE_SESSION,
    Answer,
    AnswerStatus,
    CommandKind,
    OperatorCommand,
)
from arbitrage_core.storage.live_state.writer import LiveStateWriter
from arbitrage_core.storage.record.operator_actions import OperatorAction

LOG = EventLog("operator")
ROWS = {
    CommandKind.PAUSE: Command.PAUSE,
    CommandKind.RESUME: Command.RESUME,
    CommandKind.FLATTEN: Command.FLATTEN,
    CommandKind.KILL: Command.KILL,
    CommandKind.SYMBOL_ON: Command.SYMBOL_ON,
    CommandKind.SYMBOL_OFF: Command.SYMBOL_OFF,
    CommandKind.REDUCE: Command.REDUCE,
}
"""Commands that are rows of the engine."""
ANSWER_CHARACTERS_MAX = 400
SOURCE = "control stream"


def obey(
    runner: LiveRunner, writer: LiveStateWriter, acted: Callable[[OperatorAction], None] = lambda action: None
) -> Callable[[OperatorCommand], None]:
    """What a listener is to call with each command. `acted` is told of each that was answered, for the record."""

    def answer(command: OperatorCommand, status: AnswerStatus, text: str) -> None:
        acted(
            OperatorAction(
                command_id=command.command_id,
                action=command.kind.value,
                target=command.target,
                reason=command.reason,
                operator=command.operator,
                source=SOURCE,
                asked_ns=max(command.issued_ns, 1),
                answered_ns=time.time_ns(),
                accepted=status == AnswerStatus.ACCEPTED,
                answer=text,
            )
        )
        LOG.info("command_answered", command_id=command.command_id, command_kind=command.kind, status=status)
        try:
            writer.answer(
                Answer(
                    command_id=command.command_id,
                    status=status,
                    text=text[:ANSWER_CHARACTERS_MAX],
                    epoch=writer.epoch,
                    answered_ns=time.time_ns(),
                )
            )
        except BadInput as error:  # too many answers wait for the server: what was asked is done all the same
            LOG.error("answer_lost", error=error, command_id=command.command_id)

    def heard(command: OperatorCommand) -> None:
        LOG.info("command_heard", command_id=command.command_id, command_kind=command.kind, operator=command.operator)
        if command.kind == CommandKind.STOP:
            if runner.ending is not None:
                answer(command, AnswerStatus.REFUSED, f"the session is ending already: {runner.ending}")
                return
            runner.stop(Ending.STOPPED, command.reason or "stop")
            answer(command, AnswerStatus.ACCEPTED, "the session is ending in order")
            return
        try:
            row, symbol = _row_of(command, runner.symbols)
            runner.command(
                row,
                lambda: answer(command, AnswerStatus.ACCEPTED, "the engine has it"),
                symbol=symbol,
                refused=lambda why: answer(command, AnswerStatus.REFUSED, why),
                dropped=lambda: answer(command, AnswerStatus.REFUSED, "the session ended before the engine got it"),
            )
        except BadInput as error:
            answer(command, AnswerStatus.REFUSED, str(error))

    return heard


def _row_of(command: OperatorCommand, symbols: Sequence[str]) -> tuple[Command, int]:
    """The engine's command, and the index of the symbol it is for. Raises BadInput for a target that is none."""
    if not command.target:
        return ROWS[command.kind], ALL_SYMBOLS
    releases = command.kind == CommandKind.GUARD_RELEASE
    if releases and command.target == KILL_SWITCH:
        return Command.KILL_RELEASE, ALL_SYMBOLS
    if releases and command.target == WHOLE_SESSION:
        return Command.GUARD_RELEASE, ALL_SYMBOLS
    if command.target not in symbols:
        others = f"; or {KILL_SWITCH}, or {WHOLE_SESSION}" if releases else ""
        raise BadInput(f"no symbol {command.target!r}; the session trades {', '.join(symbols)}{others}")
    return Command.GUARD_RELEASE if releases else ROWS[command.kind], symbols.index(command.target)


@contextmanager
def interrupts(runner: LiveRunner, notice: Callable[[str], None]) -> Iterator[None]:
    """While the block runs, Ctrl-C, a request to terminate and a terminal that closes end the session instead of the
    process. Only the main thread gets signals; in another one this does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []

    def interrupted(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        first = len(caught) == 1
        runner.stop(Ending.STOPPED if first else Ending.CUT_SHORT, signal.Signals(number).name)
        if first:
            trades = "leave" if runner.leaves else "stand"
            with suppress(OSError):  # a terminal that is gone
                notice(f"ending in order: open trades {trades}; again to stop at once")

    before = {number: signal.signal(number, interrupted) for number in _numbers()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)  # None: not set by Python


def _numbers() -> list[signal.Signals]:
    """The signals that ask to end. A terminal's closing only where nobody chose to outlive it (nohup)."""
    numbers = [signal.SIGINT, signal.SIGTERM]
    hang_up = getattr(signal, "SIGHUP", None)  # Windows has none
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        numbers.append(hang_up)
    return numbers
