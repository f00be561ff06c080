"""The operator of a running session: interrupts from the terminal, and commands from the control stream.

The first interrupt ends the session in order, a second one at once. A command is answered once the engine has got it,
or the runner has taken note of it; what cannot be obeyed yet the listener answers itself.
"""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import Command
from arbitrage_core.monitoring.logs.event_log import EventLog
from arbitrage_core.session.live_runner import Ending, LiveRunner
from arbitrage_core.storage.live_state.command import Answer, AnswerStatus, CommandKind, OperatorCommand
from arbitrage_core.storage.live_state.writer import LiveStateWriter

LOG = EventLog("operator")
ROWS = {CommandKind.PAUSE: Command.PAUSE, CommandKind.RESUME: Command.RESUME, CommandKind.FLATTEN: Command.FLATTEN}
"""Commands that are rows of the engine."""


def obey(runner: LiveRunner, writer: LiveStateWriter) -> Callable[[OperatorCommand], None]:
    """What a listener is to call with each command."""

    def answer(command: OperatorCommand, status: AnswerStatus, text: str) -> None:
        LOG.info("command_answered", command_id=command.command_id, command_kind=command.kind, status=status)
        writer.answer(
            Answer(
                command_id=command.command_id,
                status=status,
                text=text,
                epoch=writer.epoch,
                answered_ns=time.time_ns(),
            )
        )

    def heard(command: OperatorCommand) -> None:
        LOG.info("command_heard", command_id=command.command_id, command_kind=command.kind, operator=command.operator)
        if command.kind == CommandKind.STOP:
            runner.stop(Ending.STOPPED, command.reason or "stop")
            answer(command, AnswerStatus.ACCEPTED, "the session is ending in order")
            return
        try:
            runner.command(ROWS[command.kind], lambda: answer(command, AnswerStatus.ACCEPTED, "the engine has it"))
        except BadInput as error:
            answer(command, AnswerStatus.REFUSED, str(error))

    return heard


@contextmanager
def interrupts(runner: LiveRunner, notice: Callable[[str], None]) -> Iterator[None]:
    """While the block runs, Ctrl-C and a request to terminate end the session instead of the process."""
    caught: list[int] = []

    def interrupted(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        if len(caught) == 1:
            notice(
                "ending in order: open trades " + ("leave" if runner.leaves else "stand") + "; again to stop at once"
            )
            runner.stop(Ending.STOPPED, signal.Signals(number).name)
        else:
            runner.stop(Ending.CUT_SHORT, signal.Signals(number).name)

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, interrupted) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
