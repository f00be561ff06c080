"""The loops of Prefect's server: its scheduler and what else it does unasked, watched while they run.

Prefect starts them beside its API, and says only in its log when one fails: the API stays in health, a schedule shows
active, and nothing runs. So each is wrapped before it starts, and how it ended the last times is kept here.

A loop that is run again and again fails when it raised twice in a row (a busy SQLite makes one raise now and then), or
when it did not end for several times its interval. One that is to run for ever fails when it ends.
"""

import functools
import inspect
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

RAISED_MOST = 1
LATE_S = 180.0
WORDS_MOST = 300


@dataclass
class Loop:
    """One loop: how often it is to run (0: it never ends), and how it went. Times are monotonic seconds."""

    every_s: float
    seen_s: float
    raised: int = 0
    why: str = ""
    is_over: bool = False

    def trouble(self, now_s: float) -> str:
        """What is wrong with it now; empty if nothing is."""
        if self.is_over:
            return f"ended: {self.why or 'nobody asked it to'}"
        if self.raised > RAISED_MOST:
            return f"failed {self.raised} times in a row: {self.why}"
        if self.every_s and now_s - self.seen_s > 3 * self.every_s + LATE_S:
            return f"has not run for {now_s - self.seen_s:.0f} s"
        return ""


class Loops:
    """All loops of a server. `watch` them before it starts."""

    def __init__(self) -> None:
        self._loops: dict[str, Loop] = {}

    def watch(self) -> None:
        """Wraps every loop that this server will run."""
        from prefect.server.api import background_workers  # noqa: F401 — importing it registers them
        from prefect.server.services.base import Service
        from prefect.server.services.perpetual_services import get_enabled_perpetual_services

        for configured in get_enabled_perpetual_services():
            configured.function = self.repeated(configured.function, _interval_s(configured.function))
        for service in Service.enabled_services():
            service.start = self.endless(service.__name__, service.start)

    def trouble(self) -> dict[str, str]:
        """What is wrong, by the loop's name."""
        now_s = time.monotonic()
        found = {name: loop.trouble(now_s) for name, loop in self._loops.items()}
        return {name: why for name, why in found.items() if why}

    def watched(self) -> int:
        """How many there are."""
        return len(self._loops)

    def repeated(self, function: Callable[..., Awaitable[Any]], every_s: float) -> Callable[..., Awaitable[Any]]:
        """A function that is called every so often, watched; its name and its signature stay."""
        loop = self._loops[function.__name__] = Loop(every_s, time.monotonic())

        @functools.wraps(function)
        async def called(*arguments: Any, **named: Any) -> Any:
            try:
                result = await function(*arguments, **named)
            except Exception as error:
                loop.raised, loop.why = loop.raised + 1, _words(error)
                raise
            else:
                loop.raised, loop.why = 0, ""
                return result
            finally:
                loop.seen_s = time.monotonic()

        return called

    def endless(self, name: str, start: Callable[[Any], Awaitable[Any]]) -> Callable[[Any], Awaitable[Any]]:
        """A method that returns only when the server ends, watched."""
        loop = self._loops[name] = Loop(0.0, time.monotonic())

        @functools.wraps(start)
        async def started(service: Any) -> Any:
            try:
                return await start(service)
            except Exception as error:
                loop.why = _words(error)
                raise
            finally:
                loop.is_over = True

        return started


def _interval_s(function: Callable[..., Any]) -> float:
    """How often Prefect calls it: its parameter's default says so."""
    for parameter in inspect.signature(function).parameters.values():
        every = getattr(parameter.default, "every", None)
        if every is not None:
            return every.total_seconds()
    return 0.0


def _words(error: Exception) -> str:
    """An error in one line."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:WORDS_MOST]
