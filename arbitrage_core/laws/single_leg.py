"""Law I7: no leg stays alone unseen or for long.

A trade's legs are *unequal* when they differ by what can be dealt in: by the finer of its two markets' steps, or, once
it was told to leave, by the step of the market of the leg that holds more (docs/engine.md §9; a smaller rest is let
stand). They are followed through the timeline; with a the begin of such a stretch:

- From a + `single_leg_deadline` on, no time passes without an order at work but the pause between tries: at most
  min(60 s, `retry` × 2ⁿ), n the orders sent since a. So a trade works at being hedged or unwound; how often venues
  refuse or have no depth bounds how long that takes, nothing else does.
- An order at work ends within 512 × `answer_timeout` (1 + 2 + 4 + … + 256, and one more), or, if it may rest, within
  `working_max` + three times that (it is asked about anew when acknowledged, when canceled); or its trade is flagged.
- Unhedged notional is visible: wherever legs are unequal once no order works, an incident spans that time, from the
  begin; a trade's incidents and their cost are those logged; its `unhedged_quote_s` is the integral of unequal lots ×
  lot × decision price of the entry of the leg that holds more, rests included.
- A trade that ended holds nothing, did so with its last order, began with its first fill, and is VOID exactly if it had
  none, CLOSED exactly if it was told to leave; at rest, only flagged trades are in use.
"""

from dataclasses import dataclass

import numpy as np

from arbitrage_core.domain.order import OrderStyle, Purpose
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.state import NEVER_NS
from arbitrage_core.laws.case import Case, opens
from arbitrage_core.laws.evidence import VenueTruth
from arbitrage_core.laws.exact_sum import summed_at
from arbitrage_core.laws.groups import ABSENT, Groups, grouped, places_of, trade_key, trade_name
from arbitrage_core.laws.slots import Slots
from arbitrage_core.laws.terms import Terms
from arbitrage_core.laws.timeline import Timeline
from arbitrage_core.laws.violation import Violation, unequal, violations_where

LAW = "I7"
RETRY_MAX_NS = 60_000_000_000
ANSWER_TIMEOUTS_MAX = 512
RESTING_COUNTS_MAX = 3
FAR = 2**62
"""The step of a leg that has no order."""
UNHEDGED_SLACK = 1e-6
"""Relative: `unhedged_quote_s` is a float, summed piece by piece."""


@dataclass(frozen=True, eq=False)
class Stretches:
    """The time between two events of a trade, n of them, gathered by trade.

    `groups`: of the timeline by trade; `timeline`: in that order. [n]: `until_ns`; `lead_lots`, leg 0's lots less leg
    1's; `unequal`; `working`, how many orders; `since_ns` and `tries`: for unequal ones, when that began and how many
    orders were sent since.
    """

    groups: Groups
    timeline: Timeline
    until_ns: np.ndarray
    lead_lots: np.ndarray
    unequal: np.ndarray
    working: np.ndarray
    since_ns: np.ndarray
    tries: np.ndarray

    @property
    def trade(self) -> np.ndarray:
        """The key of each stretch's trade."""
        return self.groups.keys[self.groups.group]


def state_single_leg(terms: Terms, state: np.record, slots: Slots, truth: VenueTruth) -> list[Violation]:
    """Unequal legs are dated, equal ones are not; once no order works at them, an incident stands or the trade is
    flagged."""
    trades, lots = slots.trades, slots.legs["lots"]
    if not len(trades):
        return []
    steps = terms.step_lots[slots.leg_symbol, slots.legs["venue"]]
    leaving = (trades["phase"] == Phase.OPEN) | (trades["phase"] == Phase.CLOSING)
    apart = _apart(lots[:, 0] - lots[:, 1], leaving, steps[:, 0], steps[:, 1])
    dated = trades["imbalance_ns"] != NEVER_NS
    misdated = (apart & ~dated) | (dated & (lots[:, 0] == lots[:, 1]))
    seen = (trades["incident_began_ns"] != NEVER_NS) | (trades["flagged"] != 0)
    alone = apart & ~slots.working.any(1) & ~seen
    return [
        *violations_where(LAW, misdated, lambda n: f"{slots.trade_name(n)}: unequal legs, dated", apart, dated),
        *violations_where(LAW, alone, lambda n: f"{slots.trade_name(n)}: unequal legs, at rest", "an incident", "none"),
    ]


