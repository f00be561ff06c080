"""The case: an evidence with the joins made that several laws need. Everything is made on first use, once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from arbitrage_core.domain.order import Action, Purpose
from arbitrage_core.laws.evidence import Evidence
from arbitrage_core.laws.groups import ABSENT, Groups, grouped, leg_key, places_of, trade_key
from arbitrage_core.laws.growth import told_by
from arbitrage_core.laws.slots import Slots, slots_of
from arbitrage_core.laws.terms import Terms, terms_of
from arbitrage_core.laws.timeline import Timeline, timeline_of


def opens(purpose: np.ndarray) -> np.ndarray:
    """Whether each purpose adds to its leg."""
    return (purpose == Purpose.ENTRY) | (purpose == Purpose.COMPLETE)


@dataclass(frozen=True, eq=False)
class Case:
    """An evidence in good form (`form`), read once. "Order k" is the k-th SUBMIT of the log, 0 ≤ k < N."""

    evidence: Evidence

    @cached_property
    def terms(self) -> Terms:
        """What the configuration says."""
        return terms_of(self.evidence.config)

    @cached_property
    def slots(self) -> Slots:
        """The trade slots in use at the end."""
        return slots_of(self.terms, self.evidence.state)

    @cached_property
    def submits(self) -> np.ndarray:
        """The log's SUBMITs, `ORDER_OUT[N]`."""
        orders = self.evidence.log.orders
        return orders[orders["action"] == Action.SUBMIT]

    @cached_property
    def trade_keys(self) -> np.ndarray:
        """The trade of each order, int64 [N]."""
        return trade_key(self.submits["symbol"], self.submits["trade"])

    @cached_property
    def opening(self) -> np.ndarray:
        """Whether each order adds to its leg, bool [N]."""
        return opens(self.submits["purpose"])

    @cached_property
    def _ids(self) -> tuple[np.ndarray, np.ndarray]:
        """Client ids ascending, and the order of each."""
        rows = np.argsort(self.submits["client_id"], kind="stable")
        ids = self.submits["client_id"][rows]
        different = np.ones(len(ids), bool)
        different[1:] = ids[1:] != ids[:-1]
        return ids[different], rows[different]

    def orders_of(self, client_ids: np.ndarray) -> np.ndarray:
        """The order with each client id (the first, should it have been used twice), or `ABSENT`."""
        ids, rows = self._ids
        at = places_of(ids, client_ids)
        return np.where(at == ABSENT, ABSENT, rows[at]) if len(rows) else at

    @cached_property
    def changes(self) -> Groups:
        """The changes log, gathered by client id."""
        return grouped(self.evidence.log.changes["client_id"])

    @cached_property
    def change_orders(self) -> np.ndarray:
        """The order of each group of `changes`, or `ABSENT`."""
        return self.orders_of(self.changes.keys)

    @cached_property
    def reports(self) -> Groups:
        """The reports log, gathered by client id."""
        return grouped(self.evidence.log.reports["client_id"])

    @cached_property
    def fills(self) -> Groups:
        """The fills log, gathered by client id."""
        return grouped(self.evidence.log.fills["client_id"])

    @cached_property
    def told(self) -> np.ndarray:
        """The change that tells of each fill, or `ABSENT`."""
        return told_by(self.evidence.log.changes, self.changes, self.evidence.log.fills, self.fills)

    @cached_property
    def timeline(self) -> Timeline:
        """What happened to all orders, in the one order in which it happened."""
        log = self.evidence.log
        change_order, fill_order = np.empty(len(log.changes), np.int64), np.empty(len(log.fills), np.int64)
        change_order[self.changes.rows] = np.repeat(self.change_orders, self.changes.counts)
        fill_order[self.fills.rows] = np.repeat(self.orders_of(self.fills.keys), self.fills.counts)
        return timeline_of(log.changes, change_order, log.fills, fill_order, self.told)

    @cached_property
    def fill_legs(self) -> Groups:
        """The fills log, gathered by leg (`leg_key`)."""
        fills = self.evidence.log.fills
        return grouped(leg_key(fills["symbol"], fills["trade"], fills["leg"]))

    @cached_property
    def ended_keys(self) -> np.ndarray:
        """The trade of each row of the trades log."""
        return trade_key(self.evidence.log.trades["symbol"], self.evidence.log.trades["number"])

    @cached_property
    def flagged_keys(self) -> np.ndarray:
        """The trades handed to the operator, ended or not, ascending."""
        ended = self.ended_keys[self.evidence.log.trades["flagged"] != 0]
        return np.unique(np.concatenate([ended, self.slots.keys[self.slots.trades["flagged"] != 0]]))

    def ended_ns(self, keys: np.ndarray) -> np.ndarray:
        """When each trade ended; for one still open, the evidence's last instant. int64, shape of `keys`."""
        by_key = np.argsort(self.ended_keys, kind="stable")
        at = places_of(self.ended_keys[by_key], keys)
        if not len(by_key):
            return np.full(keys.shape, int(self.evidence.state["now_ns"]))
        ended = self.evidence.log.trades["ended_ns"][by_key[at]]
        return np.where(at == ABSENT, int(self.evidence.state["now_ns"]), ended)
