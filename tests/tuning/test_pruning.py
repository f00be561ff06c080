"""Pruning: what is shown of a study is the same with it and without, and what it spares is real."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg
import pytest

from arbitrage_core.domain.errors import InvariantBroken
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.tuning import pruning
from arbitrage_core.tuning.bar import Bar
from arbitrage_core.tuning.course import BASELINE
from arbitrage_core.tuning.evaluation import Evaluation, Evaluator
from arbitrage_core.tuning.outcome import StudyOutcome
from arbitrage_core.tuning.pruning import BEST, Pruning, is_pruned
from arbitrage_core.tuning.search import Definition, Sampler
from arbitrage_core.tuning.space import range_of
from arbitrage_core.tuning.study import StudyOrder, run_study
from tests.tuning.conftest import config_of
from tests.tuning.test_outcome import result
from tests.tuning.test_scenarios import evaluator_of
from tests.tuning.test_study import WALK_FORWARD, Stopped, plan, results_of, stop, stopping

NAMES = ("LATENCY_STORM", "SPREAD_COLLAPSE", "LIQUIDITY_DROUGHT")
SPACE = dict(map(range_of, ["entry_spread_bps=20:110:6", "hold_max_ms=2000:30000:7000"]))
TRIALS = 48
SHOWN = ("best", "walk_forward", "deflated_sharpe", "overfit_probability", "loss_probability", "plateau", "trials")


def order_of(evaluator: Evaluator, sampler: Sampler = "random", *, prune: bool = True, **other: object) -> StudyOrder:
    """A study that prunes, or the same without."""
    fields = {"sampler": sampler, "scenarios": NAMES, "walk_forward": WALK_FORWARD, "seed": 5, **other}
    definition = Definition(space=SPACE, prune=prune, **fields)
    return StudyOrder("pruned", definition, plan, evaluator.data_digest, evaluator.rows, trials=TRIALS, batch=12)


def whole_and_pruned(
    new_database: Callable[[], str], folder: Path, sampler: Sampler = "random", **other: object
) -> tuple[list[StudyOutcome], list[list[dict[str, object]]]]:
    """Outcomes and results of a study, first without pruning, then with it."""
    evaluator, outcomes, results = evaluator_of(*NAMES), [], []
    for prune in (False, True):
        url, order = new_database(), order_of(evaluator, sampler, prune=prune, **other)
        outcomes.append(run_study(order, evaluator.evaluate, url, folder / str(prune)))
        results.append(results_of(url))
    return outcomes, results


@pytest.mark.parametrize(
    "sampler, objective",
    [
        ("grid", "pnl_quote"),
        ("random", "pnl_quote"),
        ("random", "expectancy_quote"),
        ("random", "sharpe"),
        ("random", "max_drawdown_quote"),
    ],
)
def test_a_study_shows_the_same_with_pruning_and_without(
    sampler: Sampler, objective: str, new_database: Callable[[], str], tmp_path: Path
):
    (whole, pruned), results = whole_and_pruned(new_database, tmp_path, sampler, objectives=(objective,))
    assert [getattr(whole, name) for name in SHOWN] == [getattr(pruned, name) for name in SHOWN]
    assert (len(whole.best), whole.pruned) == (BEST, 0)
    assert pruned.pruned > 10
    assert (bool(whole.importance), pruned.importance) == (True, {})
    given_up = 0
    for one, other in zip(*results, strict=True):
        if not is_pruned(other["figures"]):
            assert one == other
            continue
        given_up += 1
        seen, everything = other["figures"]["scenarios"], one["figures"]["scenarios"]
        assert set(seen) < set(everything) == {BASELINE, *NAMES}
        assert all(seen[name] == everything[name] for name in seen)
        assert one["params"] == other["params"]
        assert one["figures"]["period_pnl_quote"] == other["figures"]["period_pnl_quote"]
        way = -1 if objective == "max_drawdown_quote" else 1
        assert way * other["in_sample"] >= way * one["in_sample"], "what was known can only get worse"
    assert given_up == pruned.pruned
    sessions = [sum(len(one["figures"]["scenarios"]) for one in each) for each in results]
    assert sessions[0] == TRIALS * (1 + len(NAMES))
    assert sessions[1] < 0.9 * sessions[0]


def test_a_bar_that_is_too_high_would_be_found_out(
    new_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pruning, "BEST", 2)
    (whole, pruned), _ = whole_and_pruned(new_database, tmp_path)
    assert whole.best[:2] == pruned.best[:2]
    assert whole.best != pruned.best


def test_what_is_given_up_does_not_hang_on_threads_or_interruptions(new_database: Callable[[], str], tmp_path: Path):
    evaluator = evaluator_of(*NAMES)
    order, made = order_of(evaluator), []
    for threads in (1, 4):
        url = new_database()
        run_study(order, partial(evaluator.evaluate, threads=threads), url, tmp_path / str(threads))
        made.append(results_of(url))
    broken = new_database()
    with pytest.raises(Stopped):
        run_study(order, halting(evaluator, 3), broken, tmp_path / "broken")
    run_study(order, evaluator.evaluate, broken, tmp_path / "broken")
    made.append(results_of(broken))
    assert made[0] == made[1] == made[2]
    with psycopg.connect(broken) as connection:
        told = connection.execute("SELECT state, count(*) FROM optuna.trials GROUP BY state").fetchall()
    given_up = sum(is_pruned(one["figures"]) for one in made[0])
    assert dict(told) == {"COMPLETE": len(made[0]) - given_up, "PRUNED": given_up}


def halting(evaluator: Evaluator, after: int) -> Callable[..., list[Evaluation]]:
    """As `stopping`, passing the bar on."""
    counted = stopping(evaluator, after, stop)

    def evaluate(configs: Sequence[SessionConfig], bar: Bar | None = None) -> list[Evaluation]:
        counted([])
        return evaluator.evaluate(configs, bar=bar)

    return evaluate


def scored(trial: int, worst: str, *splits: float, **more: object):
    """A set with these worst cases at each split."""
    figures = {**result(trial).figures, "splits": [[{"pnl_quote": one}, {}] for one in splits], "worst": worst, **more}
    return replace(result(trial), figures=figures)


DEFINITION = Definition(
    space=dict([range_of("a=1:2")]), sampler="random", scenarios=NAMES, prune=True,
    walk_forward=WALK_FORWARD.model_copy(update={"count": 2}),
)  # fmt: skip


def test_the_bar_is_the_tenth_best_and_at_earlier_splits_the_best():
    kept = Pruning(DEFINITION)
    kept.take(scored(trial, NAMES[2], 5.0 - trial, float(trial)) for trial in range(BEST - 1))
    assert kept.bar is None
    kept.take([scored(BEST, BASELINE, 9.0, 99.0, pruned=True), replace(result(11), figures=None)])
    assert kept.bar is None, "neither a set that was given up nor one that was stopped is complete"
    kept.take([scored(BEST, NAMES[1], -3.0, 4.5)])
    assert kept.bar == Bar("pnl_quote", (5.0, 0.0), (NAMES[2], NAMES[1], NAMES[0]))
    kept.take([scored(12, NAMES[1], 7.0, 50.0)])
    assert kept.bar.splits == (7.0, 1.0)


def test_a_study_that_does_not_prune_has_no_bar():
    kept = Pruning(DEFINITION.model_copy(update={"prune": False}))
    kept.take(scored(trial, NAMES[0], 1.0, 1.0) for trial in range(20))
    assert kept.bar is None


@pytest.mark.parametrize(
    "found, missed",
    [
        ([(4.0, 1.0)], True),
        ([(5.0, 2.0)], True),
        ([(5.1, 1.0)], False),
        ([(4.0, 2.1)], False),
        ([(5.1, 2.1), (4.0, 1.0)], True),
        ([(5.1, 1.0), (4.0, 2.1)], True),
    ],
)
def test_a_set_misses_the_bar_when_it_is_above_it_at_no_split(found: list[tuple[float, float]], missed: bool):
    conducts = [[({"pnl_quote": one}, {"pnl_quote": 99.0}) for one in splits] for splits in found]
    assert Bar("pnl_quote", (5.0, 2.0), NAMES).is_missed(conducts) is missed


def test_a_set_is_tried_under_the_likeliest_worst_first_and_recorded_in_one_order():
    evaluator, config = evaluator_of(*NAMES), config_of(["entry_spread_bps=60"])
    order = (NAMES[2], NAMES[0], NAMES[1])
    plain = evaluator.evaluate_one(config)
    never = tuple(float("-inf") for _ in evaluator.splits)
    assert evaluator.evaluate_one(config, bar=Bar("pnl_quote", never, order)) == plain
    first = min(plain.scenarios[BASELINE].in_sample["pnl_quote"], plain.scenarios[NAMES[2]].in_sample["pnl_quote"])
    assert first < plain.scenarios[BASELINE].in_sample["pnl_quote"]
    bar = Bar("pnl_quote", (*(float("inf") for _ in evaluator.splits[1:]), first), order)
    found = evaluator.evaluate_one(config, bar=bar)
    assert found.pruned
    assert list(found.scenarios) == [BASELINE, NAMES[2]]
    assert found.in_sample["pnl_quote"] == first
    at_once = evaluator.evaluate_one(config, bar=Bar("pnl_quote", tuple(float("inf") for _ in never), order))
    assert list(at_once.scenarios) == [BASELINE]


def test_a_set_given_up_in_a_study_that_does_not_prune_is_never_recorded(empty_url: str, tmp_path: Path):
    evaluator = evaluator_of(*NAMES)
    bar = Bar("pnl_quote", tuple(float("inf") for _ in evaluator.splits), NAMES)
    with pytest.raises(InvariantBroken, match="a set was tried under BASELINE"):
        run_study(order_of(evaluator, prune=False), partial(evaluator.evaluate, bar=bar), empty_url, tmp_path)
    assert results_of(empty_url) == []


@pytest.mark.parametrize(
    "changed",
    [{"sampler": "tpe"}, {"sampler": "cmaes"}, {"scenarios": ()}, {"objectives": ("pnl_quote", "sharpe")}],
)
def test_what_cannot_be_pruned_soundly_is_refused(changed: dict[str, object]):
    fields = {"space": SPACE, "sampler": "random", "scenarios": NAMES, "prune": True, **changed}
    with pytest.raises(ValueError, match="pruned under scenarios"):
        Definition(**fields)
