"""A session's page while it runs: how far it has come and how it stands, in its run's log and artifacts.

Nothing that trades may wait for anything that shows: the session's loop leaves a few numbers here about twice a second,
and a thread of the page's own writes them to Prefect, every few seconds.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from prefect.artifacts import create_progress_artifact

from arbitrage_core.domain.currency import money_text
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.session.live_runner import LiveRunner
from flows.live_page import NOT_WRITTEN, LivePage, in_a_run, write_over

SHOWN_EVERY_S = (2.0, 30.0)
SHOWN_SHARE = 1 / 60
SAID_EVERY = 5
"""Of so many pages one is said in the log as well."""


def pause_s(elapsed_s: float) -> float:
    """How long until the next page: soon at first, seldom after half an hour. Each leaves an event in Prefect."""
    least, most = SHOWN_EVERY_S
    return min(max(elapsed_s * SHOWN_SHARE, least), most)


@dataclass(frozen=True)
class Seen:
    """How a session stood when it was last looked at. Money in `currency`."""

    rows: int
    row_ns: int
    entries: int
    closed: int
    unwound: int
    open: int
    pnl: float
    drawdown: float
    ending: str
    silent: tuple[str, ...]

    @classmethod
    def of(cls, runner: LiveRunner) -> "Seen":
        """Copies what is shown; called by the session's own loop."""
        state, config = runner.session.state[0], runner.session.config
        symbols, unit = state.symbols[: len(config.symbols)], booking_unit(config.reporting_currency)
        return cls(
            rows=runner.market_rows,
            row_ns=runner.standing.row_ns,
            entries=int(symbols["entries"].sum()),
            closed=int(symbols["closed"].sum()),
            unwound=int(symbols["unwound"].sum()),
            open=runner.open_trades,
            pnl=(int(state.equity_amount) - int(state.start_amount)) * unit,
            drawdown=int(state.drawdown_amount) * unit,
            ending=runner.standing.ending,
            silent=runner.standing.silent,
        )


class SessionPage:
    """The page of the session `name`, which ends after `rows` quotes. `look` is the session's `on_look`."""

    def __init__(self, name: str, rows: int | None, currency: str, line: Callable[[str], object]) -> None:
        self._name, self._rows, self._currency, self._line = name, rows, currency, line
        self._seen: Seen | None = None
        self._over = threading.Event()
        self._page = LivePage("session-now", f"{name}: how it stands", line)
        self._bar = create_progress_artifact(0.0, description=f"{name}: rows") if in_a_run() else None

    def look(self, runner: LiveRunner) -> None:
        """Remembers how it stands; waits for nothing."""
        self._seen = Seen.of(runner)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Writes the page while the block runs, and once more when it ends."""
        self._page.begin(f"# {self._name}\n\nwaiting for rows")
        thread = threading.Thread(target=self._write_often, name="session-page", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join(2 * SHOWN_EVERY_S[0])

    def _write_often(self) -> None:
        turn, began = 0, time.monotonic()
        while not self._over.wait(pause_s(time.monotonic() - began)):
            self._write(says=turn % SAID_EVERY == 0)
            turn += 1
        self._write(says=False)

    def _write(self, *, says: bool) -> None:
        seen = self._seen
        if seen is None:
            return
        self._page.show(self.markdown(seen))
        if says:
            self._line(self.words(seen))
        if self._rows and self._bar is not None:
            try:
                write_over(self._bar, min(100.0 * seen.rows / self._rows, 100.0))
            except NOT_WRITTEN:
                self._rows = None  # the page says the rows as well

    def words(self, seen: Seen) -> str:
        """How it stands, in one line."""
        share = f" ({seen.rows / self._rows:.0%})" if self._rows else ""
        return (
            f"{seen.rows:,} rows{share}: {seen.entries:,} entries, {seen.closed:,} closed, {seen.open:,} open,"
            f" PnL {money_text(seen.pnl, self._currency, signed=True)} {self._currency}"
        )

    def markdown(self, seen: Seen) -> str:
        """How it stands, as a page."""
        at = datetime.fromtimestamp(seen.row_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S") if seen.row_ns > 0 else "-"
        rows = [
            ("rows", f"{seen.rows:,}" + (f" of {self._rows:,}" if self._rows else "")),
            ("time of the rows (UTC)", at),
            ("entries", f"{seen.entries:,}"),
            ("closed", f"{seen.closed:,}"),
            ("unwound", f"{seen.unwound:,}"),
            ("open", f"{seen.open:,}"),
            ("PnL", f"{money_text(seen.pnl, self._currency, signed=True)} {self._currency}"),
            ("drawdown", f"{money_text(seen.drawdown, self._currency)} {self._currency}"),
            ("state", seen.ending or "running"),
        ]
        if seen.silent:
            rows.append(("no entries", f"{', '.join(seen.silent)} does not answer"))
        table = "\n".join(f"| {name} | {value} |" for name, value in rows)
        return f"# {self._name}\n\n| | |\n|---|---|\n{table}"
