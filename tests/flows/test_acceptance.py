"""The acceptance: what is sound is accepted, and every way to spoil it fails the check that is there for it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from flows.acceptance import campaign_checks, passed_campaigns, stage_checks, verdict_of
from flows.outcome import CampaignOutcome, Check
from flows.seed_rows import config_of
from flows.stages.stage import Band
from tests.flows.outcomes import CAMPAIGN, STAGE, campaign_outcome, seed_outcome, with_seed


def failed(*outcomes: CampaignOutcome) -> set[str]:
    return {check.name for check in stage_checks(STAGE, outcomes) if not check.passed}


def test_a_sound_stage_is_accepted() -> None:
    checks = stage_checks(STAGE, (campaign_outcome(),))
    assert [check.name for check in checks if not check.passed] == []
    assert verdict_of(STAGE, checks) == "D65_ACCEPTED"
    assert len({check.name for check in checks}) == len(checks) > 12


@dataclass(frozen=True)
class Spoilt:
    """A way to spoil a stage, and the checks that must fail, no others."""

    what: str
    outcome: Callable[[], CampaignOutcome]
    checks: set[str]


def _all(**changed) -> CampaignOutcome:
    return campaign_outcome(
        backtests=tuple(seed_outcome(seed, **changed) for seed in CAMPAIGN.seeds),
        papers=(seed_outcome(1, "paper", **changed),),
    )


SPOILT = [
    Spoilt(
        "a seed is missing",
        lambda: campaign_outcome(backtests=(seed_outcome(1), seed_outcome(2))),
        {"C1 every seed ran"},
    ),
    Spoilt(
        "a seed ran twice",
        lambda: campaign_outcome(backtests=tuple(map(seed_outcome, (1, 2, 2)))),
        {"C1 every seed ran"},
    ),
    Spoilt("other settings", lambda: with_seed(config_digest="0" * 64), {"C1 settings as stated"}),
    Spoilt("too few trades", lambda: with_seed(figures={"closed": 99, "entries": 100}), {"C1 closed trades"}),
    Spoilt("below the band", lambda: with_seed(figures={"win_rate": 0.3999}), {"C1 win rate"}),
    Spoilt("above the band", lambda: with_seed(figures={"win_rate": 0.6001}), {"C1 win rate"}),
    Spoilt("all wins", lambda: _all(figures={"win_rate": 1.0}), {"C1 win rate", "no win rate is all or nothing"}),
    Spoilt(
        "a symbol that never wins",
        lambda: with_seed(symbols={"AAA": {"win_rate": 0.0, "closed": 99, "unwound": 1}}),
        {"no win rate is all or nothing"},
    ),
    Spoilt("a part that is off", lambda: with_seed(sums=("…",)), {"all parts of the portfolio add up"}),
    Spoilt("a limit crossed", lambda: with_seed(crossed=("…",)), {"no exposure limit is crossed"}),
    Spoilt("no win rate", lambda: with_seed(figures={"win_rate": None}), {"C1 win rate"}),
    Spoilt("NaN for a win rate", lambda: with_seed(figures={"win_rate": float("nan")}), {"C1 win rate"}),
    Spoilt("no paper session", lambda: campaign_outcome(papers=()), {"C1 paper session equals the backtest"}),
    Spoilt(
        "a paper session of another state",
        lambda: campaign_outcome(papers=(seed_outcome(1, "paper", state_hash="f" * 64),)),
        {"C1 paper session equals the backtest"},
    ),
    Spoilt(
        "neither has a state",
        lambda: campaign_outcome(
            backtests=(seed_outcome(1, state_hash=""), seed_outcome(2), seed_outcome(3)),
            papers=(seed_outcome(1, "paper", state_hash=""),),
        ),
        {"C1 paper session equals the backtest"},
    ),
    Spoilt(
        "an entry without an end", lambda: with_seed(figures={"entries": 152}), {"entries = closed + unwound + open"}
    ),
    Spoilt("a law broken", lambda: with_seed(findings=("I1: …",)), {"all laws hold"}),
    Spoilt("a record that differs", lambda: with_seed(differences=("fills[3].lots: …",)), {"record equals ledger"}),
    Spoilt("a replay that differs", lambda: with_seed(identical=False), {"replay is identical"}),
    Spoilt(
        "a fee of another model", lambda: with_seed(model_differences=("…",)), {"fees and slippage are the model's"}
    ),
    Spoilt("no fees", lambda: with_seed(figures={"fees_quote": 0.0}), {"fees are paid"}),
    Spoilt("no slippage", lambda: with_seed(figures={"slippage_quote": 0.0}), {"slippage is felt"}),
    Spoilt("nothing measured of slippage", lambda: with_seed(figures={"slippage_quote": None}), {"slippage is felt"}),
    Spoilt("no partial close", lambda: _all(figures={"partial_closes": 0.0}), {"partial closes occur"}),
    Spoilt("an exit that never occurs", lambda: _all(exits={"CONVERGED": 150}), {"every exit reason occurs"}),
    Spoilt(
        "an order state that never occurs", lambda: _all(order_states={"FILLED": 600}), {"every order state occurs"}
    ),
]


@pytest.mark.parametrize("spoilt", SPOILT, ids=lambda spoilt: spoilt.what)
def test_every_way_to_spoil_a_stage_fails_its_check_and_no_other(spoilt: Spoilt) -> None:
    assert failed(spoilt.outcome()) == spoilt.checks
    checks = stage_checks(STAGE, (spoilt.outcome(),))
    assert verdict_of(STAGE, checks) == "D65_REJECTED"


def test_few_trades_may_all_win() -> None:
    lucky = with_seed(symbols={"AAA": {"win_rate": 1.0, "closed": 99, "unwound": 0}})
    assert "no win rate is all or nothing" not in failed(lucky)


OF_SYMBOLS = CAMPAIGN.model_copy(
    update={"alone": True, "paper_seed": None, "bands": (Band(figure="win_rate", symbol="AAA", least=0.4, most=0.6),)}
)
REQUIRING = STAGE.model_copy(
    update={
        "campaigns": (OF_SYMBOLS,),
        "required_refusals": ("CAPITAL_MUST_COVER",),
        "required_trips": ("DRAWDOWN_MUST_STAY_INSIDE REDUCED",),
    }
)


def of_symbols(**changed: object) -> set[str]:
    """The checks that fail when every seed of a campaign by symbols is changed so."""
    sound = {
        "symbols": {"AAA": {"win_rate": 0.5, "closed": 150, "unwound": 0}},
        "compared_alone": 3,
        "refusals": {"CAPITAL_MUST_COVER": 1},
        "trips": {"DRAWDOWN_MUST_STAY_INSIDE REDUCED": 1},
        "config_digest": config_of(OF_SYMBOLS, 1).digest,
    }
    seeds = tuple(
        seed_outcome(seed, **{**sound, "config_digest": config_of(OF_SYMBOLS, seed).digest, **changed})
        for seed in OF_SYMBOLS.seeds
    )
    checks = stage_checks(REQUIRING, (campaign_outcome(backtests=seeds, papers=()),))
    return {check.name for check in checks if not check.passed}


@pytest.mark.parametrize(
    "changed, check",
    [
        ({}, None),
        ({"symbols": {"AAA": {"win_rate": 0.61}}}, "C1 AAA win rate"),
        ({"symbols": {"BBB": {"win_rate": 0.5}}}, "C1 AAA win rate"),
        ({"not_independent": ("AAA alone: orders[3] differs",)}, "C1 each symbol decides as it does alone"),
        ({"compared_alone": 0}, "C1 each symbol decides as it does alone"),
        ({"refusals": {}}, "every refusal occurs"),
        ({"trips": {"DRAWDOWN_MUST_STAY_INSIDE": 9}}, "every guard trips"),
    ],
)
def test_what_is_asked_of_symbols_and_guards_can_fail(changed: dict[str, object], check: str | None) -> None:
    assert of_symbols(**changed) == ({check} if check else set())


def test_a_seed_that_broke_off_counts_for_nothing() -> None:
    broken = seed_outcome(
        2, figures=dict.fromkeys(seed_outcome(2).figures), findings=("stopped itself",), identical=False, record_id=0
    )
    found = failed(campaign_outcome(backtests=(seed_outcome(1), broken, seed_outcome(3))))
    assert {"all laws hold", "replay is identical", "C1 closed trades", "C1 win rate"} <= found


def test_nothing_run_is_rejected_and_so_is_nothing_checked() -> None:
    assert verdict_of(STAGE, stage_checks(STAGE, ())) == "D65_REJECTED"
    assert verdict_of(STAGE, ()) == "D65_REJECTED"
    assert all(not check.passed for check in stage_checks(STAGE, ()))


def test_a_check_that_is_not_critical_does_not_reject() -> None:
    sound = Check(name="a", passed=True, observed="", expected="")
    warned = Check(name="b", passed=False, observed="", expected="", critical=False)
    assert verdict_of(STAGE, (sound, warned)) == "D65_ACCEPTED"
    assert verdict_of(STAGE, (warned,)) == "D65_REJECTED"


def test_a_failed_check_names_the_seeds() -> None:
    (check,) = [check for check in stage_checks(STAGE, (with_seed(3, figures={"win_rate": 0.9}),)) if not check.passed]
    assert (check.detail, check.observed) == ("seeds 3", "50.0 % to 90.0 % over 3 seeds")


def test_a_campaign_passes_when_none_of_its_own_checks_failed() -> None:
    assert passed_campaigns(STAGE, stage_checks(STAGE, (campaign_outcome(),))) == {"C1"}
    assert passed_campaigns(STAGE, stage_checks(STAGE, (with_seed(figures={"win_rate": 0.9}),))) == set()
    assert all(check.passed for check in campaign_checks(CAMPAIGN, campaign_outcome()))
