"""The leaping session: a session over rows that are all in memory, which leaps over blocks that cannot matter to it."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

import numpy as np

from arbitrage_core.domain.compiled import Compiled
from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.record import one
from arbitrage_core.domain.row import timer_row, with_levels
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import output_dtype
from arbitrage_core.engine.params import params_dtype
from arbitrage_core.engine.state import Fault, Shape, state_dtype
from arbitrage_core.session.binding import Notice, make_ready
from arbitrage_core.session.session import Drained, Session
from arbitrage_core.strategies.registry import strategy_functions
from arbitrage_core.tuning.envelope import Envelope
from arbitrage_core.tuning.kept import kept
from arbitrage_core.tuning.leaping_fold import NOT_AT_REST, REST, fold_leaping
from arbitrage_core.venues.simulated.account import account_dtype, terms_dtype


@lru_cache(maxsize=16)
def bound_leaping_fold(strategy: str, shape: Shape) -> Compiled:
    """`fold_leaping` with a strategy bound in, for one shape; its name on disk says so, as `bound_fold`'s does."""
    return kept(fold_leaping, f"{strategy}_{shape}", strategy_functions(strategy))


@lru_cache(maxsize=16)
def ready_leaping_fold(strategy: str, shape: Shape, notice: Notice | None = None) -> Compiled:
    """The same, compiled or loaded: to find it by the types of its arguments takes longer than many a set."""
    dtypes = (state_dtype(shape), params_dtype(shape), output_dtype(shape.levels), account_dtype(shape))
    records = [one(dtype) for dtype in (*dtypes, terms_dtype(shape), REST)]
    rows, around = timer_row(0, shape.levels), Envelope.impassable(1, 1, 1)
    arrays = (rows, around.ratios, around.last, around.moved_ns, np.int64(0))
    return make_ready(bound_leaping_fold(strategy, shape), (*records, *arrays), notice)


@lru_cache(maxsize=8)
def _idle_outputs(levels: int) -> deque[np.ndarray]:
    return deque()


@contextmanager
def used_output(levels: int) -> Iterator[np.ndarray]:
    """The output of a session that is over, for another one; or a new one, as long as all are in use."""
    idle = _idle_outputs(levels)
    try:
        output = idle.pop()
    except IndexError:
        output = one(output_dtype(levels))
    yield output
    idle.append(output)


class LeapingSession(Session):
    """As `Session`; `run` feeds it rows with their envelope. Same states, trades and fills, fewer marks in its log.

    `trades_only`: of its logs only that of the trades can be relied on. `output`: as `Session` takes it. To make one
    anew, and to keep all that is written, takes as long as many a set.
    """

    def __init__(
        self,
        config: SessionConfig,
        session_key: int,
        *,
        on_drain: Drained | None = None,
        notice: Notice | None = None,
        venue_config: SessionConfig | None = None,
        trades_only: bool = False,
        output: np.ndarray | None = None,
    ) -> None:
        self._rest = one(REST)
        self._rest[0].since_mark_ns, self._rest[0].trades_only = NOT_AT_REST, int(trades_only)
        super().__init__(
            config, session_key, on_drain=on_drain, notice=notice, venue_config=venue_config, output=output
        )  # fmt: skip

    def run(self, rows: np.ndarray, around: Envelope) -> None:
        """Applies `row_dtype(shape.levels)[n]` with the `Envelope` of just these rows. Raises as `feed` does."""
        if rows.dtype.itemsize != self.output.dtype["reports"].base.itemsize:
            raise BadInput("the rows have another number of levels than the engine", "pass them through with_levels")
        done = 0
        while done < len(rows):
            done = self._fold(*self._records, self._rest, rows, around.ratios, around.last, around.moved_ns, done)
            if self.state[0].fault != Fault.NONE:
                self._break_off()
            if self.output[0].written > 0:
                self.drain()
        self.rows += len(rows)

    def feed(self, rows: np.ndarray) -> None:
        """As `Session.feed`: one by one."""
        rows = with_levels(rows, self.shape.levels)
        self.run(rows, Envelope.impassable(len(rows), len(self.config.symbols), self.shape.venues))

    def _ready_fold(self, interpreted: bool, replaced: object, notice: Notice | None) -> Compiled:
        return ready_leaping_fold(self.config.strategy, self.shape, notice)
