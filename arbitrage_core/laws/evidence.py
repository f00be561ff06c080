"""The evidence: all that the laws are judged by. What the venues say stands beside what we say, not derived from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from arbitrage_core.domain.record import record
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import SessionLog

VENUE_ORDER = record(client_id="i8", filled_lots="i8", cost_amount="i8", fee_amount="i8")
"""An order as its venue knows it: cumulative figures; cost in quote currency units, fee in fee currency units."""

VenueOrders = np.ndarray | Mapping[int, tuple[int, int, int]]
"""Orders as their venues tell of them: records with (at least) the fields of `VENUE_ORDER`, those with client id 0
being none; or client id → (filled_lots, cost_amount, fee_amount)."""


@dataclass(frozen=True, eq=False)
class VenueTruth:
    """The venues' own ledgers at one instant, ours and theirs known at the same row.

    `cash_amounts`: int64 [venue, currency], `position_lots`: int64 [symbol, venue]; both may be larger (capacities).
    `orders`: at least all that filled and have not yet reported it; None when they do not tell (outside simulation).
    `complete`: those are all they ever received.
    """

    cash_amounts: np.ndarray
    position_lots: np.ndarray
    orders: VenueOrders | None = None
    complete: bool = False

    def figures_of(self, client_ids: np.ndarray) -> np.ndarray:
        """`VENUE_ORDER` of each id, shape of `client_ids`; all zero, the id too, for one the venues do not tell of.

        Raises ValueError when the venues do not tell of orders.
        """
        if self.orders is None:
            raise ValueError("these venues do not tell of their orders")
        found = np.zeros(client_ids.shape, VENUE_ORDER)
        if isinstance(self.orders, Mapping):
            for place, client_id in np.ndenumerate(client_ids):
                if int(client_id) in self.orders:
                    found[place] = (client_id, *self.orders[int(client_id)])
            return found
        table = self.table
        if len(table):
            at = np.minimum(np.searchsorted(table["client_id"], client_ids), len(table) - 1)
            known = table["client_id"][at] == client_ids
            found[known] = table[at[known]]
        return found

    @cached_property
    def table(self) -> np.ndarray:
        """All orders told of, as `VENUE_ORDER[n]` by ascending id; empty when the venues do not tell."""
        if self.orders is None:
            return np.zeros(0, VENUE_ORDER)
        if isinstance(self.orders, Mapping):
            told = np.array([(client_id, *figures) for client_id, figures in self.orders.items()], VENUE_ORDER)
        else:
            told = self.orders.ravel()
        rows = np.argsort(told["client_id"])
        rows = rows[told["client_id"][rows] != 0]
        table = np.zeros(len(rows), VENUE_ORDER)
        for name in table.dtype.names or ():
            table[name] = told[name][rows]
        return table


@dataclass(frozen=True)
class Rerun:
    """The same rows told again: `of` says how ("replay", "restore", …); both are state hashes."""

    of: str
    expected_hash: str
    observed_hash: str


@dataclass(frozen=True)
class Segment:
    """What a journal segment says of itself and what was found in it.

    `number` counts from 0, `first_sequence` is that of its first row, `rows` how many were found in it; the checksums
    are as stored and as computed from the bytes; `sealed`: it was closed in order.
    """

    number: int
    first_sequence: int
    rows: int
    stored_checksum: str
    computed_checksum: str
    sealed: bool


@dataclass(frozen=True)
class Bound:
    """Something that must not grow without end: how much of it there was at most, and how much there may be."""

    name: str
    observed: float
    limit: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """A session, or what has become of it so far.

    `session_key`: the key its order ids are derived under. `state`: a record of `state_dtype`. `venue_*`: the venues'
    ledgers as in `VenueTruth`. `ended`: it was flattened and is at rest, so nothing may be left. `orders_handed_on`:
    how many actions of `log.orders` reached the venues (the output's `order_sent`, summed over its drains).
    `journal_rows`: how many rows the runner handed to the journal. What is None or empty is not judged: `unexamined`
    names it.
    """

    config: SessionConfig
    session_key: int
    log: SessionLog
    state: np.record
    venue_cash_amounts: np.ndarray
    venue_position_lots: np.ndarray
    venue_orders: VenueOrders | None = None
    venue_orders_complete: bool = False
    ended: bool = False
    orders_handed_on: int | None = None
    reruns: tuple[Rerun, ...] = ()
    segments: tuple[Segment, ...] | None = None
    journal_rows: int | None = None
    bounds: tuple[Bound, ...] = ()

    @cached_property
    def venue_truth(self) -> VenueTruth:
        """The venues' ledgers as one."""
        return VenueTruth(
            self.venue_cash_amounts, self.venue_position_lots, self.venue_orders, self.venue_orders_complete
        )
