"""The replay: a session's journal through the engine alone. Same orders, same money, same hash, or it says where not.

The journal cites the rows or holds them; its reports are handed over where they were delivered; orders go nowhere and
are compared with those the journal says were sent.
"""

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from arbitrage_core.domain.compiled import Compiled
from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.record import one
from arbitrage_core.domain.row import timer_row, with_levels
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.genesis import fresh_state
from arbitrage_core.engine.output import ORDER_OUT, SessionLog, output_dtype
from arbitrage_core.engine.params import params_record, shape_of
from arbitrage_core.engine.snapshot import state_hash
from arbitrage_core.engine.state import Fault
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.row_stream import opaque
from arbitrage_core.session.backtest import Progress
from arbitrage_core.session.binding import Notice, bound_fold, exchanged_fold, make_ready
from arbitrage_core.session.result import SessionResult, document_of
from arbitrage_core.session.sealed_document import document_difference
from arbitrage_core.session.session import CHUNK_ROWS, COUNTS, LOGS, closing_rows
from arbitrage_core.storage.journal_reader import JournalReader


def replay_session(
    folder: Path, feed: Feed | None, *, progress: Progress | None = None, notice: Notice | None = None
) -> SessionResult:
    """Replays the sealed journal in `folder` over `feed`, the rows it cites; None when it holds them itself.

    The document carries `identical`, and `difference` when it is not. Raises BadInput when the journal has no complete
    seal or the feed is not the one it cites, Damaged when the journal is.
    """
    reader = JournalReader(folder)
    if reader.final_hash is None:
        raise BadInput(f"the journal in {folder} was never completed", "run the session again, or resume it")
    rows_of_session = rows_of(reader, feed)
    reader.verify()
    config = reader.manifest.config()
    replay = Replay(config, reader, notice)
    started = time.perf_counter()
    for rows in rows_of_session:
        replay.feed(rows)
        if progress is not None:
            progress(replay.applied, int(rows[-1]["now_ns"]))
    market_rows, elapsed_s = replay.applied, time.perf_counter() - started
    if market_rows and feed is not None:  # a journal that holds its rows holds those that ended it
        for rows in closing_rows(int(replay.state[0].now_ns), replay.shape.levels):
            replay.feed(rows)
    replay.finish()
    figures = {
        "rows": market_rows,
        "rows_per_s": round(market_rows / elapsed_s) if elapsed_s > 0 else 0,
        "elapsed_s": round(elapsed_s, 3),
        "state_hash": replay.state_hash,
        "identical": True,
        "difference": None,
        "laws": [],
        "preset": reader.manifest.preset,
    }
    log, state = replay.log(), replay.state[0]
    document = document_of(reader.manifest.session, "replay", config, log, state, figures)
    difference = replay.difference() or _said_otherwise(reader, feed, document, state)
    document.update(identical=difference is None, difference=difference)
    return SessionResult(document, config, log, state, [])


def _said_otherwise(reader: JournalReader, feed: Feed | None, document: dict[str, Any], state: np.record) -> str | None:
    """Where the seal says other than this document of the same orders and the same state; None: nowhere."""
    mode = "paper" if feed is None else "backtest"
    flat = bool(reader.seal.summary.get("flat")) and not np.any(state.symbols["in_use"])  # it need not have been ended
    data = {} if feed is None else {"data_sha256": feed.identity()["sha256"]}
    made = {**document, "mode": mode, "flat": flat, **data}
    return document_difference(reader.seal.summary, made, cited=feed is not None)


class ReplayBroke(BadInput):
    """The engine stopped itself over a journal: what it tells cannot have happened to this engine."""

    from_outside = True


