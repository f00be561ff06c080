"""The heartbeat: the only key that expires. While it is there, its session is alive and nobody may end or clear it.

It says how long ago a process beat, not that it works: `last_row_ns` tells whether rows still come.
"""

import redis
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.live_state.connection import FencedOff, translated
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.scripts import BEAT
from arbitrage_core.storage.live_state.spelling import spelled
from arbitrage_core.storage.live_state.state_store import Standing, standing_of

BEAT_EVERY_S = 2.0
TIME_TO_LIVE_MS = 10_000
"""Five beats: a server that answers late, or a process paused for a moment, does not make a session look dead."""


class Heartbeat(BaseModel):
    """Who runs a session: process, epoch, machine; when it began, last saw a row and last beat (UTC)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    pid: int = Field(ge=1)
    epoch: int = Field(ge=0)
    host: str = Field(max_length=255)
    started_ns: int = Field(ge=0)
    last_row_ns: int = Field(ge=0)
    beat_ns: int = Field(ge=0)


class Heartbeats:
    """The heartbeats of a checkout. Methods raise LiveStateUnreachable or LiveStateRefused."""

    def __init__(self, client: redis.Redis, namespace: Namespace) -> None:
        self.client, self.namespace = client, namespace
        self._script = client.register_script(BEAT)

    def beat(self, session: str, heartbeat: Heartbeat, time_to_live_ms: int = TIME_TO_LIVE_MS) -> Standing:
        """Says that a session is alive, and gives the position its projection has in the store, without reading it.

        Raises FencedOff when a newer epoch is known.
        """
        value = spelled(heartbeat.model_dump(), "a heartbeat")
        return self._run(session, heartbeat.epoch, value, time_to_live_ms)

    def end(self, session: str, epoch: int) -> None:
        """Says that a session has ended. Raises FencedOff when a newer epoch is known, whose heartbeat stays."""
        self._run(session, epoch, b"", 0)

    def fresh(self) -> dict[str, Heartbeat | None]:
        """The sessions that are alive, by name. One whose heartbeat is not understood is alive all the same: None."""
        prefix = self.namespace.heartbeat("x")[:-1]
        with translated(self.client):
            keys = list(self.client.scan_iter(f"{prefix}*", count=500))
            values = [_value(self.client, key) for key in keys]
        found = zip(keys, values, strict=True)
        return {
            key.decode("utf-8", "replace")[len(prefix) :]: _parsed(value)
            for key, value in found
            if value is not None  # expired in between
        }

    def _run(self, session: str, epoch: int, value: bytes, time_to_live_ms: int) -> Standing:
        names = self.namespace
        with translated(self.client):
            word, newest, *found = self._script(
                keys=[names.state(session), names.epoch(session), names.heartbeat(session)],
                args=[epoch, value, time_to_live_ms],
            )
        if word == b"fenced":
            raise FencedOff(session, epoch, int(newest))
        return standing_of(found)


def fresh_sessions(client: redis.Redis, namespace: Namespace) -> dict[str, Heartbeat | None]:
    """The sessions of a checkout that are alive. Raises LiveStateUnreachable or LiveStateRefused."""
    return Heartbeats(client, namespace).fresh()


def _value(client: redis.Redis, key: bytes) -> bytes | None:
    try:
        return client.get(key)
    except redis.exceptions.ResponseError as error:
        if "WRONGTYPE" in str(error):
            return b""
        raise


def _parsed(value: bytes) -> Heartbeat | None:
    try:
        return Heartbeat.model_validate_json(value)
    except (ValidationError, BadInput):
        return None
