"""Law I4: an execution is applied once.

The k-th growth of an order's cumulative figures in the reports *is* its k-th fill: same lots, cost, fee and time, and
equally many of both, so nothing is booked twice, nothing twice in part, nothing forgotten. What a change of
an order knows as filled was booked by then, and was all that was. Where the venues tell of an order, its fills
sum to what the venue says it filled, less what is not yet reported.
"""

import numpy as np

from arbitrage_core.domain.money import AMOUNT_LIMIT
from arbitrage_core.engine.state import NEVER_NS
from arbitrage_core.laws.case import Case
from arbitrage_core.laws.columns import Columns
from arbitrage_core.laws.evidence import VenueTruth
from arbitrage_core.laws.groups import ABSENT, Groups
from arbitrage_core.laws.slots import Slots
from arbitrage_core.laws.terms import Terms
from arbitrage_core.laws.violation import Violation, unequal, violations_where

LAW = "I4"
FIGURES = ("filled_lots", "cost_amount", "fee_amount")
"""What is known of an order, cumulative."""


def state_executions(terms: Terms, state: np.record, slots: Slots, truth: VenueTruth) -> list[Violation]:
    """No order in use knows of more than its venue has filled; where both know the same lots, the money is the same."""
    if truth.orders is None:
        return []
    ours, theirs = slots.orders, truth.figures_of(slots.orders["client_id"])
    judged = (theirs["client_id"] != 0) | truth.complete
    found = violations_where(
        LAW,
        judged & (ours["filled_lots"] > theirs["filled_lots"]),
        lambda n, leg: f"{slots.leg_name(n, leg)}: filled lots",
        theirs["filled_lots"],
        ours["filled_lots"],
    )
    level = judged & (ours["filled_lots"] == theirs["filled_lots"])
    for name in ("cost_amount", "fee_amount"):
        found += violations_where(
            LAW,
            level & (ours[name] != theirs[name]),
            lambda n, leg, name=name: f"{slots.leg_name(n, leg)}: {name}",
            theirs[name],
            ours[name],
        )
    return found


def log_executions(case: Case) -> list[Violation]:
    """Fills against the growths in reports, in changes, and at the venues."""
    return [*_by_orders(case), *_by_reports(case), *_by_changes(case), *_by_venues(case)]


def last_reported(case: Case) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The orders that filled, by the reports, and what these say of them in the end: `FIGURES`, each by order."""
    growths = _reported(case)
    if not len(growths.order):
        return growths.order, growths.figures
    return growths.order, {name: np.add.reduceat(growths.figures[name], growths.starts) for name in FIGURES}


class _Growths:
    """Growths of cumulative figures, gathered by order. `order` [g], `starts` [g], `counts` [g]; `figures`: by how
    much, each [n]; `now_ns` [n]."""

    def __init__(
        self, order: np.ndarray, counts: np.ndarray, figures: dict[str, np.ndarray], now_ns: np.ndarray
    ) -> None:
        kept = counts > 0
        self.order, self.counts = order[kept], counts[kept]
        self.starts = np.cumsum(self.counts) - self.counts
        self.figures, self.now_ns = figures, now_ns


def _reported(case: Case) -> _Growths:
    """The reports whose cumulative lots exceed all earlier ones of their order; money rounded once, cumulatively."""
    groups, reports, terms = case.reports, Columns(case.evidence.log.reports), case.terms
    filled = reports["filled_lots"][groups.rows]
    grew = filled > groups.previous(_running_maximum(groups, filled), 0)
    rows, group = groups.rows[grew], groups.group[grew]
    order = groups.keys[group]
    symbol, venue = case.submits["symbol"][order], case.submits["venue"][order]
    totals = {
        "filled_lots": filled[grew],
        "cost_amount": _amounts(reports["cost_quote"][rows], terms.units[terms.quote[symbol, venue]]),
        "fee_amount": _amounts(reports["fee"][rows], terms.units[terms.fee_currency[symbol, venue]]),
    }
    counts = np.bincount(group, minlength=len(groups.keys))
    return _Growths(groups.keys, counts, _growth(totals, group), reports["now_ns"][rows])


def _by_orders(case: Case) -> list[Violation]:
    """A fill is dealt under its order's terms; a report of an order comes from its market."""
    logs = (
        ("fills", case.fill_order, ("symbol", "venue", "trade", "leg", "attempt", "side", "purpose", "style")),
        ("reports", case.report_order, ("symbol", "venue")),
    )
    found = []
    for log, order, names in logs:
        rows, ours = getattr(case.evidence.log, log), np.where(order == ABSENT, 0, order)
        for name in names if len(case.submits) else ():
            expected = case.submits[name][ours]
            found += violations_where(
                LAW,
                (order != ABSENT) & (expected != rows[name]),
                lambda n, rows=rows, log=log, name=name: f"order {rows['client_id'][n]}: {name} in {log}",
                expected,
                rows[name],
            )
    return found