def _apart(lead_lots: np.ndarray, leaving: np.ndarray, step_0: np.ndarray, step_1: np.ndarray) -> np.ndarray:
    """Whether legs are unequal by what can be dealt in. `lead_lots`: leg 0's less leg 1's; `leaving`: told to leave."""
    lead_step = np.where(lead_lots > 0, step_0, step_1)
    return (lead_lots != 0) & (abs(lead_lots) >= np.where(leaving, lead_step, np.minimum(step_0, step_1)))


def log_single_leg(case: Case) -> list[Violation]:
    """The legs of every trade through the whole log."""
    found = [*_trade_ends(case), *_trade_times(case)]
    if not len(case.submits) or not len(case.evidence.log.changes):
        return found
    stretches = _stretches(case)
    return [
        *found,
        *_idle(case, stretches),
        *_endless_orders(case, stretches),
        *_unseen(case, stretches),
        *_unhedged_figures(case, stretches),
    ]


def _stretches(case: Case) -> Stretches:
    timeline, submits, terms = case.timeline, case.submits, case.terms
    groups = grouped(case.trade_keys[timeline.order])
    timeline = timeline[groups.rows]
    order, now_ns = timeline.order, timeline.now_ns
    towards = np.where(case.opening, 1, -1) * np.where(submits["leg"] == 0, 1, -1)
    lead_lots = groups.running(timeline.growth_lots * towards[order])
    working = groups.running(timeline.sent.astype(np.int64) - timeline.finished)
    steps = terms.step_lots[submits["symbol"], submits["venue"]][order]
    step_0, step_1 = (
        np.repeat(np.minimum.reduceat(np.where(submits["leg"][order] == leg, steps, FAR), groups.starts), groups.counts)
        for leg in (0, 1)
    )
    place = np.arange(len(order))
    last_sent = np.maximum(np.maximum.accumulate(np.where(timeline.sent, place, 0)), groups.starts[groups.group])
    leaving = submits["purpose"][order[last_sent]] == Purpose.EXIT
    uneven = _apart(lead_lots, leaving, step_0, step_1)
    until_ns = np.empty_like(now_ns)
    until_ns[:-1] = now_ns[1:]
    until_ns[groups.last] = case.ended_ns(groups.keys)
    begins = uneven & ~groups.previous(uneven, False)
    since = np.maximum.accumulate(np.where(begins, place, 0))
    sends = np.cumsum(timeline.sent)
    return Stretches(groups, timeline, until_ns, lead_lots, uneven, working, now_ns[since], sends - sends[since])


def _idle(case: Case, stretches: Stretches) -> list[Violation]:
    """Past the deadline, no pause is longer than the one between tries."""
    terms, symbol = case.terms, case.submits["symbol"][stretches.timeline.order]
    deadline_ns = stretches.since_ns + terms.single_leg_deadline_ns[symbol]
    idle_ns = stretches.until_ns - np.maximum(stretches.timeline.now_ns, deadline_ns)
    doublings = np.minimum(stretches.tries, 40)
    allowed_ns = np.minimum(RETRY_MAX_NS, terms.retry_ns[symbol] * np.exp2(doublings))
    wrong = stretches.unequal & (stretches.working <= 0) & (idle_ns > allowed_ns)
    wrong &= ~case.flagged(stretches.trade)
    return violations_where(
        LAW,
        wrong,
        lambda n: f"{trade_name(int(stretches.trade[n]))}: ns past its deadline with a leg alone and no order, at most",
        allowed_ns,
        idle_ns,
    )


