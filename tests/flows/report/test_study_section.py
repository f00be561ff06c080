"""The report of studies: a row of every seed and a picture of every set, and nothing of it where a stage has none."""

from dataclasses import replace

import numpy as np
import pytest

from arbitrage_core.storage.record.studies import TrialResult
from arbitrage_core.tuning.space import Params, range_of
from flows.outcome import CampaignOutcome
from flows.report.pictures import Pictures
from flows.report.search import Search
from flows.report.search_chart import search_chart
from flows.report.study_section import study_sections
from flows.stages.stage import Stage
from tests.flows.outcomes import STAGE
from tests.flows.report.picture_faults import faults_of
from tests.flows.studies import LUCKY, SEARCHED, searched_seed

DIGEST = "0" * 64
SPACE = dict([range_of("entry_spread_bps=20:60"), range_of("hold_max_ms=1000:60000:log"), range_of("entry_order=a,b")])
PICTURES = Pictures({"t1_search": "<svg/>"}, {}, lambda name, what: f"picture {name}")


def tried(trial: int, inside: float, params: Params, **figures: object) -> TrialResult:
    """A set that brought this in sample, and half of it out of sample."""
    parts = {"in_sample": {"pnl_quote": inside}, "out_of_sample": {"pnl_quote": inside / 2}, **figures}
    return TrialResult(trial, params, inside, inside / 2, parts, *(DIGEST,) * 4)


def results(count: int = 60) -> list[TrialResult]:
    """Sets over the space, of which those around 35 bps bring most."""
    chance, found = np.random.default_rng(1), []
    for trial in range(count):
        entry, hold = float(chance.uniform(20, 60)), float(1_000 * 60 ** chance.uniform())
        params = {"entry_spread_bps": entry, "hold_max_ms": hold, "entry_order": "ab"[trial % 2]}
        found.append(tried(trial, 100.0 - (entry - 35.0) ** 2, params))
    return found


def search(found: list[TrialResult]) -> Search:
    """What a chart is drawn from; the best is the best in sample."""
    made = Search.of(SPACE, "pnl_quote", found, max(found, key=lambda one: one.in_sample or -np.inf).trial)
    assert made is not None
    return made


def stage_of(campaign) -> tuple[Stage, dict[str, CampaignOutcome]]:
    """A stage of one campaign with two seeds, the second of which has its objections."""
    said = ("the deflated Sharpe ratio is 0.100; 0.95 is asked for", "it stands alone: its neighbour …")
    seeds = (searched_seed(1), searched_seed(2, objections=said, plateau_share=None))
    outcome = CampaignOutcome(campaign="T1", run_id=1, backtests=seeds, papers=(), elapsed_s=1.0)
    return STAGE.model_copy(update={"campaigns": (campaign,)}), {"T1": outcome}


def test_every_seed_has_a_row_with_what_speaks_for_and_against_its_best_set() -> None:
    stage, by_name = stage_of(SEARCHED)
    text = "\n".join(study_sections(stage, by_name, PICTURES))
    row = "entry_spread_bps 30.00, hold_max_ms 5,000 | +900.00 | 400 | +200.00 | 90 | 0.990 | 20.0 % | 0.0 % |"
    assert f"| 1 | {row} 80.0 % | ✅ yes |" in text
    assert f"| 2 | {row} – | ❌ no |" in text
    assert "so many tries find its like by chance (1 seeds), it stands alone among its neighbours (1 seeds)" in text
    assert "picture t1_search" in text
    assert "`hold_max_ms=2000:8000:3000`: 9 sets by `grid`, by `pnl_quote`." in text


def test_a_study_that_is_missing_is_said_and_scenarios_are_named() -> None:
    stage, by_name = stage_of(
        LUCKY.model_copy(update={"study": LUCKY.study.model_copy(update={"scenarios": ("FEE_SURGE",)})})
    )
    lost = searched_seed(1).model_copy(update={"study": None})
    by_name = {"T1": by_name["T1"].model_copy(update={"backtests": (lost,)})}
    text = "\n".join(study_sections(stage, by_name, PICTURES))
    assert "| 1 | no study |" in text
    assert "the worst case over the rows and `FEE_SURGE`" in text
    assert study_sections(stage, {}, PICTURES)[-1] == "None."


def test_a_stage_without_studies_has_no_such_section() -> None:
    assert study_sections(STAGE, {}, PICTURES) == []


def test_a_search_knows_its_best_and_what_mattered() -> None:
    found = search(results())
    assert found.parameters[0].name == "entry_spread_bps"
    assert [one.name for one in found.parameters] == [name for name in found.importance if name != "entry_order"]
    assert abs(found.parameters[0].values[found.best] - 35.0) < 2.0
    assert found.inside[found.best] == found.inside.max()
    assert (found.outside == found.inside / 2).all()


def test_sets_that_were_stopped_or_given_up_are_not_drawn() -> None:
    given_up = tried(60, 999.0, results()[0].params, pruned=True)
    stopped = TrialResult(61, results()[0].params, None, None, None, *(DIGEST,) * 3, None, failure="stopped")
    assert len(search([*results(), stopped]).inside) == 60
    found = Search.of(SPACE, "pnl_quote", [*results(), given_up, stopped], 3)
    assert found is not None
    assert len(found.inside) == 60
    assert Search.of(SPACE, "pnl_quote", [stopped], 61) is None
    assert Search.of(SPACE, "pnl_quote", [given_up], 60) is None


def test_over_two_parameters_a_set_is_where_it_is_and_between_them_a_mean() -> None:
    found = search(results())
    first, second = found.parameters[:2]
    for place in (0, 7, 31):
        here = found.over(first.places[place : place + 1], second.places[place : place + 1])
        assert here.shape == (1, 1)
        assert here[0, 0] == pytest.approx(found.inside[place], abs=1.0)
    grid = found.over(np.linspace(20, 60, 9), np.linspace(3, 4.7, 5))
    assert grid.shape == (5, 9)
    assert (found.inside.min() <= grid).all()
    assert (grid <= found.inside.max()).all()


@pytest.mark.parametrize(
    "found",
    [
        results(),
        results(8),
        results(1),
        [
            replace(one, figures={part: {"pnl_quote": 0.0} for part in ("in_sample", "out_of_sample")})
            for one in results()
        ],
        [tried(k, v, results()[k].params) for k, v in enumerate((-1e30, 1e30, 0.0))],
    ],
    ids=["many", "few", "one", "all the same", "huge"],
)
def test_its_picture_is_whole_whatever_the_sets_brought(found: list[TrialResult]) -> None:
    assert faults_of(search_chart("T1", 1, search(found))) == []


def test_a_search_over_one_number_has_no_map() -> None:
    found = search(results())
    svg = search_chart("T1", 1, replace(found, parameters=found.parameters[:1]))
    assert faults_of(svg) == []
    assert "over two parameters" not in svg
    assert "what mattered" in svg
