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
from arbitrage_core.laws.evidence import VENUE_ORDER, VenueTruth
from arbitrage_core.laws.groups import ABSENT, Groups
from arbitrage_core.laws.slots import Slots
from arbitrage_core.laws.terms import Terms
from arbitrage_core.laws.violation import Violation, unequal, violations_where

LAW = "I4"


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


def last_reported(case: Case) -> np.ndarray:
    """What the reports say in the end of each order that filled: VENUE_ORDER of every id with a growth."""
    growths = _reported(case)
    orders = np.zeros(len(growths.ids), VENUE_ORDER)
    orders["client_id"] = growths.ids
    for name in ("filled_lots", "cost_amount", "fee_amount"):
        orders[name] = np.add.reduceat(growths.figures[name], growths.starts) if len(growths.ids) else 0
    return orders


class _Growths:
    """Growths of cumulative figures, gathered by order. `ids` [g], `starts` [g], `counts` [g]; `figures`
    VENUE_ORDER [n]: by how much; `now_ns` [n]."""

    def __init__(self, ids: np.ndarray, counts: np.ndarray, figures: np.ndarray, now_ns: np.ndarray) -> None:
        kept = counts > 0
        self.ids, self.counts = ids[kept], counts[kept]
        self.starts = np.cumsum(self.counts) - self.counts
        self.figures, self.now_ns = figures, now_ns


def _reported(case: Case) -> _Growths:
    """The reports whose cumulative lots exceed all earlier ones of their order; money rounded once, cumulatively."""
    groups, reports, terms = case.reports, case.evidence.log.reports, case.terms
    at = np.repeat(case.orders_of(groups.keys), groups.counts)
    known = at != ABSENT
    filled = reports["filled_lots"][groups.rows]
    most = _running_maximum(groups, filled)
    grew = known & (filled > groups.previous(most, 0))
    rows, ours = groups.rows[grew], case.submits[at[grew]]
    symbol, venue = ours["symbol"], ours["venue"]
    totals = np.zeros(len(rows), VENUE_ORDER)
    totals["filled_lots"] = filled[grew]
    totals["cost_amount"] = _amounts(reports["cost_quote"][rows], terms.units[terms.quote[symbol, venue]])
    totals["fee_amount"] = _amounts(reports["fee"][rows], terms.units[terms.fee_currency[symbol, venue]])
    counts = np.add.reduceat(grew.astype(np.int64), groups.starts) if len(groups.keys) else groups.counts
    return _Growths(groups.keys, counts, _growth(totals, groups.group[grew]), reports["now_ns"][rows])


def _by_orders(case: Case) -> list[Violation]:
    """A fill is dealt under its order's terms; a report of an order comes from its market."""
    logs = (
        ("fills", case.fills, ("symbol", "venue", "trade", "leg", "attempt", "side", "purpose", "style")),
        ("reports", case.reports, ("symbol", "venue")),
    )
    found = []
    for log, groups, names in logs:
        rows = getattr(case.evidence.log, log)[groups.rows]
        order = np.repeat(case.orders_of(groups.keys), groups.counts)
        rows, ours = rows[order != ABSENT], case.submits[order[order != ABSENT]]
        for name in names:
            found += unequal(
                LAW,
                lambda n, rows=rows, log=log, name=name: f"order {rows['client_id'][n]}: {name} in its {log}",
                ours[name],
                rows[name],
            )
    return found


def _by_reports(case: Case) -> list[Violation]:
    growths, groups, fills = _reported(case), case.fills, case.evidence.log.fills
    found = []
    count = np.zeros(len(groups.keys), np.int64)
    place = groups.find(growths.ids)
    count[place[place != ABSENT]] = growths.counts[place != ABSENT]
    found += unequal(
        LAW, lambda n: f"order {groups.keys[n]}: fills, one for each growth reported", count, groups.counts
    )
    found += violations_where(
        LAW, place == ABSENT, lambda n: f"order {growths.ids[n]}: fills", "one for each growth reported", 0
    )
    # k-th growth against k-th fill, for the orders that have equally many
    even = place != ABSENT
    even[even] = growths.counts[even] == groups.counts[place[even]]
    of_growth = np.repeat(np.arange(len(growths.ids)), growths.counts)
    rank = np.arange(len(of_growth)) - growths.starts[of_growth]
    kept = even[of_growth]
    booked = fills[groups.rows[groups.starts[place[of_growth[kept]]] + rank[kept]]]
    said, said_ns = growths.figures[kept], growths.now_ns[kept]
    pairs = (
        ("lots", said["filled_lots"], booked["lots"]),
        ("cost", said["cost_amount"], booked["cost_quote_amount"]),
        ("fee", said["fee_amount"], booked["fee_amount"]),
        ("time", said_ns, booked["now_ns"]),
    )
    for name, expected, observed in pairs:
        found += unequal(
            LAW,
            lambda n, name=name: f"order {booked['client_id'][n]}: {name} of a fill, by the report",
            expected,
            observed,
        )
    return found