def _endless_orders(case: Case, stretches: Stretches) -> list[Violation]:
    """An order of a trade with fills ends in bounded time, or the trade is flagged."""
    submits, terms, timeline = case.submits, case.terms, stretches.timeline
    ended_ns = np.full(len(submits), int(case.evidence.state["now_ns"]))
    ended_ns[timeline.order[timeline.finished]] = timeline.now_ns[timeline.finished]
    rests = (submits["style"] == OrderStyle.GTC) | (submits["style"] == OrderStyle.POST_ONLY)
    symbol = submits["symbol"]
    counts = np.where(rests, RESTING_COUNTS_MAX, 1) * ANSWER_TIMEOUTS_MAX
    life_ns = np.where(rests, terms.working_max_ns[symbol], 0) + counts * terms.answer_timeout_ns[symbol]
    filled = case.filled_trades.find(case.trade_keys) != ABSENT
    wrong = filled & (ended_ns - submits["now_ns"] > life_ns) & ~case.flagged(case.trade_keys)
    return violations_where(
        LAW,
        wrong,
        lambda n: f"order {submits['client_id'][n]}: ns at work, unflagged",
        life_ns,
        ended_ns - submits["now_ns"],
    )


def _unseen(case: Case, stretches: Stretches) -> list[Violation]:
    """Where the last order at work ended and the legs are unequal, an incident spans the time until the next event."""
    alone = stretches.timeline.finished & (stretches.working <= 0) & stretches.unequal
    trade, since_ns, until_ns = stretches.trade[alone], stretches.since_ns[alone], stretches.until_ns[alone]
    log, standing = case.evidence.log.incidents, case.slots.trades["incident_began_ns"] != NEVER_NS
    keys = np.concatenate([trade_key(log["symbol"], log["trade"]), case.slots.keys[standing]])
    began_ns = np.concatenate([log["began_ns"], case.slots.trades["incident_began_ns"][standing]])
    ended_ns = np.concatenate([log["ended_ns"], np.full(standing.sum(), NEVER_NS)])
    # the last incident of the trade that began at or before: both lists in one order of (trade, time)
    is_stretch = np.repeat([False, True], [len(keys), len(trade)])
    order = np.lexsort((is_stretch, np.concatenate([began_ns, since_ns]), np.concatenate([keys, trade])))
    latest = np.maximum.accumulate(np.where(is_stretch[order], -1, np.arange(len(order))))[is_stretch[order]]
    asked = order[is_stretch[order]] - len(keys)
    seen = np.zeros(len(trade), bool)
    incident = order[np.maximum(latest, 0)]
    covers = (latest >= 0) & ~is_stretch[incident]
    incident = np.where(covers, incident, 0)
    if len(keys):
        seen[asked] = covers & (keys[incident] == trade[asked]) & (ended_ns[incident] >= until_ns[asked])
    return violations_where(
        LAW, ~seen, lambda n: f"{trade_name(int(trade[n]))}: a leg alone since {since_ns[n]}", "an incident", "none"
    )


def _unhedged_figures(case: Case, stretches: Stretches) -> list[Violation]:
    """Notional × seconds of trades that ended."""
    trades, terms, groups, submits = case.evidence.log.trades, case.terms, stretches.groups, case.submits
    px = []
    for leg in (0, 1):
        entries = (submits["purpose"] == Purpose.ENTRY) & (submits["leg"] == leg)
        found = grouped(case.trade_keys[entries])
        at = found.find(groups.keys)
        decided = submits["decision_px"][entries][found.rows[found.starts]] if len(found.keys) else np.zeros(1)
        px.append(np.repeat(np.where(at == ABSENT, np.nan, decided[at]), groups.counts))
    seconds = (stretches.until_ns - stretches.timeline.now_ns) * 1e-9
    lead_px = np.where(stretches.lead_lots > 0, *px)
    unhedged = groups.sums(np.where(stretches.lead_lots == 0, 0.0, abs(stretches.lead_lots) * lead_px * seconds))
    at = groups.find(case.ended_keys)
    trades, at = trades[at != ABSENT], at[at != ABSENT]
    expected = unhedged[at] * terms.lot_base[trades["symbol"]]
    observed = trades["unhedged_quote_s"]
    wrong = ~(abs(observed - expected) <= UNHEDGED_SLACK * abs(expected))
    return violations_where(
        LAW,
        wrong,
        lambda n: f"symbol {trades['symbol'][n]} trade {trades['number'][n]}: unhedged notional × seconds",
        expected,
        observed,
    )


