"""Scenarios: each leaves what a backtest of it leaves, and what counts is the worst of them."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from arbitrage_core.domain.errors import AnomalyFound, BadInput, InvariantBroken
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.scripted import Scripted
from arbitrage_core.scenarios.catalogue import SCENARIOS, peg_script, stress_settings
from arbitrage_core.scenarios.stress import scenarios_for, setting_of, stressed_feed, stressed_venues
from arbitrage_core.session.anomaly import Pattern
from arbitrage_core.session.backtest import run_backtest
from arbitrage_core.session.result import SessionResult
from arbitrage_core.tuning.course import BASELINE, courses_of
from arbitrage_core.tuning.envelope import Envelope
from arbitrage_core.tuning.evaluation import Evaluation, Evaluator
from arbitrage_core.tuning.search import Definition
from arbitrage_core.tuning.space import range_of
from arbitrage_core.tuning.splits import WalkForward
from arbitrage_core.tuning.study import StudyOrder, run_study
from arbitrage_core.tuning.worst_case import worst_case, worst_scenario
from tests.tuning.conftest import config_of, market_feed
from tests.tuning.test_outcome import outcome, result
from tests.tuning.test_study import WALK_FORWARD, plan, results_of, study_row

NAMES = tuple(SCENARIOS)
FELT = ("slippage_bound_bps=100", "complete_bound_bps=100")
"""So that orders are dealt under slippage, and it is felt."""

ROWS = 40_000
SETS = {
    "busy": ("entry_spread_bps=30", *FELT),
    "jittery": ("entry_spread_bps=60", "latency_jitter_ms=15", "hold_max_ms=2000", *FELT),
    "quiet": ("entry_spread_bps=110", "spread_max_bps=5000", *FELT),
    "guarded": ("entry_spread_bps=40", "losses_in_a_row_max=2", "guard_pause_ms=60000", "drawdown_max_quote=20", *FELT),
    "resting": ("entry_spread_bps=40", "entry_order=post_only", "working_max_ms=3000", *FELT),
    "bound": ("entry_spread_bps=40",),
}


@cache
def rows_of(name: str) -> Feed:
    """The rows a scenario is put into: a peg stands among them where one is to break."""
    feed = market_feed(rows=ROWS)
    return Scripted(feed, peg_script(setting_of(feed).span_s)) if name == "QUOTE_DEPEG" else feed


def settings_of(name: str, settings: tuple[str, ...]) -> tuple[str, ...]:
    """Two currencies where a peg is to break; else one, since with two no session leaps."""
    feed = rows_of(name)
    return (*stress_settings(feed.venues, feed.symbols), *settings) if name == "QUOTE_DEPEG" else settings


@cache
def evaluator_of(*names: str) -> Evaluator:
    """Rows, ready, with these scenarios."""
    made = Evaluator(rows_of(names[0]), WALK_FORWARD, names)
    made.prepare(config_of(settings_of(names[0], ())))
    return made


def backtest(name: str, settings: tuple[str, ...]) -> SessionResult:
    """The stressed session as `arb stress` and D69 run it."""
    feed = rows_of(name)
    injection = SCENARIOS[name].inject(setting_of(feed))
    config, venues = config_of(settings), config_of([*settings, *injection.venue_settings])
    return run_backtest(config, stressed_feed(feed, injection), venue_config=venues)


@pytest.mark.parametrize("kind", SETS)
@pytest.mark.parametrize("name", NAMES)
def test_under_a_scenario_a_set_leaves_what_a_backtest_of_it_leaves(name: str, kind: str):
    settings = settings_of(name, SETS[kind])
    plain, course = backtest(name, settings), evaluator_of(name).courses[1]
    leaping = course.run(config_of(settings))
    assert leaping.state_hash == plain.document["state_hash"]
    for log in ("orders", "changes", "fills", "trades", "incidents", "guards"):
        assert getattr(leaping.log, log).tobytes() == getattr(plain.log, log).tobytes(), log
    conduct = evaluator_of(name).evaluate_one(config_of(settings)).scenarios[name]
    assert conduct.state_hash == plain.document["state_hash"]


@pytest.mark.parametrize("name", [name for name in NAMES if name != "QUOTE_DEPEG"])
def test_blocks_are_passed_by_under_every_scenario_of_one_currency(name: str):
    settings = ("entry_spread_bps=1500", "spread_max_bps=5000")
    leaping = evaluator_of(name).courses[1].run(config_of(settings))
    assert len(leaping.log.equity) < len(backtest(name, settings).log.equity) / 2


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_is_felt(name: str):
    found = evaluator_of(name).evaluate_one(config_of(settings_of(name, SETS["busy"]))).scenarios
    assert list(found) == [BASELINE, name]
    assert found[name].state_hash != found[BASELINE].state_hash
    assert found[name].splits != found[BASELINE].splits


def test_a_course_that_forgets_its_venues_would_be_found_out():
    course = courses_of(rows_of("FEE_SURGE"), ["FEE_SURGE"])[1]
    course.venue_settings = ()
    config = config_of(SETS["busy"])
    course.prepare(config)
    assert course.run(config).log.fills.tobytes() != backtest("FEE_SURGE", SETS["busy"]).log.fills.tobytes()


@pytest.mark.parametrize("name", NAMES)
def test_venues_are_stressed_as_settings_say(name: str):
    injected = SCENARIOS[name].inject(setting_of(rows_of(name))).venue_settings
    config = config_of(settings_of(name, SETS["busy"]))
    assert stressed_venues(config, injected) == config_of([*settings_of(name, SETS["busy"]), *injected])


def test_what_a_session_says_of_one_market_spares_it_nothing():
    config = config_of(["market.alpha.BTC/USDT.taker_fee_bps=1"])
    assert {one.taker_fee_bps for one in stressed_venues(config, ["taker_fee_bps=15"]).markets} == {15.0}


@pytest.mark.parametrize(
    "names, settings, expected",
    [
        ([], (), ()),
        (["fee_surge", "FLASH_CRASH", "FEE_SURGE"], (), ("FEE_SURGE", "FLASH_CRASH")),
        (["FLASH_CRASH", "FEE_SURGE"], (), ("FEE_SURGE", "FLASH_CRASH")),
        (["ALL"], (), NAMES[:-1]),
        (["all"], ("market.beta.BTC/USDT.quote_currency=USDC",), NAMES),
    ],
)
def test_scenarios_are_chosen_by_name(names: list[str], settings: tuple[str, ...], expected: tuple[str, ...]):
    assert scenarios_for(names, config_of(settings)) == expected


@pytest.mark.parametrize("name, cause", [("FIRE", "no scenario 'FIRE'"), ("QUOTE_DEPEG", "2 currencies")])
def test_a_scenario_that_cannot_be_is_refused(name: str, cause: str):
    with pytest.raises(BadInput, match=cause):
        scenarios_for([name], config_of([]))


def test_a_scenario_that_changes_nothing_is_refused():
    with pytest.raises(BadInput, match="QUOTE_DEPEG changes nothing"):
        Evaluator(market_feed(rows=2_000), WALK_FORWARD.model_copy(update={"embargo_ms": 0.0}), ["QUOTE_DEPEG"])


def test_a_definition_names_scenarios_in_one_order_only():
    space = dict([range_of("a=1:2")])
    assert Definition(space=space, scenarios=("flash_crash", "FEE_SURGE")).scenarios == ("FEE_SURGE", "FLASH_CRASH")
    assert Definition(space=space, scenarios=("All",)).scenarios == NAMES
    with pytest.raises(ValueError, match="no scenario FIRE"):
        Definition(space=space, scenarios=("fire",))


def test_the_worst_of_each_figure_counts():
    one = {"trades": 9, "pnl_quote": 5.0, "sharpe": 0.2, "win_rate": 0.9, "max_drawdown_quote": 4.0}
    two = {"trades": 8, "pnl_quote": -1.0, "sharpe": 0.3, "win_rate": 0.0, "max_drawdown_quote": 1.0}
    expected = {"trades": 8, "pnl_quote": -1.0, "sharpe": 0.2, "win_rate": 0.0, "max_drawdown_quote": 4.0}
    assert worst_case([one, two]) == worst_case([two, one]) == expected
    scenarios = {"A": {"in_sample": one}, "B": {"in_sample": two}, "C": {"in_sample": two}}
    assert worst_scenario(scenarios, "pnl_quote") == "B"
    assert worst_scenario(scenarios, "max_drawdown_quote") == "A"


CHOSEN = ("FEE_SURGE", "FLASH_SPIKE_ONE_VENUE", "LIQUIDITY_DROUGHT")


def test_figures_are_the_worst_of_those_of_every_scenario():
    config = config_of(SETS["busy"])
    found = evaluator_of(*CHOSEN).evaluate([config, config])
    assert found[0] == found[1]
    one = found[0]
    assert list(one.scenarios) == [BASELINE, *CHOSEN]
    assert one.in_sample["pnl_quote"] == min(each.in_sample["pnl_quote"] for each in one.scenarios.values())
    assert one.in_sample == worst_case(each.in_sample for each in one.scenarios.values())
    assert one.in_sample["pnl_quote"] < one.scenarios[BASELINE].in_sample["pnl_quote"]
    assert (one.in_sample, one.out_of_sample) == one.splits[-1]
    for at in range(len(one.splits)):
        assert one.splits[at][1] == worst_case(each.splits[at][1] for each in one.scenarios.values())
    alone = evaluator_of("FEE_SURGE").evaluate_one(config)
    assert alone.scenarios["FEE_SURGE"] == one.scenarios["FEE_SURGE"]


def test_without_scenarios_nothing_is_the_worst_of_anything(evaluator: Evaluator):
    one = evaluator.evaluate_one(config_of(SETS["busy"]))
    assert one.scenarios == {}
    assert "scenarios" not in one.document("pnl_quote")
    base = evaluator_of(*CHOSEN).evaluate_one(config_of(SETS["busy"])).scenarios[BASELINE]
    assert len(base.splits) == len(one.splits)


def test_a_scenario_in_which_a_set_does_not_trade_gives_nothing():
    found = evaluator_of("SLIPPAGE_STRESS").evaluate_one(config_of(SETS["bound"]))
    assert found.scenarios[BASELINE].in_sample["pnl_quote"] > 0
    assert found.scenarios["SLIPPAGE_STRESS"].in_sample["trades"] == 0
    assert (found.in_sample["pnl_quote"], found.in_sample["expectancy_quote"]) == (0.0, 0.0)


def test_a_set_stopped_under_a_scenario_fails_and_says_under_which(monkeypatch: pytest.MonkeyPatch):
    evaluator = evaluator_of(*CHOSEN)

    def broken(config: SessionConfig, **given: object) -> None:
        raise AnomalyFound(Pattern.LAW, "money must add up", row=3, now_ns=1, figures={})

    monkeypatch.setattr(evaluator.courses[2], "run", broken)
    found = evaluator.evaluate_one(config_of([]))
    assert found.failure.startswith("FLASH_SPIKE_ONE_VENUE: ")
    assert "money must add up" in found.failure
    assert (found.in_sample, found.scenarios, found.document("pnl_quote")) == ({}, {}, None)


def test_rows_and_envelopes_are_made_once_for_all_sets(monkeypatch: pytest.MonkeyPatch):
    made = []

    def counted(rows: np.ndarray, rates: np.ndarray) -> Envelope:
        made.append(len(rows))
        return whole(rows, rates)

    whole = Envelope.of
    monkeypatch.setattr(Envelope, "of", counted)
    evaluator = Evaluator(market_feed(rows=ROWS), WALK_FORWARD, CHOSEN)
    evaluator.evaluate([config_of(["entry_spread_bps=40"]), config_of(["entry_spread_bps=50"])])
    evaluator.evaluate([config_of(["entry_spread_bps=60"])])
    assert made == [ROWS] * 4
    base, fees, *_ = evaluator.courses
    assert fees.rows is base.rows


def order_of(evaluator: Evaluator, **other: object) -> StudyOrder:
    """A small grid under scenarios."""
    space = dict(map(range_of, ["entry_spread_bps=20:90:10", "hold_max_ms=2000:30000:14000"]))
    definition = Definition(space=space, sampler="grid", scenarios=CHOSEN, walk_forward=WALK_FORWARD)
    made = StudyOrder("stressed", definition, plan, evaluator.data_digest, evaluator.rows, trials=24, batch=8)
    return replace(made, **other)


def test_a_study_chooses_by_the_worst_case_and_records_every_scenario(empty_url: str, tmp_path: Path):
    evaluator = evaluator_of(*CHOSEN)
    evaluated: list[Evaluation] = []
    order = order_of(evaluator)

    def evaluate(configs: Sequence[SessionConfig]) -> list[Evaluation]:
        found = evaluator.evaluate(configs)
        evaluated.extend(found)
        return found

    told = run_study(order, evaluate, empty_url, tmp_path)
    results = results_of(empty_url)
    for one, evaluation in zip(results, evaluated, strict=False):
        scenarios = one["figures"]["scenarios"]
        worst = {name: each["in_sample"]["pnl_quote"] for name, each in scenarios.items()}
        assert sorted(scenarios) == sorted([BASELINE, *CHOSEN])
        assert one["in_sample"] == min(worst.values()) == worst[one["figures"]["worst"]]
        assert scenarios["FEE_SURGE"]["state_hash"] == evaluation.scenarios["FEE_SURGE"].state_hash
        assert one["state_hash"] == scenarios[BASELINE]["state_hash"]
    best = max(results, key=lambda one: one["in_sample"])
    assert told.best[0]["params"] == best["params"]
    assert set(told.best[0]["scenarios"]) == {BASELINE, *CHOSEN}
    by_base = max(results, key=lambda one: one["figures"]["scenarios"][BASELINE]["in_sample"]["pnl_quote"])
    assert by_base["params"] != best["params"], "here the worst case chooses another set"
    assert study_row(empty_url)["definition"]["scenarios"] == list(CHOSEN)
    assert told.param_rows_per_s == pytest.approx(24 * 4 * ROWS / told.evaluated_s, rel=1e-2)
    fewer = order.definition.model_copy(update={"scenarios": CHOSEN[:1]})
    with pytest.raises(BadInput, match="begun with another definition"):
        run_study(replace(order, definition=fewer), evaluator.evaluate, empty_url, tmp_path)


@pytest.mark.parametrize("tried, named", [(CHOSEN[:1], CHOSEN), (CHOSEN, ()), ((), CHOSEN)])
def test_sets_tried_under_other_scenarios_than_the_study_names_are_never_recorded(
    tried: tuple[str, ...], named: tuple[str, ...], evaluator: Evaluator, empty_url: str, tmp_path: Path
):
    other = evaluator_of(*tried) if tried else evaluator
    order = order_of(other, trials=8)
    order = replace(order, definition=order.definition.model_copy(update={"scenarios": named}))
    with pytest.raises(InvariantBroken, match="a set was tried under"):
        run_study(order, other.evaluate, empty_url, tmp_path)
    assert results_of(empty_url) == []


def test_what_luck_gives_is_told_of_the_rows_as_they_are():
    definition = Definition(space=dict([range_of("a=1:2")]), walk_forward=WalkForward(count=2))
    chance, plain = np.random.default_rng(3), []
    for trial in range(30):
        one = result(trial, chance.normal(0.5, 1.0, definition.walk_forward.periods))
        worse = {part: {**one.figures[part], "sharpe": -1.0 / (trial + 1)} for part in ("in_sample", "out_of_sample")}
        scenarios = {BASELINE: dict(one.figures), "FEE_SURGE": {**one.figures, **worse}}
        figures = {**one.figures, **worse, "scenarios": scenarios, "worst": "FEE_SURGE"}
        plain.append((one, replace(one, figures=figures)))
    before, after = (outcome([pair[at] for pair in plain], definition) for at in (0, 1))
    assert after.best[0]["in_sample"]["sharpe"] < 0.0 < before.best[0]["in_sample"]["sharpe"]
    assert after.best[0]["worst"] == "FEE_SURGE"
    assert (after.deflated_sharpe, after.overfit_probability) == (before.deflated_sharpe, before.overfit_probability)
