"""The plateau: a flat top holds, a needle does not, and the neighbours choose nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.tuning.evaluation import Evaluation, Evaluator
from arbitrage_core.tuning.plateau import PLATEAU_SHARE, Neighbour, Plateau, neighbours_of, plateau_of
from arbitrage_core.tuning.search import Definition
from arbitrage_core.tuning.space import Params, range_of
from arbitrage_core.tuning.study import StudyOrder, run_study
from tests.tuning.conftest import config_of
from tests.tuning.test_study import WALK_FORWARD, plan, results_of, stored_by_optuna, study_row


def beside(text: str, value: object, *constraints: str) -> list[object]:
    """The neighbours' values of one parameter."""
    space = dict([range_of(text)])
    return [one["a"] for one in neighbours_of(space, {"a": value}, constraints)]


@pytest.mark.parametrize(
    "text, value, expected",
    [
        ("a=10:60", 40.0, [35.0, 45.0]),
        ("a=10:60", 58.0, [53.0, 60.0]),
        ("a=10:60", 60.0, [55.0]),
        ("a=10:60:2.5", 40.0, [37.5, 42.5]),
        ("a=10:60:2.5", 10.0, [12.5]),
        ("a=0:1:0.3", 0.9, [0.6]),
        ("a=1:1024:log", 32.0, [16.0, 64.0]),
        ("a=1:1024:log", 1.0, [2.0]),
        ("a=1:4:int", 2, [1, 3]),
        ("a=0:100:int", 50, [40, 60]),
        ("a=x,y,z", "y", []),
    ],
)
def test_a_neighbour_is_a_step_up_or_down_as_far_as_the_range_goes(text: str, value: object, expected: list[object]):
    found = beside(text, value)
    assert found == pytest.approx(expected) if expected else found == expected
    assert [type(one) for one in found] == [type(value)] * len(found)


def test_one_number_at_a_time_is_moved_and_choices_stay():
    space = dict(map(range_of, ["a=0:10", "b=x,y", "c=1:3:int"]))
    at = {"a": 5.0, "b": "y", "c": 3}
    assert neighbours_of(space, at) == [{**at, "a": 4.0}, {**at, "a": 6.0}, {**at, "c": 2}]


def test_a_neighbour_keeps_the_constraints():
    assert beside("a=0:10", 5.0, "a<5.5") == [4.0]


def judged(best: float, brought: Sequence[float | None], objective: str = "pnl_quote") -> Plateau | None:
    """What neighbours that brought these say; None: it was stopped."""
    neighbours = [
        Neighbour({"a": at}, None, None, "a law was broken") if value is None
        else Neighbour({"a": at}, {objective: value}, {objective: 0.0})
        for at, value in enumerate(brought)
    ]  # fmt: skip
    return plateau_of(7, objective, {objective: best}, neighbours)


@pytest.mark.parametrize(
    "best, brought, worst, share, holds",
    [
        (10.0, [9.0, 8.0, 9.5], 1, 0.8, True),
        (10.0, [9.0, 5.0], 1, PLATEAU_SHARE, True),
        (10.0, [9.0, 4.99], 1, 0.499, False),
        (10.0, [-3.0, 9.0], 0, -0.3, False),
        (10.0, [12.0, 11.0], 1, 1.1, True),
        (0.0, [0.0, 0.0], 0, None, False),
        (-1.0, [-1.0, -1.0], 0, None, False),
        (10.0, [9.0, None], 1, None, False),
    ],
)
def test_the_worst_neighbour_decides(
    best: float, brought: list[float | None], worst: int, share: float | None, holds: bool
):
    found = judged(best, brought)
    assert (found.trial, found.best, found.worst, found.holds) == (7, best, {"a": worst}, holds)
    assert found.worst_share == (None if share is None else pytest.approx(share))


@pytest.mark.parametrize("best, brought, holds", [(4.0, [5.0, 8.0], True), (4.0, [8.1], False), (0.0, [0.0], True)])
def test_of_what_is_better_the_less_it_is_the_highest_decides(best: float, brought: list[float], holds: bool):
    assert judged(best, brought, "max_drawdown_quote").holds is holds


def test_without_neighbours_nothing_is_said():
    assert judged(10.0, []) is None


ENTRY = "entry_spread_bps=20:90:5"


def hills(evaluator: Evaluator, hill: Callable[[float], float]) -> Callable[..., list[Evaluation]]:
    """An evaluation whose profit in sample is a hill over the entry spread."""
    some = evaluator.evaluate_one(config_of([]))

    def evaluate(configs: Sequence[SessionConfig]) -> list[Evaluation]:
        profits = [hill(config.params.entry_spread_bps) for config in configs]
        return [replace(some, in_sample={**some.in_sample, "pnl_quote": one}) for one in profits]

    return evaluate


def study(evaluator: Evaluator) -> StudyOrder:
    """A grid over the entry spread alone."""
    definition = Definition(space=dict([range_of(ENTRY)]), sampler="grid", walk_forward=WALK_FORWARD)
    return StudyOrder("hill", definition, plan, evaluator.data_digest, evaluator.rows, trials=15)


@pytest.mark.parametrize(
    "name, hill, holds",
    [
        ("needle", lambda entry: 100.0 if entry == 50 else 10.0, False),
        ("flat", lambda entry: 100.0 - abs(entry - 50), True),
    ],
)
def test_a_needle_fails_and_a_flat_top_holds(
    name: str, hill: Callable[[float], float], holds: bool, evaluator: Evaluator, empty_url: str, tmp_path: Path
):
    outcome = run_study(study(evaluator), hills(evaluator, hill), empty_url, tmp_path)
    assert outcome.best[0]["params"] == {"entry_spread_bps": 50.0}
    assert [one.params["entry_spread_bps"] for one in outcome.plateau.neighbours] == [45.0, 55.0]
    assert outcome.plateau.holds is holds
    assert outcome.document()["plateau"]["holds"] is holds
    kept = study_row(empty_url)["outcome"]["plateau"]
    assert (kept["holds"], kept["worst_share"]) == (holds, outcome.plateau.worst_share)


def test_neighbours_are_no_trials_and_do_what_sets_do(evaluator: Evaluator, empty_url: str, tmp_path: Path):
    order, evaluated = study(evaluator), []

    def evaluate(configs: Sequence[SessionConfig]) -> list[Evaluation]:
        evaluated.extend(configs)
        return evaluator.evaluate(configs)

    outcome = run_study(replace(order, trials=8), evaluate, empty_url, tmp_path)
    neighbours = outcome.plateau.neighbours
    assert len(evaluated) == 8 + len(neighbours)
    assert (outcome.trials, len(results_of(empty_url)), stored_by_optuna(empty_url)) == (8, 8, 8)
    assert len(neighbours) == 2
    for one in neighbours:
        assert one.in_sample == evaluator.evaluate_one(plan(one.params)).in_sample


def test_neighbours_that_no_session_can_be_planned_with_are_left_out(
    evaluator: Evaluator, empty_url: str, tmp_path: Path
):
    def picky(params: Params) -> SessionConfig:
        if params and params["entry_spread_bps"] < 55:
            raise BadInput("no such session", "none")
        return plan(params)

    outcome = run_study(
        replace(study(evaluator), plan=picky), hills(evaluator, lambda entry: 100.0 - entry), empty_url, tmp_path
    )
    assert outcome.best[0]["params"] == {"entry_spread_bps": 55.0}
    assert [one.params["entry_spread_bps"] for one in outcome.plateau.neighbours] == [60.0]
