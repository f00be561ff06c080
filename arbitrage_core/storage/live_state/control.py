"""The control stream: operator commands on their way to a session, and its answers on their way back.

A command is stored once however often it is sent, in the order of arrival, and nothing unanswered is ever dropped: when
WAITING_MAX commands have no answer, the next is refused and its sender told that the session does not answer. What was
answered is kept for the last COMMANDS_KEPT; an id older than that would be taken as new.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import redis

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.live_state.command import Answer, OperatorCommand
from arbitrage_core.storage.live_state.connection import (
    BLOCK_MAX_MS,
    FencedOff,
    LiveStateRefused,
    translated,
)
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.scripts import ANSWER, SEND
from arbitrage_core.storage.live_state.spelling import digest_of

WAITING_MAX = 64
COMMANDS_KEPT = 1_000
CALLS_KEPT = 256
READ_MAX = 64
BEGINNING = "0-0"
"""Before the first command of a stream."""


@dataclass(frozen=True)
class Received:
    """An entry of the stream. `place` is where it stands; `command` is None when the entry is not a sound command, and
    then `complaint` says why and `command_id`, if it can be told, whom to answer."""

    place: str
    command_id: str
    command: OperatorCommand | None
    complaint: str = ""


class Acknowledged(StrEnum):
    """What became of an answer. DOUBLED: there was one already, which stands. UNKNOWN: the server has lost the command;
    whoever waits for the answer gets it, and it is not kept."""

    STORED = "stored"
    DOUBLED = "doubled"
    UNKNOWN = "unknown"


class ControlStream:
    """The commands of one session.

    `client` must have been made with `block_ms=BLOCK_MAX_MS` if `read` or `wait_for_answer` are used. Every method
    raises LiveStateUnreachable or LiveStateRefused when the server does not do it.
    """

    def __init__(self, client: redis.Redis, namespace: Namespace, session: str) -> None:
        self.client, self.session = client, session
        self._stream, self._ids = namespace.control(session), namespace.command_ids(session)
        self._answers, self._calls = namespace.answers(session), namespace.answer_calls(session)
        self._fence = [namespace.state(session), namespace.epoch(session)]
        self._send, self._answer = client.register_script(SEND), client.register_script(ANSWER)

    def send(self, command: OperatorCommand) -> str:
        """Stores a command and gives its place in the stream; of one sent before, the place it has.

        Raises BadInput when its id was used for another command, LiveStateRefused when too many have no answer yet.
        After LiveStateUnreachable it may or may not be stored: send the same command again.
        """
        body = command.packed()
        keys = [self._stream, self._ids, self._answers]
        with translated(self.client):
            arguments = [command.command_id, digest_of(body), body, WAITING_MAX, COMMANDS_KEPT]
            word, detail = self._send(keys=keys, args=arguments)
        if word == b"reused":
            raise BadInput(f"command id {command.command_id} was used for another command", "choose a new id")
        if word == b"full":
            raise LiveStateRefused(
                f"session {self.session} has {int(detail)} commands it has not answered",
                "see whether it lives: arb session list",
            )
        return detail.decode()

    def read(self, after: str = BEGINNING, block_ms: int = 0) -> list[Received]:
        """Up to READ_MAX entries behind the place `after`, in order; waits up to `block_ms` for the first (0: does not
        wait). What is no sound command comes too, with a complaint, so that nothing is passed over in silence."""
        if not 0 <= block_ms <= BLOCK_MAX_MS:
            raise ValueError(f"a read blocks for 0 to {BLOCK_MAX_MS} ms, not {block_ms}")
        with translated(self.client):
            answer = self.client.xread({self._stream: after}, count=READ_MAX, block=block_ms or None)
        return [_received(place, fields) for place, fields in entries_of(answer)]

    def unanswered(self) -> list[Received]:
        """All entries that have no answer, in order: what a session that takes over has to look at first."""
        with translated(self.client), self.client.pipeline(transaction=True) as both:
            both.xrange(self._stream)
            both.hkeys(self._answers)
            entries, answered = both.execute()
        known = {name.decode("utf-8", "replace") for name in answered}
        received = [_received(place, fields) for place, fields in entries]
        return [one for one in received if one.command_id not in known]

    def answered_ids(self) -> set[str]:
        """The ids of all commands kept that have an answer."""
        with translated(self.client):
            return {name.decode("utf-8", "replace") for name in self.client.hkeys(self._answers)}

    def last_place(self) -> str:
        """The place of the newest entry ever stored in the stream as it is now; BEGINNING for none."""
        with translated(self.client):
            try:
                return self.client.xinfo_stream(self._stream)["last-generated-id"].decode()
            except redis.exceptions.ResponseError as error:
                if "no such key" in str(error):
                    return BEGINNING
                raise

    def answer(self, answer: Answer) -> Acknowledged:
        """Stores the answer and wakes who waits for it. Raises FencedOff when an epoch newer than its own is known."""
        keys = [*self._fence, self._ids, self._answers, self._calls]
        with translated(self.client):
            arguments = [answer.epoch, answer.command_id, answer.packed(), CALLS_KEPT]
            word, newest, *_ = self._answer(keys=keys, args=arguments)
        if word == b"fenced":
            raise FencedOff(self.session, answer.epoch, int(newest))
        return Acknowledged(word.decode())

    def answer_to(self, command_id: str) -> Answer | None:
        """The answer, if there is one. Raises BadInput when what is stored is none."""
        with translated(self.client):
            body = self.client.hget(self._answers, command_id)
        return None if body is None else Answer.parsed(body)

    def wait_for_answer(self, command_id: str, timeout_s: float) -> Answer | None:
        """The answer to a command; None when `timeout_s` have passed without one."""
        until = time.monotonic() + timeout_s
        place = self._last_call()
        while (answer := self.answer_to(command_id)) is None:
            left_ms = int((until - time.monotonic()) * 1000)
            if left_ms <= 0:
                return None
            with translated(self.client):
                calls = self.client.xread({self._calls: place}, block=min(max(left_ms, 1), BLOCK_MAX_MS))
            for called, fields in entries_of(calls):
                place = called
                if fields.get(b"id") == command_id.encode():
                    return Answer.parsed(fields.get(b"body", b""))
        return answer

    def _last_call(self) -> str:
        with translated(self.client):
            newest = self.client.xrevrange(self._calls, count=1)
        return newest[0][0].decode() if newest else BEGINNING


def entries_of(answer: object) -> Iterator[tuple[str, dict[bytes, bytes]]]:
    """The entries of one stream in what XREAD gave: a list in RESP2, a map (of lists of lists, too) in RESP3."""
    streams = answer.values() if isinstance(answer, dict) else [entries for _, entries in answer or ()]
    for entries in streams:
        if entries and isinstance(entries[0], list):
            entries = [entry for part in entries for entry in part]
        for place, fields in entries:
            yield place.decode(), fields or {}


def _received(place: bytes | str, fields: dict[bytes, bytes]) -> Received:
    where = place.decode() if isinstance(place, bytes) else place
    command_id = fields.get(b"id", b"").decode("utf-8", "replace")
    body = fields.get(b"body", b"")
    if digest_of(body).encode() != fields.get(b"digest"):
        return Received(where, command_id, None, "it is not as it was sent")
    try:
        command = OperatorCommand.parsed(body)
    except BadInput as error:
        return Received(where, command_id, None, error.cause)
    if command.command_id != command_id:
        return Received(where, command_id, None, "it is stored under another id")
    return Received(where, command_id, command)
