"""The standing: a session as it stood after one of its rows, replayed from its journal, sealed in whatever way or torn.

Rows are counted as the engine got them: those of the market, and in a paper session commands and timers among them;
what ended a backtest in order (FLATTEN, then time) comes behind the last row of its data. A report delivered at the
very instant of the last row, and a timer due then, have happened; what came later has not. For the row at which a
session was stopped that is the state its debug bundle holds, bit for bit.
"""

import time
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

import numpy as np

from arbitrage_core.domain.compiled import Compiled
from arbitrage_core.domain.errors import BadInput
from arbitrage_core.engine.state import Fault
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.session.backtest import Progress
from arbitrage_core.session.binding import Notice
from arbitrage_core.session.debug_bundle import cause_in
from arbitrage_core.session.replay import Replay, ReplayBroke, rows_of
from arbitrage_core.session.result import SessionResult, document_of
from arbitrage_core.session.session import closing_rows
from arbitrage_core.storage.journal_reader import JournalReader
from arbitrage_core.storage.live_state.engine_view import sections_of

SHOWN = ("session", "positions", "open_trades", "working_orders", "pnl")


def replay_to_row(
    folder: Path,
    feed: Feed | None,
    row: int,
    *,
    progress: Progress | None = None,
    notice: Notice | None = None,
    replaced: Mapping[str, Compiled] | None = None,
) -> SessionResult:
    """Replays the first `row` rows of the journal in `folder` over `feed`, the rows it cites; None when it holds them.

    The document is that of a replay, with `to_row`, `now_ns` (the time then) and `standing`: what stood, as the live
    state shows it, amounts in booking units. `identical`: the orders so far are the journal's and, where a debug bundle
    was kept at this row, the state is that one's. `replaced` exchanges engine functions, as when the session ran.
    Raises BadInput when there are fewer rows or the feed is another, Damaged when the journal is.
    """
    reader = JournalReader(folder)
    rows, cause = rows_of(reader, feed), cause_in(folder)
    if cause is not None and row > cause["row"]:
        raise BadInput(f"the session was stopped after row {cause['row']}", f"0 to {cause['row']} can be had")
    here = cause if cause is not None and row == cause["row"] else None
    config = reader.manifest.config()
    replay, started = Replay(config, reader, notice, replaced), time.perf_counter()
    try:
        for part in _first(row, chain(rows, _closing(replay, cited=feed is not None))):
            replay.feed(part)
            if progress is not None:
                progress(replay.applied, int(part[-1]["now_ns"]))
        if replay.applied < row:
            raise BadInput(
                f"{folder.name} has {replay.applied:,} rows, not {row:,}", f"0 to {replay.applied} can be had"
            )
        replay.settle(int(here["now_ns"]) if here is not None else 0)
    except ReplayBroke:  # shown: the state says by what
        if replay.state[0].fault == Fault.NONE:
            raise
    elapsed_s = time.perf_counter() - started
    difference = _difference(replay, here)
    log, state = replay.log(), replay.state[0]
    figures = {
        "rows": row,
        "rows_per_s": round(row / elapsed_s) if elapsed_s > 0 else 0,
        "elapsed_s": round(elapsed_s, 3),
        "state_hash": replay.state_hash,
        "identical": difference is None,
        "difference": difference,
        "to_row": row,
        "now_ns": int(state.now_ns),
        "standing": {name: section for name, section in sections_of(replay.state, config).items() if name in SHOWN},
        "laws": [],
        "preset": reader.manifest.preset,
    }
    return SessionResult(
        document_of(reader.manifest.session, "replay", config, log, state, figures), config, log, state, []
    )


def _first(count: int, parts: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
    """The first `count` rows of arrays of rows."""
    while count > 0 and (part := next(parts, None)) is not None:
        yield part[:count]
        count -= len(part)


def _closing(replay: Replay, *, cited: bool) -> Iterator[np.ndarray]:
    """The rows that end a session whose journal cites its rows and does not hold those."""
    if cited and replay.applied:
        yield from closing_rows(int(replay.state[0].now_ns), replay.shape.levels)


def _difference(replay: Replay, cause: dict[str, object] | None) -> str | None:
    """Where it parts from the journal so far, or from the bundle of its last row; None if nowhere."""
    parting = replay.parting(so_far=True)
    if parting is None and cause is not None and cause["state_hash"] != replay.state_hash:
        return f"same orders, but the state hash is {replay.state_hash}, in the debug bundle {cause['state_hash']}"
    return parting
