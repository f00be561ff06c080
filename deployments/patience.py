"""Patience: a change that Prefect's database was too busy for is tried again before anybody hears of it.

Prefect keeps a SQLite here. When two changes meet, one of them is rolled back and answered with 503, "ask again":
seldom as a rule, often in the seconds after a start. Prefect's own clients do ask again; its page says an error, and a
person who pressed Submit has no run.

Where it is wrong: a body above a megabyte is not kept, and what it asked for is tried once.
"""

import asyncio
from collections.abc import MutableMapping, Sequence
from typing import Any

from deployments.door import App, Receive, Scope, Send

BUSY = 503
PAUSES_S = (0.2, 0.5, 1.0, 2.0)
KEPT_BYTES_MAX = 1 << 20
CHANGES = ("POST", "PUT", "PATCH", "DELETE")


class Patience:
    """An ASGI application in front of another: asks it again while it is busy, after each of the pauses."""

    def __init__(self, app: App, pauses_s: Sequence[float] = PAUSES_S) -> None:
        self._app, self._pauses_s = app, pauses_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection; all but changes are passed on as they are."""
        if scope["type"] != "http" or scope["method"] not in CHANGES:
            await self._app(scope, receive, send)
            return
        kept, is_whole = await _kept(receive)
        for pause_s in self._pauses_s if is_whole else ():
            answer = _Answer(send)
            try:
                await self._app(_copied(scope), _again(kept, receive), answer)
            except Exception:
                if answer.is_held:  # it answers 503, then raises what made it busy, for the server's log
                    await asyncio.sleep(pause_s)
                    continue
                raise
            if not answer.is_held:
                return
            await asyncio.sleep(pause_s)
        await self._app(scope, _again(kept, receive), send)


class _Answer:
    """A `send` that keeps to itself that the application is busy, and passes everything else on."""

    def __init__(self, send: Send) -> None:
        self._send, self.is_held = send, False

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.is_held = message["status"] == BUSY
        if not self.is_held:
            await self._send(message)


async def _kept(receive: Receive) -> tuple[list[MutableMapping[str, Any]], bool]:
    """What was sent, as it came, and whether that is all."""
    kept: list[MutableMapping[str, Any]] = []
    size = 0
    while size <= KEPT_BYTES_MAX:
        kept.append(message := await receive())
        size += len(message.get("body", b""))
        if message["type"] != "http.request" or not message.get("more_body", False):
            return kept, message["type"] == "http.request"
    return kept, False


def _again(kept: Sequence[MutableMapping[str, Any]], receive: Receive) -> Receive:
    """A `receive` that gives what was kept once more, and then what comes."""
    left = [*kept]

    async def received() -> MutableMapping[str, Any]:
        return left.pop(0) if left else await receive()

    return received


def _copied(scope: Scope) -> Scope:
    """A scope to be changed: applications write into it."""
    return {**scope, "headers": [*scope["headers"]]}
