"""The outcome: chosen in sample, shown beside out of sample, the number of trials counted in."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from arbitrage_core.storage.record.studies import TrialResult
from arbitrage_core.tuning.outcome import StudyOutcome, best_of, outcome_of
from arbitrage_core.tuning.search import Definition
from arbitrage_core.tuning.space import range_of
from arbitrage_core.tuning.splits import WalkForward

DEFINITION = Definition(space=dict([range_of("a=1:2")]), walk_forward=WalkForward(count=2))
PERIODS = DEFINITION.walk_forward.periods


def result(trial: int, profits: np.ndarray | None = None, **figures: Any) -> TrialResult:
    """A set with these profits by period; figures that are not given follow from them."""
    profits = np.zeros(PERIODS) if profits is None else profits
    inside, outside = profits[: PERIODS * 2 // 3], profits[PERIODS * 2 // 3 :]
    whole = [
        {
            "pnl_quote": part.sum(),
            "sharpe": part.mean() / part.std(ddof=1) if part.std() else 0.0,
            "max_drawdown_quote": 0.0,
            **figures,
        }
        for part in (inside, outside)
    ]
    kept = {"in_sample": whole[0], "out_of_sample": whole[1], "splits": [whole, whole]}
    kept["period_pnl_quote"] = profits.tolist()
    digest = "0" * 64
    return TrialResult(trial, {"a": 1 + trial / 1_000}, 0.0, 0.0, kept, digest, digest, digest, digest)


def outcome(results: list[TrialResult], definition: Definition = DEFINITION) -> StudyOutcome:
    """What they come to."""
    return outcome_of("made up", 1, definition, results, param_rows=600, evaluated_s=2.0, elapsed_s=3.0)


def test_the_best_is_the_best_in_sample_and_of_equals_the_first():
    results = [result(0, pnl_quote=1.0), result(1, pnl_quote=3.0), result(2, pnl_quote=3.0)]
    assert [one.trial for one in best_of(results, ["pnl_quote"])] == [1, 2, 0]
    assert [one["trial"] for one in outcome(results).best] == [1, 2, 0]
    assert outcome(results).param_rows_per_s == 300


def test_of_several_objectives_those_stay_that_nothing_beats_in_all():
    results = [
        result(0, pnl_quote=3.0, max_drawdown_quote=5.0),
        result(1, pnl_quote=2.0, max_drawdown_quote=1.0),
        result(2, pnl_quote=2.0, max_drawdown_quote=6.0),
    ]
    assert [one.trial for one in best_of(results, ["pnl_quote", "max_drawdown_quote"])] == [0, 1]


def test_sets_that_were_stopped_are_counted_and_not_shown():
    stopped = TrialResult(0, {"a": 1}, None, None, None, *("0" * 64,) * 3, None, failure="a law was broken")
    found = outcome([stopped, result(1)])
    assert (found.trials, found.failed, len(found.best)) == (2, 1, 1)
    assert (found.deflated_sharpe, found.overfit_probability) == (None, None)


def test_no_sets_come_to_nothing():
    found = outcome([])
    assert (found.best, found.walk_forward, found.deflated_sharpe) == ([], [], None)


def test_chance_alone_is_not_taken_for_skill_and_skill_is():
    chance = np.random.default_rng(3)
    noise = [result(trial, chance.normal(size=PERIODS)) for trial in range(200)]
    found = outcome(noise)
    assert found.deflated_sharpe < 0.9
    assert found.overfit_probability > 0.2
    skilled = outcome([*noise, result(200, chance.normal(3.0, 1.0, PERIODS))])
    assert skilled.best[0]["trial"] == 200
    assert skilled.deflated_sharpe > 0.95
    assert skilled.overfit_probability < 0.05


def test_more_trials_deflate_the_same_best():
    chance = np.random.default_rng(3)
    best = result(0, chance.normal(0.9, 1.0, PERIODS))
    others = [result(trial, chance.normal(size=PERIODS)) for trial in range(1, 400)]
    found = [outcome([best, *others[:count]]) for count in (10, 399)]
    assert found[0].best[0]["trial"] == found[1].best[0]["trial"] == 0
    assert found[1].deflated_sharpe < found[0].deflated_sharpe


def test_sets_that_plainly_lose_do_not_make_the_best_luck():
    chance = np.random.default_rng(3)
    best = result(0, chance.normal(2.5, 1.0, PERIODS))
    alike = [result(trial, chance.normal(size=PERIODS)) for trial in range(1, 60)]
    losing = [result(trial, chance.normal(-8.0, 1.0, PERIODS)) for trial in range(1, 60)]
    assert outcome([best, *losing]).deflated_sharpe == outcome([best, *alike]).deflated_sharpe > 0.95


def test_what_the_best_have_in_common_is_told():
    space = dict([range_of("a=1:2"), range_of("b=1:2")])
    chance = np.random.default_rng(3)
    results = []
    for trial in range(80):
        a, b = chance.uniform(1, 2, 2).tolist()
        results.append(replace(result(trial, pnl_quote=-abs(a - 1.4)), params={"a": a, "b": b}))
    both = DEFINITION.model_copy(update={"space": space})
    found = outcome(results, both).importance
    assert list(found) == ["a", "b"]
    assert found["a"] > 0.8
    assert sum(found.values()) == pytest.approx(1.0)
    assert outcome(results[:10], both).importance == {}


@pytest.mark.parametrize("split", [0, 1])
def test_walk_forward_chooses_at_each_split_by_what_was_known(split: int):
    better, worse = result(0, np.ones(PERIODS)), result(1, np.zeros(PERIODS))
    worse.figures["splits"][split] = [{"pnl_quote": 99.0}, {"pnl_quote": -5.0}]
    chosen = outcome([better, worse]).walk_forward
    assert [one["trial"] for one in chosen] == [int(at == split) for at in range(2)]
    assert chosen[split]["out_of_sample"] == -5.0
