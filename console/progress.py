"""The progress: a bar on stderr while rows go by, when stderr is a terminal; notices as plain lines when it is not."""

import sys
import time
from types import TracebackType
from typing import Self

from console.plain import aside

NS_PER_S = 1_000_000_000


class RowsProgress:
    """A bar over `rows` rows, to be told how many are done and what time the last one has. Shown once rows come."""

    def __init__(self, rows: int, verb: str) -> None:
        self._rows, self._verb, self._bar, self._first_ns = max(rows, 1), verb, None, None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            from console.page import Page

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=Page(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task("starting the engine", total=None)
            self._bar.start()
        return self

    def __call__(self, rows_done: int, now_ns: int) -> None:
        """Shows how far it is: rows done, and the row time since the first call."""
        if self._bar is None:
            return
        if self._first_ns is None:
            self._first_ns = now_ns
        described = f"{self._verb} · {_span((now_ns - self._first_ns) / NS_PER_S)}"
        total = max(self._rows, rows_done)
        self._bar.update(self._task, description=described, total=total, completed=rows_done)

    def notice(self, text: str) -> None:
        """Says why it takes a while: above the bar, or as a line."""
        if self._bar is None:
            aside(f"{text} ...")
        else:
            from console.page import shown

            self._bar.update(self._task, description=shown(text))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


class SeedsProgress:
    """A bar for each campaign while its seeds are run, on stderr when that is a terminal; else a line now and then:
    every fifth seed, or of what goes by faster than that, one in `line_s` seconds. `noun`: what is counted."""

    def __init__(self, noun: str = "seeds", line_s: float | None = None) -> None:
        self._bar, self._tasks = None, {}
        self._noun, self._line_s, self._said_s = noun, line_s, time.monotonic()

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

            from console.page import Page

            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeElapsedColumn(),
                console=Page(stderr=True),
                transient=True,
            )
            self._bar.start()
        return self

    def told(self, campaign: str, done: int, planned: int) -> None:
        """So many of a campaign's are done."""
        if self._bar is not None:
            if campaign not in self._tasks:
                from console.page import shown

                self._tasks[campaign] = self._bar.add_task(shown(campaign), total=planned)
            self._bar.update(self._tasks[campaign], completed=done)
        elif done == planned or self._is_time(done):
            self._said_s = time.monotonic()
            aside(f"{campaign}: {done} of {planned} {self._noun}")

    def _is_time(self, done: int) -> bool:
        return done % 5 == 0 if self._line_s is None else time.monotonic() - self._said_s >= self._line_s

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


def _span(seconds: float) -> str:
    """Row time in at most two units: 42 s, 3 m 07 s, 2 h 14 m, 5 d 03 h."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60} m {whole % 60:02d} s"
    if whole < 86_400:
        return f"{whole // 3_600} h {whole % 3_600 // 60:02d} m"
    return f"{whole // 86_400} d {whole % 86_400 // 3_600:02d} h"
