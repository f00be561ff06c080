"""Seed faults: a stage run with one defect on purpose, which it must reject, naming the check.

An acceptance that would pass whatever happens is worth nothing; these show that it does not. Each is either a function
of the engine exchanged for a defective one, or one setting that is not the stage's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from arbitrage_core.domain.compiled import Compiled, compiled
from arbitrage_core.engine.exits import consider_exit as sound_consider_exit
from arbitrage_core.engine.fills import book_fill as sound_book_fill
from arbitrage_core.engine.guard_memory import remember_result as sound_remember_result
from arbitrage_core.engine.guards import exposure_refusal as sound_exposure_refusal
from arbitrage_core.statistics.stationary_bootstrap import MeanBootstrap
from arbitrage_core.statistics.verdict import Judge, Verdict
from arbitrage_core.statistics.verdict import judge as sound_judge


class SeedFault(StrEnum):
    """Deliberate defects, to see that a stage rejects them."""

    FEE_SKIPPED = "fee-skipped"
    EXIT_DROPPED = "exit-dropped"
    FILL_BOOKED_TWICE = "fill-booked-twice"
    STOP_LOSS_OFF = "stop-loss-off"
    SLIPPAGE_ZERO = "slippage-zero"
    BAND_MISSED = "band-missed"
    PROFIT_FLATTERED = "profit-flattered"
    SEED_LEFT_OUT = "seed-left-out"
    GUARD_OFF_BY_ONE = "guard-off-by-one"
    COUNTER_SHARED = "counter-shared"
    PNL_IN_FLOATS = "pnl-in-floats"
    FEED_END_UNHEARD = "feed-end-unheard"
    AUDIT_BLIND = "audit-blind"
    INJECTION_OFF = "injection-off"
    ROW_AHEAD = "row-ahead"
    SPLIT_LEAKS = "split-leaks"
    VERDICT_SANGUINE = "verdict-sanguine"


@compiled
def fee_skipped(state, params, s, trade, leg, fee_amount):
    """`book_fee` that books nothing."""
    return np.int64(0)


@compiled
def fill_booked_twice(state, params, out, s, trade, leg_index, row):
    """`book_fill` that books a fill, forgets having done so, and books it again."""
    leg = trade.legs[leg_index]
    lots, cost_amount, fee_amount = leg.order[0].filled_lots, leg.order[0].cost_amount, leg.order[0].fee_amount
    sound_book_fill(state, params, out, s, trade, leg_index, row)
    leg.order[0].filled_lots, leg.order[0].cost_amount, leg.order[0].fee_amount = lots, cost_amount, fee_amount
    sound_book_fill(state, params, out, s, trade, leg_index, row)


@compiled
def never_leaves(state, params, out, s, trade, now_ns):
    """`consider_exit` that hears of nothing but the numbers no trade has."""
    if trade.number < 0:
        sound_consider_exit(state, params, out, s, trade, now_ns)


@compiled
def never_loses_too_much(symbol, terms, unit, trade):
    """`loses_too_much` that is never true: the stop-loss is off."""
    return False


@compiled
def feed_end_unheard(symbol, trade):
    """`feed_ended` that never hears of one."""
    return False


@compiled
def no_slippage(state, params, s, order, venue, lots, cost_amount):
    """`slippage_of` that finds none."""
    return np.int64(0)


@compiled
def realised_and_a_little(state, symbol, venue, trade, amount):
    """`book_realised` that adds a tenth of each gain to the trade alone."""
    trade.realised_amount += amount + (amount // 10 if amount > 0 else 0)
    symbol.realised_amount += amount
    venue.realised_amount += amount
    state.realised_amount += amount


@compiled
def one_entry_too_late(state, params, s, buy_venue, buy_lots, buy_px, sell_venue, sell_lots, sell_px):
    """`exposure_refusal` that looks at what stands, and not at what this entry adds to it."""
    nothing = np.int64(0)
    return sound_exposure_refusal(state, params, s, buy_venue, nothing, buy_px, sell_venue, nothing, sell_px)


@compiled
def losses_of_all(state, params, out, s, trade, now_ns):
    """`remember_result` that counts every symbol's losses for the first one."""
    sound_remember_result(state, params, out, np.int64(0), trade, now_ns)


@compiled
def realised_in_floats(state, symbol, venue, trade, amount):
    """`book_realised` that keeps the session's sum as a single-precision float would."""
    trade.realised_amount += amount
    symbol.realised_amount += amount
    venue.realised_amount += amount
    state.realised_amount = np.int64(np.float32(state.realised_amount) + np.float32(amount))


class SanguineBootstrap(MeanBootstrap):
    """A bootstrap whose interval begins at the mean: as if nothing could have been luck."""

    def interval(self, confidence: float) -> tuple[float, float]:
        """The lower end is the mean."""
        return self.mean, super().interval(confidence)[1]


def judge_sanguinely(nets: np.ndarray, *, trials: int = 1, seed: int = 0) -> Verdict:
    """`judge` that knows no uncertainty downwards."""
    return sound_judge(nets, trials=trials, seed=seed, bootstrap=SanguineBootstrap.of)


@dataclass(frozen=True)
class Defect:
    """What a fault changes: engine functions by name, settings of one seed of the first campaign, or what judges."""

    replaced: Mapping[str, Compiled] = field(default_factory=dict)
    settings_of_one_seed: tuple[str, ...] = ()
    leaves_out_a_seed: bool = False
    blinds_the_audit: bool = False
    injects_nothing: bool = False
    looks_ahead: bool = False
    leaks_splits: bool = False
    judged: Judge = sound_judge


DEFECTS: dict[SeedFault, Defect] = {
    SeedFault.FEE_SKIPPED: Defect({"book_fee": fee_skipped}),
    SeedFault.EXIT_DROPPED: Defect({"consider_exit": never_leaves}),
    SeedFault.FILL_BOOKED_TWICE: Defect({"book_fill": fill_booked_twice}),
    SeedFault.STOP_LOSS_OFF: Defect({"loses_too_much": never_loses_too_much}),
    SeedFault.SLIPPAGE_ZERO: Defect({"slippage_of": no_slippage}),
    SeedFault.BAND_MISSED: Defect(settings_of_one_seed=("hold_max_ms=200",)),
    SeedFault.PROFIT_FLATTERED: Defect({"book_realised": realised_and_a_little}),
    SeedFault.SEED_LEFT_OUT: Defect(leaves_out_a_seed=True),
    SeedFault.GUARD_OFF_BY_ONE: Defect({"exposure_refusal": one_entry_too_late}),
    SeedFault.COUNTER_SHARED: Defect({"remember_result": losses_of_all}),
    SeedFault.PNL_IN_FLOATS: Defect({"book_realised": realised_in_floats}),
    SeedFault.FEED_END_UNHEARD: Defect({"feed_ended": feed_end_unheard}),
    SeedFault.AUDIT_BLIND: Defect(blinds_the_audit=True),
    SeedFault.INJECTION_OFF: Defect(injects_nothing=True),
    SeedFault.ROW_AHEAD: Defect(looks_ahead=True),
    SeedFault.SPLIT_LEAKS: Defect(leaks_splits=True),
    SeedFault.VERDICT_SANGUINE: Defect(judged=judge_sanguinely),
}


def defect_of(fault: SeedFault | None) -> Defect:
    """The defect of a fault; of None, none."""
    return Defect() if fault is None else DEFECTS[fault]
