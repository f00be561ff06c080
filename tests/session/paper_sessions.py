"""Paper sessions for tests: a small market run through real stores, from the test's own thread or beside it."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import make_url

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.monitoring.logs.log_book import open_logs
from arbitrage_core.session import backtest, paper, replay
from arbitrage_core.session.binding import bound_fold
from arbitrage_core.session.live_runner import LiveRunner
from arbitrage_core.session.paper import PaperOrder, run_paper
from arbitrage_core.session.result import SessionResult
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.reader import session_row
from arbitrage_core.storage.record.session_row import SessionRow
from tests.engine.small_market import QUIET, pulses, small_config
from tests.session.plain_session import plain_session
from tests.session.test_backtest_and_replay import MadeRows
from tests.storage.live_state.patience import eventually

CONFIG = small_config(take_profit="32:0.4", stop_loss_bps=60.0)
CHECKOUT = "0123456789ab"


@contextmanager
def plain_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same engine as plain Python: nothing is compiled for some hundred rows."""
    for module in (backtest, paper):
        monkeypatch.setattr(module, "Session", plain_session)
    monkeypatch.setattr(replay, "bound_fold", partial(bound_fold, interpreted=True))
    with np.errstate(**QUIET):
        yield


def small_feed(pulse_count: int, batch_rows: int = 17) -> MadeRows:
    """So many pulses of 400 ms."""
    return MadeRows(pulses(pulse_count), batch_rows)


def paper_order(
    folder: Path, stores: tuple[str, str], feed: Feed, *, factor: float, config: SessionConfig = CONFIG, **more: Any
) -> PaperOrder:
    """An order for a paper session whose journal comes to `folder`; `stores` are the URLs of Postgres and Redis."""
    postgres_url, redis_url = stores
    made = PaperOrder(config, feed, f"paper-{folder.name}", folder, factor, postgres_url, redis_url, CHECKOUT)
    return replace(made, **more)


def recorded_row(postgres_url: str, order: PaperOrder) -> SessionRow:
    """The run as the record has it."""
    with Record.open(postgres_url) as record:
        return session_row(record, order.name)


@dataclass
class Beside:
    """A paper session in a thread of its own; `runner` once its loop looks up for the first time."""

    order: PaperOrder
    home: Path
    on_look: Callable[[LiveRunner], None] = lambda runner: None
    runner: LiveRunner | None = None
    result: SessionResult | None = None
    error: BaseException | None = None
    notices: list[str] = field(default_factory=list)

    def start(self) -> "Beside":
        """Begins; returns when its loop runs."""
        self.thread = threading.Thread(target=self._run, name="paper session")
        self.thread.start()
        eventually(lambda: self.runner is not None or not self.thread.is_alive(), 20.0)
        if self.runner is None:
            raise AssertionError("the session never began") from self.error
        return self

    def wait(self, timeout_s: float = 60.0) -> SessionResult | None:
        """Waits for its end; gives the result, None when it raised (`error`)."""
        self.thread.join(timeout_s)
        if self.thread.is_alive():
            raise AssertionError("the session does not end")
        return self.result

    def until(self, holds: Callable[[LiveRunner], object], within_s: float = 20.0) -> None:
        """Returns when something holds of the running session."""
        eventually(lambda: holds(self.runner) or not self.thread.is_alive(), within_s)
        if not self.thread.is_alive():
            raise AssertionError(f"the session ended before: {self.error!r}")

    def _run(self) -> None:
        try:
            with np.errstate(**QUIET), open_logs(self.home, self.order.name, console=None) as book:
                self.result = run_paper(self.order, book, notice=self.notices.append, on_look=self._look)
        except (ValueError, RuntimeError) as error:  # BadInput and InvariantBroken; a defect goes to threading's hook
            self.error = error

    def _look(self, runner: LiveRunner) -> None:
        self.runner = runner
        self.on_look(runner)


def run_in_order(order: PaperOrder, home: Path, **more: Any) -> SessionResult:
    """Runs it in this thread to its end."""
    with open_logs(home, order.name, console=None) as book:
        return run_paper(order, book, **more)


def database_of(postgres_url: str, name: str) -> str:
    """The URL of a new database on the same server."""
    import psycopg

    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