class Replay:
    """The engine alone, its rows merged with the journal's reports: `feed` it all and `finish`, or some and `settle`.

    `replaced` exchanges engine functions by name, as in the session. Raises ReplayBroke.
    """

    def __init__(
        self,
        config: SessionConfig,
        reader: JournalReader,
        notice: Notice | None,
        replaced: Mapping[str, Compiled] | None = None,
    ) -> None:
        self.config, self.reader, self.shape = config, reader, shape_of(config)
        self.params = params_record(config, self.shape, reader.manifest.session_key)
        self.state = fresh_state(config, self.shape, self.params[0])
        self.output = one(output_dtype(self.shape.levels))
        self.applied = 0
        self._reports = reader.reports()
        self._waiting = np.zeros(0, np.int64), np.zeros(0, opaque_dtype(self.shape.levels))
        self._parts: dict[str, list[np.ndarray]] = {name: [] for name in LOGS}
        self._fold = bound_fold("fold_recorded", config.strategy, self.shape)
        if replaced:
            self._fold = exchanged_fold("fold_recorded", config.strategy, self.shape, tuple(replaced.items()))
        self._records = (self.state, self.params, self.output)
        self._fold = make_ready(self._fold, (*self._records, closing_rows(0, self.shape.levels)[0]), notice)

    @property
    def state_hash(self) -> str:
        """SHA-256 of state and parameters."""
        return state_hash(self.state, self.params)

    def feed(self, rows: np.ndarray) -> None:
        """Applies stream rows, the reports delivered among them in their places."""
        rows = with_levels(rows, self.shape.levels)
        for start in range(0, len(rows), CHUNK_ROWS):
            chunk = rows[start : start + CHUNK_ROWS]
            positions, reports = self._reports_before(self.applied + len(chunk))
            merged = np.insert(opaque(chunk), positions - self.applied, reports).view(chunk.dtype)
            self._apply(merged)
            self.applied += len(chunk)

    def finish(self) -> None:
        """Applies the reports delivered after the last row."""
        _, reports = self._reports_before(np.iinfo(np.int64).max)
        if len(reports):
            self._apply(reports.view(closing_rows(0, self.shape.levels)[0].dtype))

    def settle(self, until_ns: int) -> None:
        """Applies what came between the last row and `until_ns` (before the next row): reports, and what was due."""
        until_ns = max(until_ns, int(self.state[0].now_ns))
        _, reports = self._reports_before(self.applied + 1)
        reports = reports.view(closing_rows(0, self.shape.levels)[0].dtype)
        self._apply(reports[reports["now_ns"] <= until_ns])
        if self.state[0].due_ns <= until_ns:
            self._apply(timer_row(until_ns, self.shape.levels))

    def log(self) -> SessionLog:
        """All the engine wrote; the reports are the journal's."""
        joined = {}
        for name, parts in self._parts.items():
            empty = self.output[0][name][:0]
            joined[name] = np.concatenate([opaque(part) for part in parts]).view(empty.dtype) if parts else empty.copy()
        return SessionLog(**joined, report_positions=np.zeros(0, np.int64))

    def difference(self) -> str | None:
        """Where the replay first parts from the journal, or None."""
        parting = self.parting()
        if parting is None and self.state_hash != self.reader.final_hash:
            return f"same orders, but the state hash is {self.state_hash}, not {self.reader.final_hash}"
        return parting

    def parting(self, *, so_far: bool = False) -> str | None:
        """Where its orders first part from the journal's, or None; `so_far`: those still to come do not count."""
        sent = 0
        orders = self.log().orders
        for intents in self.reader.intents():
            mine = orders[sent : sent + len(intents)]
            if so_far:
                intents = intents[: len(mine)]
            if mine.tobytes() != intents.tobytes():
                at = next(
                    (i for i, (a, b) in enumerate(zip(mine, intents, strict=False)) if a.tobytes() != b.tobytes()),
                    len(mine),
                )
                return _parting(sent + at, mine, intents, at)
            sent += len(intents)
        if sent != len(orders):
            return f"{len(orders)} orders decided, {sent} in the journal"
        return None

    def _reports_before(self, position: int) -> tuple[np.ndarray, np.ndarray]:
        """The reports delivered when fewer than `position` rows had been applied: (positions, opaque rows)."""
        positions, reports = self._waiting
        while len(positions) == 0 or positions[-1] < position:
            batch = next(self._reports, None)
            if batch is None:
                break
            more = opaque(with_levels(batch[1], self.shape.levels))
            positions, reports = np.concatenate([positions, batch[0]]), np.concatenate([reports, more])
        count = int(np.searchsorted(positions, position, side="left"))
        self._waiting = positions[count:], reports[count:]
        return positions[:count], reports[:count]

    def _apply(self, rows: np.ndarray) -> None:
        done, output = 0, self.output[0]
        while done < len(rows):
            done += self._fold(*self._records, rows[done:])
            for name, count in zip(LOGS, COUNTS, strict=True):
                entries = output[name][: output[count + "_count"]]
                if len(entries):
                    self._parts[name].append(opaque(entries).copy().view(entries.dtype))
                output[count + "_count"] = 0
            output.written = output.order_sent = 0
            if self.state[0].fault != Fault.NONE:
                raise ReplayBroke(
                    f"replaying broke {Fault(int(self.state[0].fault)).name}", "the journal is not of this program"
                )


def opaque_dtype(levels: int) -> np.dtype:
    """Rows of so many levels as blocks of bytes."""
    return opaque(closing_rows(0, levels)[0]).dtype


def _parting(number: int, mine: np.ndarray, theirs: np.ndarray, at: int) -> str:
    if at >= len(mine):
        return f"order {number} of the journal was not decided"
    for name in ORDER_OUT.names:
        if mine[name][at] != theirs[name][at]:
            return f"order {number}: {name} is {mine[name][at]}, in the journal {theirs[name][at]}"
    return f"order {number} differs"


def rows_of(reader: JournalReader, feed: Feed | None) -> Iterable[np.ndarray]:
    """The session's rows: those the journal holds, or those it cites. Raises BadInput for others."""
    if reader.manifest.is_inline:
        return reader.rows()
    cited = reader.manifest.source.get("sha256")
    if feed is None or feed.identity()["sha256"] != cited:
        raise BadInput(f"the rows are not those the journal cites (SHA-256 {cited})", "give it the file it was run on")
    return feed
