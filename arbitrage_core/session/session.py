"""The session: an engine, a simulated venue and their logs, fed with rows: the composition root of a backtest."""

from collections.abc import Callable, Mapping

import numpy as np

from arbitrage_core.domain.compiled import Compiled
from arbitrage_core.domain.errors import AnomalyFound
from arbitrage_core.domain.record import one
from arbitrage_core.domain.row import Command, command_row, timer_row, with_levels
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.genesis import fresh_state
from arbitrage_core.engine.output import SessionLog, output_dtype
from arbitrage_core.engine.params import params_record, shape_of
from arbitrage_core.engine.snapshot import state_hash
from arbitrage_core.engine.state import Fault, Shape
from arbitrage_core.feeds.row_stream import opaque
from arbitrage_core.session.anomaly import Pattern
from arbitrage_core.session.binding import Notice, bound_fold, exchanged_fold, make_ready
from arbitrage_core.venues.simulated.account import fresh_account, terms_record

CHUNK_ROWS = 200_000
"""Rows a compiled call takes at most: it stays well below 50 ms, so that signals get through."""

END_GRACE_NS = 180_000_000_000
"""After the last row, time goes on for so long that what is open can leave."""

LOGS = ("orders", "changes", "fills", "trades", "incidents", "equity", "funding", "guards", "reports")
COUNTS = ("order", "change", "fill", "trade", "incident", "equity", "funding", "guard", "report")

Drained = Callable[[dict[str, np.ndarray]], None]


class Session:
    """A run of the engine against the simulated venue.

    `feed` rows in any batches, `end` it, read `log`, `state`, `account`. `on_drain` is handed every batch of log
    entries (arrays by the names of `SessionLog`) as they come, before the fold goes on. `interpreted` runs the same
    functions as plain Python; `replaced` exchanges engine functions by name, for planting a defect; `shape` takes a
    larger engine than the configuration needs, with the same results. `venue_config`: what the venues really do (fees,
    slippage, latency, outages) where that is not what the engine was told. `output`: that of a session which is over,
    written over. Raises `AnomalyFound` when the engine stops itself.
    """

    def __init__(
        self,
        config: SessionConfig,
        session_key: int,
        *,
        on_drain: Drained | None = None,
        interpreted: bool = False,
        replaced: Mapping[str, Compiled] | None = None,
        notice: Notice | None = None,
        shape: Shape | None = None,
        venue_config: SessionConfig | None = None,
        output: np.ndarray | None = None,
    ) -> None:
        self.config, self.session_key, self.shape = config, session_key, shape or shape_of(config)
        self.params = params_record(config, self.shape, session_key)
        self.state = fresh_state(config, self.shape, self.params[0])
        venues = venue_config or config
        self.account, self.terms = fresh_account(venues, self.shape), terms_record(venues, self.shape)
        self.output = one(output_dtype(self.shape.levels)) if output is None else output
        self.output["applied"] = 0
        self.rows, self.handed_on, self.ended = 0, 0, False
        self._parts: dict[str, list[np.ndarray]] = {name: [] for name in (*LOGS, "report_positions")}
        self.on_drain = on_drain
        self._records = (self.state, self.params, self.output, self.account, self.terms)
        self._fold = self._ready_fold(interpreted, replaced, notice)

    def _ready_fold(
        self, interpreted: bool, replaced: Mapping[str, Compiled] | None, notice: Notice | None
    ) -> Compiled:
        """The fold that `feed` calls, compiled for these records and rows."""
        strategy, name = self.config.strategy, "fold_simulated"
        bound = bound_fold(name, strategy, self.shape, interpreted)
        if replaced:
            bound = exchanged_fold(name, strategy, self.shape, tuple(replaced.items()), interpreted)
        return make_ready(bound, (*self._records, timer_row(0, self.shape.levels)), notice)

    def feed(self, rows: np.ndarray) -> None:
        """Applies rows, `row_dtype(levels)[n]`, in order."""
        rows = with_levels(rows, self.shape.levels)
        output, done = self.output[0], 0
        while done < len(rows):
            done += self._fold(*self._records, rows[done : done + CHUNK_ROWS])
            if self.state[0].fault != Fault.NONE:
                self._break_off()
            if output.written > 0:
                self.drain()
        self.rows += len(rows)

    def feed_one(self, row: np.ndarray) -> None:
        """Applies one row, `row_dtype(shape.levels)[1]`, and no more than that: the quick way for live rows."""
        while self._fold(*self._records, row) == 0:
            self._must_be_whole()
            self.drain()
        self.rows += 1

    def end(self) -> None:
        """Flattens: every open trade leaves, and time goes on until they have or the grace is over."""
        now_ns = int(self.state[0].now_ns)
        for row in closing_rows(now_ns, self.shape.levels) if self.rows else ():
            self.feed(row)
        self.finish()

    def finish(self) -> None:
        """Takes the last of what was written; `ended` says whether nothing is open any more."""
        self.drain()
        self._must_be_whole()
        self.ended = not np.any(self.state[0].symbols["in_use"])

    def drain(self) -> None:
        """Takes what the fold has written out of its output."""
        output, batch = self.output[0], {}
        for name, count in zip(LOGS, COUNTS, strict=True):
            entries = output[name][: output[count + "_count"]]
            batch[name] = opaque(entries).copy().view(entries.dtype)
            output[count + "_count"] = 0
        batch["report_positions"] = output.report_positions[: len(batch["reports"])].copy()
        self.handed_on += int(output.order_sent)
        output.order_sent = output.written = 0
        for name, entries in batch.items():
            if len(entries):
                self._parts[name].append(entries)
        if self.on_drain is not None:
            self.on_drain(batch)

    @property
    def log(self) -> SessionLog:
        """All that was written so far."""
        self.drain()
        joined = {}
        for name, parts in self._parts.items():
            empty = self.output[0][name][:0]
            joined[name] = np.concatenate([opaque(part) for part in parts]).view(empty.dtype) if parts else empty.copy()
            self._parts[name] = [joined[name]] if parts else []
        return SessionLog(**joined)

    @property
    def state_hash(self) -> str:
        """SHA-256 of the engine's state and parameters."""
        return state_hash(self.state, self.params)

    def _must_be_whole(self) -> None:
        if self.state[0].fault != Fault.NONE:
            self._break_off()

    def _break_off(self) -> None:
        self.drain()
        fault = Fault(int(self.state[0].fault))
        raise AnomalyFound(
            Pattern.LAW,
            fault.name.lower().replace("_", " "),
            row=int(self.output[0].applied),
            now_ns=int(self.state[0].now_ns),
            figures={"fault": fault.name},
        )


def closing_rows(now_ns: int, levels: int) -> tuple[np.ndarray, ...]:
    """What ends a session after its last row: FLATTEN at once, then time."""
    return command_row(Command.FLATTEN, now_ns, levels), timer_row(now_ns + END_GRACE_NS, levels)