def _by_changes(case: Case) -> list[Violation]:
    """What a change knows as filled was booked, by then; the last change knows all that was booked before it."""
    groups, changes, fills, told = case.changes, case.evidence.log.changes, case.evidence.log.fills, case.told
    booked = np.empty(len(fills), np.int64)
    booked[case.fills.rows] = case.fills.running(fills["lots"][case.fills.rows])
    filled = changes["filled_lots"][groups.rows]
    grew = np.zeros(len(changes), bool)
    grew[groups.rows] = filled > groups.previous(filled, 0)
    exact = told != ABSENT
    rows = told[exact]
    exact[exact] = changes["filled_lots"][rows] == booked[exact]
    proven = np.zeros(len(changes), bool)
    proven[told[exact]] = True
    known = told != ABSENT
    early = known.copy()
    early[known] = changes["now_ns"][told[known]] < fills["now_ns"][known]
    last_ns = np.full(len(fills), -NEVER_NS)
    at = np.repeat(groups.find(case.fills.keys), case.fills.counts)
    last_ns[case.fills.rows[at != ABSENT]] = changes["now_ns"][groups.rows[groups.last[at[at != ABSENT]]]]
    return [
        *violations_where(
            LAW,
            grew & ~proven,
            lambda n: f"order {changes['client_id'][n]}: filled lots of a change, as booked",
            changes["filled_lots"],
            "another number",
        ),
        *violations_where(
            LAW, early, lambda n: f"order {fills['client_id'][n]}: a change told of lots", "not before booked", "before"
        ),
        *violations_where(
            LAW,
            ~known & (fills["now_ns"] < last_ns),
            lambda n: f"order {fills['client_id'][n]}: lots booked that its last change does not know",
            0,
            fills["lots"],
        ),
    ]


def _by_venues(case: Case) -> list[Violation]:
    """Where a venue tells of an order: ours did not fill more than theirs, and at rest exactly as much."""
    evidence = case.evidence
    if evidence.venue_orders is None:
        return []
    groups, fills = case.fills, evidence.log.fills
    theirs = evidence.venue_truth.figures_of(groups.keys)
    names = (("filled_lots", "lots"), ("cost_amount", "cost_quote_amount"), ("fee_amount", "fee_amount"))
    ours = {name: groups.sums(fills[booked][groups.rows]) for name, booked in names}
    level = (ours["filled_lots"] >= theirs["filled_lots"]) | _at_rest(case, groups.keys)
    level &= (theirs["client_id"] != 0) | evidence.venue_orders_complete
    found = []
    for name, observed in ours.items():
        wrong = level & (observed != theirs[name])
        found += violations_where(
            LAW, wrong, lambda n, name=name: f"order {groups.keys[n]}: {name}, by the venue", theirs[name], observed
        )
    table = evidence.venue_truth.table
    forgotten = (table["filled_lots"] > 0) & (groups.find(table["client_id"]) == ABSENT)
    return found + violations_where(
        LAW,
        forgotten & _at_rest(case, table["client_id"]),
        lambda n: f"order {table['client_id'][n]}: filled at the venue, never booked",
        table["filled_lots"],
        0,
    )


def _at_rest(case: Case, client_ids: np.ndarray) -> np.ndarray:
    """Whether nothing can be on its way about these orders any more: the session ended and nobody else minds them."""
    at = case.orders_of(client_ids)
    flagged = np.isin(case.trade_keys, case.flagged_keys)
    return (
        case.evidence.ended & ~(flagged[at] & (at != ABSENT))
        if len(flagged)
        else np.full(at.shape, case.evidence.ended)
    )


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


def _growth(totals: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Differences to the entry before of the same group; the first one's is from zero."""
    growth = totals.copy()
    same = group[1:] == group[:-1]
    for name in ("filled_lots", "cost_amount", "fee_amount"):
        growth[name][1:] -= np.where(same, totals[name][:-1], 0)
    return growth