def _trade_ends(case: Case) -> list[Violation]:
    """Trades that ended hold nothing and tell of their incidents; at rest only flagged ones are in use."""
    log, slots = case.evidence.log, case.slots
    trades, fills, incidents = log.trades, log.fills, log.incidents
    by_key = np.argsort(case.ended_keys, kind="stable")
    keys = case.ended_keys[by_key]
    trades = trades[by_key]
    of_fill = places_of(keys, trade_key(fills["symbol"], fills["trade"]))
    of_incident = places_of(keys, trade_key(incidents["symbol"], incidents["trade"]))
    filled = summed_at(keys.shape, ((of_fill[of_fill >= 0],), np.ones((of_fill >= 0).sum(), np.int64)))
    signed = np.where(opens(fills["purpose"]), 1, -1) * fills["lots"]
    kept = summed_at((*keys.shape, 2), ((of_fill[of_fill >= 0], fills["leg"][of_fill >= 0]), signed[of_fill >= 0]))

    def named(what: str):
        return lambda n, *leg: f"{trade_name(int(keys[n]))}: {what}"

    exits = case.trade_keys[case.submits["purpose"] == Purpose.EXIT]
    left = grouped(exits).find(keys) != ABSENT
    told = of_incident >= 0
    counted = summed_at(keys.shape, ((of_incident[told],), np.ones(told.sum(), np.int64)))
    cost = summed_at(keys.shape, ((of_incident[told],), incidents["cost_amount"][told]))
    found = [
        *violations_where(LAW, kept != 0, named("lots held when it ended"), 0, kept),
        *unequal(LAW, named("ended VOID"), filled == 0, trades["phase"] == Phase.VOID),
        *unequal(LAW, named("ended CLOSED"), left, trades["phase"] == Phase.CLOSED),
        *unequal(LAW, named("incidents"), counted, trades["incidents"]),
        *unequal(LAW, named("cost of its incidents"), cost, trades["incident_amount"]),
    ]
    if case.evidence.ended:
        found += violations_where(
            LAW,
            slots.trades["flagged"] == 0,
            lambda n: f"{slots.trade_name(n)}: in use at rest, flagged",
            1,
            0,
        )
    return found


def _trade_times(case: Case) -> list[Violation]:
    """A trade that ended began with its first fill, ended with its last order, and was at the venues of its legs."""
    trades, submits, timeline = case.evidence.log.trades, case.submits, case.timeline
    fills, opened = case.evidence.log.fills, case.filled_trades
    at = opened.find(case.ended_keys)
    opened_ns = np.zeros(len(trades), np.int64)
    opened_ns[at != ABSENT] = fills["now_ns"][opened.rows[opened.starts[at[at != ABSENT]]]]
    ended = grouped(case.trade_keys[timeline.order[timeline.finished]])
    at = ended.find(case.ended_keys)
    ended_ns = np.zeros(len(trades), np.int64)
    ended_ns[at != ABSENT] = timeline.now_ns[timeline.finished][ended.rows[ended.last[at[at != ABSENT]]]]

    def named(what: str):
        return lambda n: f"{trade_name(int(case.ended_keys[n]))}: {what}"

    found = [
        *unequal(LAW, named("opened by its first fill"), opened_ns, trades["opened_ns"]),
        *unequal(LAW, named("ended by its last order"), ended_ns, trades["ended_ns"]),
    ]
    for leg, name in enumerate(("buy_venue", "sell_venue")):
        entries = (submits["leg"] == leg) & (submits["attempt"] == 1)
        legs = grouped(case.trade_keys[entries])
        at = legs.find(case.ended_keys)
        venue = np.full(len(trades), ABSENT)
        venue[at != ABSENT] = submits["venue"][entries][legs.rows[legs.starts[at[at != ABSENT]]]]
        found += unequal(LAW, named(name), venue, trades[name])
    return found
