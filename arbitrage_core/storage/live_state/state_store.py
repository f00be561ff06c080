"""The state store: projections written under the fence, read with a verdict, epochs claimed, namespaces cleared."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

import redis

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.live_state.connection import FencedOff, translated
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.projection import Position, Projection, Reading, Soundness, read_packed
from arbitrage_core.storage.live_state.scripts import CLAIM, POSITION_MAX, WRITE

_SCAN_COUNT = 500


class Outcome(StrEnum):
    """What became of a write. OLDER: a later sequence of this epoch is there already."""

    WRITTEN = "written"
    OLDER = "older"


@dataclass(frozen=True)
class Standing:
    """What a script found before it did its work: the position in the store (None: none, or torn) and torn values."""

    position: Position | None
    torn: int


@dataclass(frozen=True)
class Written:
    """What became of a write, and what was there before it."""

    outcome: Outcome
    found: Standing


class LiveState:
    """The live state of one checkout's sessions in a server.

    Every method raises LiveStateUnreachable or LiveStateRefused when the server does not do it.
    """

    def __init__(self, client: redis.Redis, namespace: Namespace) -> None:
        self.client, self.namespace = client, namespace
        self._write, self._claim = client.register_script(WRITE), client.register_script(CLAIM)

    def claim_epoch(self, session: str, at_least: int = 1) -> int:
        """A new epoch of a session, above every one seen here and no lower than `at_least`; older ones are refused from
        now on. The authority is the record: hand in one more than what journal and Postgres know."""
        if not 1 <= at_least <= POSITION_MAX:
            raise BadInput(f"no epoch: {at_least}", "give a whole number from 1 on")
        keys = [self.namespace.state(session), self.namespace.epoch(session)]
        with translated(self.client):
            word, newest, *_ = self._claim(keys=keys, args=[at_least, POSITION_MAX])
        if word != b"claimed":
            raise BadInput(
                f"session {session}: no epoch is left after {int(newest)}", "clear its live state: arb reset"
            )
        return int(newest)

    def newest_epoch(self, session: str) -> int:
        """The newest epoch claimed or written; 0 when none is known."""
        reading, claimed = self._read(session)
        return max(claimed, reading.position.epoch if reading.position else 0)

    def write(self, projection: Projection) -> Written:
        """Stores a projection as a whole, in place of the one before. Raises FencedOff when a newer epoch is known."""
        keys = [self.namespace.state(projection.session), self.namespace.epoch(projection.session)]
        position = projection.position
        fields = [part for pair in projection.packed().items() for part in pair]
        with translated(self.client):
            word, newest, *found = self._write(keys=keys, args=[position.epoch, position.sequence, *fields])
        if word == b"fenced":
            raise FencedOff(projection.session, position.epoch, int(newest))
        return Written(Outcome(word.decode()), standing_of(found))

    def read(self, session: str, *, at_least: Position | None = None) -> Reading:
        """The projection of a session, verified. STALE when it is older than `at_least` (what is known to have been
        written) or when a newer epoch has been claimed that has not written yet."""
        reading, claimed = self._read(session)
        if reading.position is None:
            return reading
        why = ""
        if claimed > reading.position.epoch:
            why = f"epoch {claimed} has taken over and not written yet"
        elif at_least is not None and reading.position < at_least:
            why = f"{_text(reading.position)}, but {_text(at_least)} was written"
        if not why:
            return reading
        return Reading(Soundness.STALE, why, reading.position, reading.row_ns, reading.written_ns, reading.sections)

    def sessions(self) -> list[str]:
        """The sessions of which a projection is stored, by name."""
        prefix = self.namespace.state("x")[:-1]
        with translated(self.client):
            keys = [key.decode("utf-8", "replace") for key in self.client.scan_iter(f"{prefix}*", count=_SCAN_COUNT)]
        return sorted({key[len(prefix) :] for key in keys})

    def clear(self, *, but: frozenset[str] | set[str] = frozenset(), epochs: bool = False) -> int:
        """Removes the keys of this checkout and gives how many they were; other checkouts' are not touched.

        Kept are those of the sessions in `but` (hand in those with a fresh heartbeat) and, unless `epochs`, the epochs:
        a fence should outlive a clearing. An epoch takes some 150 bytes a session, for ever.
        """
        removed = 0
        with translated(self.client):
            for key in self.client.scan_iter(self.namespace.pattern, count=_SCAN_COUNT):
                kind, session = self.namespace.kind_and_session(key.decode("utf-8", "replace"))
                if session not in but and (epochs or kind != "epoch"):
                    removed += self.client.unlink(key)
        return removed

    def _read(self, session: str) -> tuple[Reading, int]:
        """The projection, its position there only when it is whole, and the epoch claimed (0: none, or torn)."""
        state_key, epoch_key = self.namespace.state(session), self.namespace.epoch(session)
        with translated(self.client), self.client.pipeline(transaction=True) as both:
            both.hgetall(state_key)
            both.get(epoch_key)
            stored, claimed = both.execute(raise_on_error=False)
        for answer in (stored, claimed):
            if isinstance(answer, redis.exceptions.ResponseError) and "WRONGTYPE" not in str(answer):
                with translated(self.client):
                    raise answer
        if isinstance(stored, redis.exceptions.ResponseError):
            return Reading(Soundness.TORN, "it is of a foreign type"), 0
        return read_packed(session, stored), _epoch_in(epoch_key, claimed)


def standing_of(found: list[bytes | int]) -> Standing:
    """What a script's answer says of what it found: epoch, sequence, torn values."""
    epoch, sequence, torn = map(int, found)
    return Standing(Position(epoch, sequence) if epoch or sequence else None, torn)


def _epoch_in(key: str, text: object) -> int:
    if not isinstance(text, bytes):
        return 0
    epoch, _, seal = text.partition(b" ")
    expected = hashlib.sha1(key.encode() + b"|" + epoch).hexdigest().encode()  # the scripts' seal: damage, not malice
    return int(epoch) if seal == expected and epoch.isdigit() else 0


def _text(position: Position) -> str:
    return f"epoch {position.epoch} sequence {position.sequence}"
