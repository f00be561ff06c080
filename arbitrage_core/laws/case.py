"""The case: an evidence with the joins made that several laws need. Everything is made on first use, once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from arbitrage_core.domain.order import Action, Purpose
from arbitrage_core.laws.columns import Columns
from arbitrage_core.laws.evidence import Evidence
from arbitrage_core.laws.groups import ABSENT, Groups, grouped, leg_key, places_of, trade_key
from arbitrage_core.laws.growth import told_by
from arbitrage_core.laws.id_index import IdIndex
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
    def submits(self) -> Columns:
        """The log's SUBMITs: fields of `ORDER_OUT`, [N]."""
        orders = self.evidence.log.orders
        return Columns(orders, orders["action"] == Action.SUBMIT)

    @cached_property
    def trade_keys(self) -> np.ndarray:
        """The trade of each order, int64 [N]."""
        return trade_key(self.submits["symbol"], self.submits["trade"])

    @cached_property
    def opening(self) -> np.ndarray:
        """Whether each order adds to its leg, bool [N]."""
        return opens(self.submits["purpose"])

    @cached_property
    def _index(self) -> IdIndex:
        return IdIndex(self.submits["client_id"])

    def orders_of(self, client_ids: np.ndarray) -> np.ndarray:
        """The order with each client id (the first, should it have been used twice), or `ABSENT`."""
        return self._index.find(client_ids)

    @cached_property
    def change_order(self) -> np.ndarray:
        """The order of each row of the changes log, or `ABSENT`."""
        return self.orders_of(self.evidence.log.changes["client_id"])

    @cached_property
    def report_order(self) -> np.ndarray:
        """The order of each row of the reports log, or `ABSENT`."""
        return self.orders_of(self.evidence.log.reports["client_id"])

    @cached_property
    def fill_order(self) -> np.ndarray:
        """The order of each row of the fills log, or `ABSENT`."""
        return self.orders_of(self.evidence.log.fills["client_id"])

    @cached_property
    def venue_order(self) -> np.ndarray:
        """The order of each row of the venues' table, or `ABSENT`."""
        return self.orders_of(self.evidence.venue_truth.table["client_id"])

    @cached_property
    def changes(self) -> Groups:
        """The changes of orders, gathered by order."""
        return grouped(self.change_order, self.change_order != ABSENT)

    @cached_property
    def reports(self) -> Groups:
        """The reports of orders, gathered by order."""
        return grouped(self.report_order, self.report_order != ABSENT)

    @cached_property
    def fills(self) -> Groups:
        """The fills of orders, gathered by order."""
        return grouped(self.fill_order, self.fill_order != ABSENT)

    @cached_property
    def told(self) -> np.ndarray:
        """The change that tells of each fill, or `ABSENT`."""
        return told_by(self.evidence.log.changes, self.changes, self.evidence.log.fills, self.fills)

    @cached_property
    def timeline(self) -> Timeline:
        """What happened to all orders, in the one order in which it happened."""
        log = self.evidence.log
        return timeline_of(log.changes, self.change_order, log.fills, self.fill_order, self.told)

    def order_name(self, order: int | np.integer | np.ndarray) -> str:
        """An order in words."""
        return f"order {self.submits['client_id'][order]}"

    @cached_property
    def filled_trades(self) -> Groups:
        """The fills log, gathered by trade."""
        fills = self.evidence.log.fills
        return grouped(trade_key(fills["symbol"], fills["trade"]))

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

    def flagged(self, keys: np.ndarray) -> np.ndarray:
        """Whether each trade was handed to the operator, bool, shape of `keys`."""
        return np.isin(keys, self.flagged_keys) if len(self.flagged_keys) else np.zeros(keys.shape, bool)

    def ended_ns(self, keys: np.ndarray) -> np.ndarray:
        """When each trade ended; for one still open, the evidence's last instant. int64, shape of `keys`."""
        by_key = np.argsort(self.ended_keys, kind="stable")
        at = places_of(self.ended_keys[by_key], keys)
        if not len(by_key):
            return np.full(keys.shape, int(self.evidence.state["now_ns"]))
        ended = self.evidence.log.trades["ended_ns"][by_key[at]]
        return np.where(at == ABSENT, int(self.evidence.state["now_ns"]), ended)
