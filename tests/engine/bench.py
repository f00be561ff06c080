"""A bench: an engine's state with two fresh books on it, on which one function at a time is tried."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np

from arbitrage_core.domain.compiled import Compiled, rebind
from arbitrage_core.domain.record import one
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.genesis import fresh_state
from arbitrage_core.engine.output import output_dtype
from arbitrage_core.engine.params import params_record, shape_of
from tests.engine.small_market import EAST, KEY, QUIET, START_NS, WEST, small_config


@cache
def plain(function: Compiled) -> Compiled:
    """An engine function as plain Python, all the way down."""
    return rebind(function, {}, name="plain", interpreted=True)


@contextmanager
def quiet() -> Iterator[None]:
    """Arithmetic without warnings, as compiled code does it."""
    with np.errstate(**QUIET):
        yield


class Bench:
    """State and parameters of a small session at `now_ns`; both books of each symbol show 100.00 / 100.01, 10 each."""

    def __init__(self, config: SessionConfig | None = None) -> None:
        self.config = config or small_config()
        shape = shape_of(self.config)
        self.params_array = params_record(self.config, shape, KEY)
        self.state_array = fresh_state(self.config, shape, self.params_array[0])
        self.out = one(output_dtype(shape.levels))[0]
        self.params, self.state, self.now_ns = self.params_array[0], self.state_array[0], START_NS
        for s in range(len(self.config.symbols)):
            for venue in (EAST, WEST):
                self.quote(venue, 100.0, 100.01, symbol=s)

    def quote(self, venue: int, bid: float, ask: float, qty: float = 10.0, symbol: int = 0) -> None:
        """Sets a book and its touch."""
        book, touch = self.state.symbols[symbol].books[venue], self.state.symbols[symbol].touches[venue]
        book.received_ns = book.moved_ns = self.now_ns
        book.bid_px[0], book.ask_px[0], book.bid_qty[0], book.ask_qty[0] = bid, ask, qty, qty
        book.mark_bid_px, book.mark_ask_px = bid, ask
        touch.bid, touch.ask = bid, ask

    @property
    def symbol(self) -> Any:
        """The first symbol."""
        return self.state.symbols[0]

    @property
    def terms(self) -> Any:
        """The parameters of the first symbol."""
        return self.params.symbols[0]