def _by_reports(case: Case) -> list[Violation]:
    """The k-th growth reported of an order is its k-th fill."""
    growths, groups, fills = _reported(case), case.fills, case.evidence.log.fills
    stray = case.fill_order == ABSENT
    found = violations_where(
        LAW, stray, lambda n: f"order {fills['client_id'][n]}: a fill of", "an order submitted", "none"
    )
    orders = np.arange(len(case.submits))
    reported, booked = np.zeros(len(orders), np.int64), np.zeros(len(orders), np.int64)
    reported[growths.order], booked[groups.keys] = growths.counts, groups.counts
    found += unequal(LAW, lambda n: f"{case.order_name(n)}: fills, one for each growth reported", reported, booked)
    # one by one, for the orders that have equally many of both
    even = (reported == booked)[growths.order]
    of_growth = np.repeat(np.arange(len(growths.order)), growths.counts)
    kept = even[of_growth]
    of_growth = of_growth[kept]
    rank = np.flatnonzero(kept) - growths.starts[of_growth]
    row = groups.rows[groups.starts[groups.find(growths.order)[of_growth]] + rank]
    pairs = (
        ("lots", growths.figures["filled_lots"]),
        ("cost_quote_amount", growths.figures["cost_amount"]),
        ("fee_amount", growths.figures["fee_amount"]),
        ("now_ns", growths.now_ns),
    )
    for name, said in pairs:
        found += unequal(
            LAW, lambda n, name=name: f"fills[{row[n]}]: {name}, by the report", said[kept], fills[name][row]
        )
    return found


def _by_changes(case: Case) -> list[Violation]:
    """What a change knows as filled was booked, by then; the last change knows all that was booked before it."""
    groups, changes, fills, told = case.changes, case.evidence.log.changes, case.evidence.log.fills, case.told
    known = told != ABSENT
    change_lots, change_ns, fill_ns = changes["filled_lots"], changes["now_ns"], fills["now_ns"]
    booked = np.zeros(len(fills), np.int64)
    booked[case.fills.rows] = case.fills.running(fills["lots"][case.fills.rows])
    filled = change_lots[groups.rows]
    grew = np.zeros(len(changes), bool)
    grew[groups.rows] = filled > groups.previous(filled, 0)
    tells = np.where(known, told, 0)
    early, exact = known, known
    if len(changes):
        early = known & (change_ns[tells] < fill_ns)
        exact = known & (change_lots[tells] == booked)
    proven = np.zeros(len(changes), bool)
    proven[told[exact]] = True
    last_ns = np.full(len(case.submits), -NEVER_NS)
    last_ns[groups.keys] = change_ns[groups.rows[groups.last]]
    ours = np.where(case.fill_order == ABSENT, 0, case.fill_order)
    late = ~known & (case.fill_order != ABSENT)
    if len(case.submits):
        late &= fill_ns < last_ns[ours]
    return [
        *violations_where(
            LAW,
            grew & ~proven,
            lambda n: f"order {changes['client_id'][n]}: filled lots of a change, as booked",
            change_lots,
            "another number",
        ),
        *violations_where(LAW, early, lambda n: f"fills[{n}]: told by a change", "not before booked", "before"),
        *violations_where(LAW, late, lambda n: f"fills[{n}]: lots its order's last change does not know", 0, booked),
    ]


def _by_venues(case: Case) -> list[Violation]:
    """Where a venue tells of an order: ours did not fill more than theirs, and at rest exactly as much."""
    evidence = case.evidence
    if evidence.venue_orders is None:
        return []
    groups, fills = case.fills, evidence.log.fills
    table = evidence.venue_truth.table
    order = case.venue_order
    settled = case.evidence.ended & ~case.flagged(case.trade_keys)
    ours, theirs = {}, {}
    for name, column in zip(FIGURES, ("lots", "cost_quote_amount", "fee_amount"), strict=True):
        ours[name], theirs[name] = np.zeros(len(case.submits), np.int64), np.zeros(len(case.submits), np.int64)
        ours[name][groups.keys] = groups.sums(fills[column][groups.rows])
        theirs[name][order[order != ABSENT]] = table[name][order != ABSENT]
    judged = np.full(len(case.submits), evidence.venue_orders_complete)
    judged[order[order != ABSENT]] = True
    judged &= settled | (ours["filled_lots"] >= theirs["filled_lots"])
    found = []
    for name in FIGURES:
        found += violations_where(
            LAW,
            judged & (ours[name] != theirs[name]),
            lambda n, name=name: f"{case.order_name(n)}: {name}, by the venue",
            theirs[name],
            ours[name],
        )
    return found


def _running_maximum(groups: Groups, values: np.ndarray) -> np.ndarray:
    """The largest of `values` (≥ 0, one for each place in `groups.rows`) in each group, up to and with each place."""
    most = values.copy()
    longest = int(groups.counts.max(initial=1))
    step = 1
    while step < longest:  # doubling: after it, each place knows the `2 × step` places before it
        inside = np.flatnonzero(groups.rank >= step)
        most[inside] = np.maximum(most[inside], most[inside - step])
        step *= 2
    return most


def _amounts(values: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Money as counts of units, rounded half to even; −1 where there is no such count."""
    scaled = np.rint(values / units)
    return np.where(abs(scaled) < AMOUNT_LIMIT, np.nan_to_num(scaled, posinf=0.0, neginf=0.0), -1).astype(np.int64)


def _growth(totals: dict[str, np.ndarray], group: np.ndarray) -> dict[str, np.ndarray]:
    """Differences to the entry before of the same group; the first one's is from zero."""
    same = group[1:] == group[:-1]
    growths = {}
    for name, total in totals.items():
        growths[name] = total.copy()
        growths[name][1:] -= np.where(same, total[:-1], 0)
    return growths
