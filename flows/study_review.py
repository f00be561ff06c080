"""The review of a seed's study: what it says of its best set, found again in another way; and what it must not know.

Found again from the session of the best set, a backtest by the engine that leaps over nothing: the state hash, and the
figures of every split, added up here from its trades by the rule as it is stated (docs/tuning.md). Not to be known:
with other rows out of sample, every set must have the same figures in sample, and the same set must be chosen; with
other rows from any boundary on, every order before it must be the same.
"""

from itertools import pairwise

import numpy as np

from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.params import NS_PER_MS
from arbitrage_core.session.result import SessionResult
from arbitrage_core.tuning.course import BASELINE
from arbitrage_core.tuning.evaluation import Evaluation, Evaluator
from arbitrage_core.tuning.figures import upward
from arbitrage_core.tuning.foresight import foresight_of
from flows.seed_study import SeedStudy
from flows.stages.stage import StudyPlan
from flows.study_evidence import StudyEvidence

SHOWN_MAX = 3
EXACT_QUOTE = 1e-6
"""Sums of the same amounts in another order differ by less."""


def reviewed(study: SeedStudy, result: SessionResult) -> StudyEvidence:
    """The evidence of a study; `result`: the session of its best set."""
    plan, outcome, best = study.plan, study.outcome, study.best
    boundaries = boundaries_ns(study.feed, plan)
    foresight = foresight_of(
        study.altered_from, result.config, result.log.orders, boundaries[1:-1], study.evaluator.walk_forward
    )
    changed, moved, again = _without_the_end(study, boundaries[-2])
    return StudyEvidence(
        name=outcome.study,
        study_id=outcome.study_id,
        planned=plan.trials,
        trials=outcome.trials,
        failed=outcome.failed,
        objective=plan.objective,
        trial=best["trial"],
        params=best["params"],
        settings=study.settings,
        in_sample=best["in_sample"],
        out_of_sample=best["out_of_sample"],
        deflated_sharpe=outcome.deflated_sharpe,
        overfit_probability=outcome.overfit_probability,
        loss_probability=outcome.loss_probability,
        plateau_share=outcome.plateau.worst_share if outcome.plateau is not None else None,
        objections=outcome.objections,
        state_hash=best["state_hash"],
        split_differences=split_differences(study, result, boundaries),
        moments=foresight.moments,
        orders_compared=foresight.orders,
        foreseen=foresight.seen,
        in_sample_changed=changed,
        out_of_sample_changed=moved,
        chosen_again=again,
    )


def boundaries_ns(feed, plan: StudyPlan) -> list[int]:
    """Where the rows begin, every boundary of the splits, and where the rows end (1 ns after the last)."""
    arrays = list(feed)
    first, end = int(arrays[0]["now_ns"][0]), int(arrays[-1]["now_ns"][-1]) + 1
    return [first + (end - first) * piece // (plan.splits + 1) for piece in range(plan.splits + 2)]


def split_differences(study: SeedStudy, result: SessionResult, boundaries: list[int]) -> tuple[str, ...]:
    """Where a split's trades and profit are not those of the session's trades: in sample those that ended before the
    boundary, out of sample those decided after it and its embargo and ended before the next."""
    chosen = next(one for config, one in study.tried if config.digest == result.config.digest)
    told_splits = chosen.scenarios[BASELINE].splits if chosen.scenarios else chosen.splits
    trades = result.log.trades[result.log.trades["phase"] != Phase.VOID]
    profit = trades["realised_amount"] * booking_unit(result.config.reporting_currency)
    embargo_ns, found = round(study.plan.embargo_ms * NS_PER_MS), []
    for split, (at, until) in enumerate(pairwise(boundaries[1:])):
        inside = trades["ended_ns"] < at
        outside = (trades["decided_ns"] >= at + embargo_ns) & (trades["ended_ns"] < until)
        for name, mine, told in zip(("in", "out of"), (inside, outside), told_splits[split], strict=True):
            count, pnl = int(np.count_nonzero(mine)), float(profit[mine].sum())
            if count != told["trades"] or abs(pnl - told["pnl_quote"]) > EXACT_QUOTE:
                found.append(
                    f"split {split} {name} sample: {told['trades']} trades, {told['pnl_quote']:.6g};"
                    f" the session's are {count}, {pnl:.6g}"
                )
    return tuple(found[:SHOWN_MAX])


def _without_the_end(study: SeedStudy, boundary_ns: int) -> tuple[tuple[str, ...], int, bool]:
    """Every set again, with other rows from the last boundary on: whose figures in sample changed, how many out of
    sample did, and whether the same set is chosen."""
    configs = [config for config, _ in study.tried]
    altered = Evaluator(study.altered_from(boundary_ns), study.evaluator.walk_forward, study.plan.scenarios)
    again = altered.evaluate(configs, threads=1)
    changed, moved = [], 0
    for number, ((_, before), after) in enumerate(zip(study.tried, again, strict=True)):
        if after.failure is None and _known(before) != _known(after):
            changed.append(f"trial {number}")
        moved += before.out_of_sample != after.out_of_sample
    chosen = _best_of([one for _, one in study.tried], study.plan) == _best_of(again, study.plan)
    return tuple(changed[:SHOWN_MAX]), moved, chosen


def _known(one: Evaluation) -> tuple:
    """What a set did before the last boundary."""
    return tuple(inside for inside, _ in one.splits), tuple(outside for _, outside in one.splits[:-1])


def _best_of(found: list[Evaluation], plan: StudyPlan) -> int:
    """The number of the set that brought most in sample, the first of equals; a set that was stopped brought least."""
    brought = [upward(one.in_sample, plan.objective) if one.in_sample else -np.inf for one in found]
    return int(np.argmax(brought))
