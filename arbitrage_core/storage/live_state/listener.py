"""The listener: a thread that reads a session's commands and hands each one on once, in order.

What a session cannot be asked is answered here: what this version does not support, what came too late, and what is no
sound command. So every command gets an answer, and the session sees only those it can obey. A server that is away is
tried again with jitter; one that has lost the stream is read from its beginning, and ids seen before are not handed on
a second time.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.live_state.backoff import Backoff
from arbitrage_core.storage.live_state.command import (
    SUPPORTED,
    Answer,
    AnswerStatus,
    CommandKind,
    OperatorCommand,
    is_id,
)
from arbitrage_core.storage.live_state.connection import (
    BLOCK_MAX_MS,
    LiveStateRefused,
    LiveStateUnreachable,
    connect,
)
from arbitrage_core.storage.live_state.control import BEGINNING, COMMANDS_KEPT, ControlStream, Received
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.writer import LiveStateWriter

IDS_REMEMBERED = 2 * COMMANDS_KEPT


@dataclass(frozen=True)
class ListenerHealth:
    """How the listener stands. `heard` commands handed on, `turned_down` answered here, `doubled` seen before,
    `unreadable` entries that no one can be answered about, `failures` tries the server did not serve."""

    running: bool
    heard: int
    turned_down: int
    doubled: int
    unreadable: int
    failures: int
    last_error: str


class ControlListener:
    """Hands the commands of `writer`'s session to `on_command`, in the listener's thread: pass them on and return.

    The session answers each through `writer.answer`. `supported` are the kinds it can obey. `clock_ns` is UTC.
    """

    def __init__(
        self,
        url: str,
        namespace: Namespace,
        writer: LiveStateWriter,
        on_command: Callable[[OperatorCommand], None],
        *,
        supported: frozenset[CommandKind] = SUPPORTED,
        block_ms: int = BLOCK_MAX_MS,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Reads nothing yet. Raises BadInput for a URL that is none."""
        self._client = connect(url, block_ms=block_ms)
        self._control = ControlStream(self._client, namespace, writer.session)
        self._writer, self._on_command, self._supported = writer, on_command, supported
        self._block_ms, self._clock_ns, self._backoff = block_ms, clock_ns, Backoff()
        self._place, self._knows_answered = BEGINNING, False
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._heard = self._turned_down = self._doubled = self._unreadable = self._failures = 0
        self._last_error = ""
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"control {writer.session}", daemon=True)

    def start(self) -> None:
        """Begins to listen, first to what has no answer yet."""
        self._thread.start()

    def close(self, timeout_s: float = 4.0) -> bool:
        """Stops listening; a read under way ends first. Gives whether it stopped within `timeout_s`."""
        self._closing.set()
        self._thread.join(timeout_s)
        self._client.close()
        return not self._thread.is_alive()

    @property
    def health(self) -> ListenerHealth:
        """How the listener stands now."""
        return ListenerHealth(
            running=self._thread.is_alive(),
            heard=self._heard,
            turned_down=self._turned_down,
            doubled=self._doubled,
            unreadable=self._unreadable,
            failures=self._failures,
            last_error=self._last_error,
        )

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._listen()
                self._backoff.reset()
            except (LiveStateUnreachable, LiveStateRefused) as error:
                self._failures += 1
                self._last_error = error.cause
                self._closing.wait(self._backoff.next_s())

    def _listen(self) -> None:
        if not self._knows_answered:
            for command_id in self._control.answered_ids():
                self._remember(command_id)
            self._knows_answered = True
        entries = self._control.read(self._place, self._block_ms)
        for entry in entries:
            if self._closing.is_set():
                return  # what has no answer is for whoever listens next
            self._hear(entry)
            self._place = entry.place
        if not entries and place_key(self._control.last_place()) < place_key(self._place):
            self._place = BEGINNING  # the server has lost the stream, and may number anew

    def _hear(self, entry: Received) -> None:
        if entry.command_id in self._seen:
            self._doubled += 1
            self._writer.answer_again(entry.command_id)  # the server has lost it, and its sender sent it again
            return
        if not is_id(entry.command_id):
            self._unreadable += 1
            self._last_error = f"entry {entry.place}: {entry.complaint}"
            return
        self._remember(entry.command_id)
        turned_down = self._why_not(entry)
        if turned_down is None and entry.command is not None:
            self._heard += 1
            self._on_command(entry.command)
        elif turned_down is not None:
            self._turned_down += 1
            self._answer(entry.command_id, *turned_down)

    def _why_not(self, entry: Received) -> tuple[AnswerStatus, str] | None:
        command = entry.command
        if command is None:
            return AnswerStatus.REFUSED, entry.complaint
        if command.kind not in self._supported:
            return AnswerStatus.NOT_SUPPORTED, f"{command.kind.value} is not supported yet"
        if command.expired(self._clock_ns()):
            return (
                AnswerStatus.EXPIRED,
                f"it was good for {command.valid_ms} ms from when it was issued; send a new one",
            )
        return None

    def _answer(self, command_id: str, status: AnswerStatus, text: str) -> None:
        answer = Answer(
            command_id=command_id,
            status=status,
            text=text[:400],
            epoch=self._writer.epoch,
            answered_ns=self._clock_ns(),
        )
        try:
            self._writer.answer(answer)
        except BadInput as error:  # too many wait already: remembered as a failure, the sender's wait will end
            self._last_error = error.cause

    def _remember(self, command_id: str) -> None:
        self._seen[command_id] = None
        while len(self._seen) > IDS_REMEMBERED:
            self._seen.popitem(last=False)


def place_key(place: str) -> tuple[int, int]:
    """A place in a stream, to compare with another: milliseconds and number."""
    milliseconds, _, number = place.partition("-")
    return int(milliseconds), int(number or 0)
