"""A report of several symbols tells them apart, and one of a stage that is not about them stays as it was."""

import re
from base64 import b64decode
from dataclasses import replace

import pytest

from arbitrage_core.feeds.scripted import Step
from flows.outcome import CampaignOutcome, SeedOutcome, StageOutcome
from flows.report.report_files import write_report
from flows.report.stage_report import REPORT_BYTES_MAX, stage_report
from flows.report.symbols_apart import shown_seed, tells_refusals, tells_symbols_apart
from flows.report.tables import outside, worst
from flows.stages.d65 import D65
from flows.stages.stage import Band, Campaign, Stage
from tests.flows.report.picture_faults import faults_of
from tests.flows.report.test_stage_report import PASSED, campaign, outcome, section, seed, staged, text_of
from tests.flows.report.test_symbol_charts import wide

SYMBOLS = {"BTC/USDT": "mixed", "ETH/USDT": "high"}
ETH = Band(figure="win_rate", symbol="ETH/USDT", least=0.7, most=0.95)
M1 = Campaign(
    name="M1",
    title="two symbols: side by side",
    preset="mixed",
    symbols=SYMBOLS,
    rows=1_000,
    seeds=(1, 2, 3),
    bands=(ETH,),
    paper_seed=None,
    alone=True,
    script=(
        Step(at_s=90, command="SYMBOL_OFF", symbol="ETH/USDT"),
        Step(at_s=5, currency=1, rate=0.5),
        Step(at_s=100, command="KILL"),
    ),
)
STAGE = Stage(
    name="D65",
    title="Several",
    purpose="Shows several.",
    campaigns=(M1,),
    required_refusals=("KILL_SWITCH_MUST_BE_OFF",),
)


def told(number: int, *, eth_rate: float | None = 0.8, **changes: object) -> SeedOutcome:
    """A session as it should be, but for the changes."""
    figures = {"entries": 602.0, "closed": 600.0, "win_rate": 0.5, "pnl_quote": -6.17, "fees_quote": 125.0}
    sound = {
        "symbols": {"BTC/USDT": figures, "ETH/USDT": {**figures, "win_rate": eth_rate}},
        "refusals": {"COOLDOWN_MUST_BE_OVER": 70},
        "missed": {"COOLDOWN_MUST_BE_OVER": 2},
        "compared_alone": 3,
    }
    return seed("C1", number, **{**sound, **changes}).model_copy(update={"campaign": "M1"})


def several(*seeds: SeedOutcome) -> StageOutcome:
    """The stage's outcome with these sessions."""
    found = CampaignOutcome(campaign="M1", run_id=1, backtests=seeds, papers=(), elapsed_s=1.0)
    return outcome(PASSED, campaigns=(found,))


SOUND = several(told(1), told(2), told(3))
SERIES = {"M1": replace(wide(2), campaign="M1")}


def report(found: StageOutcome = SOUND, stage: Stage = STAGE, *, embeds_charts: bool = False) -> str:
    """The report with the series of a session."""
    return stage_report(stage, found, SERIES, embeds_charts=embeds_charts)


def test_every_symbol_its_exposure_its_refusals_and_its_independence_are_told():
    text = report()
    heads = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert heads[2:5] == ["Refusals by reason", "Each symbol as if it were alone", "M1: two symbols: side by side"]
    assert "| kill switch must be off | ❌ never | 0 | 0 |" in section(text, "Refusals by reason")
    assert "| ✅ | M1 | 3 | 9 | 9 | nowhere |" in section(text, "Each symbol")
    mine = section(text, "M1")
    assert re.findall(r"\]\(d65/(\w+)\.svg\)", mine) == [
        "m1_bands_win_rate",
        "m1_equity",
        "m1_trades",
        "m1_symbols",
        "m1_exposure",
    ]
    assert "| ✅ | ETH/USDT win rate | 70.0 to 95.0 % | 80.0 %, seed 1, backtest | +10.0 points |" in mine
    assert "| ETH/USDT | `high` | 1,806 | 1,800 | 80.0 | −18.51 | −6.17 | 375.00 |" in mine
    assert "| portfolio |  | 3,612 | 3,600 | 51.2 | −37.02 | −12.34 | 750.00 |" in mine
    assert (
        "✅ The PnL of the symbols adds up to the portfolio's in every session; over all seeds to −37.02 USDT." in mine
    )
    assert "Markets `mixed`, `high`, with the settings it comes with." in mine
    script = "Meanwhile, by script: `rate 1=0.5` after 5 s, `SYMBOL_OFF ETH/USDT` after 90 s, `KILL` after 100 s."
    assert script in mine
    assert "| M1 two symbols | `mixed`, `high` | 1,000 | 1–3 | 3 | none |" in text
    assert "./arb campaign M1   # all seeds of M1\n./arb replay backtest-c1-s01 " in text
    assert "None" not in text


def test_its_pictures_are_carried_by_the_page_and_whole():
    text = report(embeds_charts=True)
    carried = [b64decode(one).decode() for one in re.findall(r"base64,([^)]+)\)", text)]
    assert len(carried) == 6
    assert [faults_of(svg) for svg in carried] == [[]] * 6
    assert len(text.encode()) < REPORT_BYTES_MAX
    assert text == report(embeds_charts=True)


def test_twenty_campaigns_of_fifty_symbols_leave_charts_out_and_say_so():
    campaigns = tuple(M1.model_copy(update={"name": f"M{n}"}) for n in range(1, 21))
    ran = tuple(
        CampaignOutcome(campaign=one.name, run_id=1, backtests=(told(1), told(2)), papers=(), elapsed_s=1.0)
        for one in campaigns
    )
    series = {one.name: replace(wide(50), campaign=one.name) for one in campaigns}
    stage = STAGE.model_copy(update={"campaigns": campaigns})
    text = stage_report(stage, outcome(PASSED, campaigns=ran), series, embeds_charts=True)
    assert len(text.encode()) <= REPORT_BYTES_MAX
    assert text.count("base64,") + text.count("is left out: the page would be too large") == 1 + 20 * 5
    assert 0 < text.count("base64,") < 101


TROUBLES = [
    ({"eth_rate": 0.69}, "ETH/USDT win rate 69.0 % (0.69) is outside 70.0 to 95.0 %"),
    ({"eth_rate": None}, "ETH/USDT win rate – is outside 70.0 to 95.0 %"),
    ({"eth_rate": float("nan")}, "ETH/USDT win rate – (nan) is outside"),
    ({"not_independent": ("BTC/USDT alone: 3 fills, there 4",)}, "BTC/USDT alone: 3 fills, there 4"),
    ({"figures": {"pnl_quote": -12.3}}, "the PnL of its symbols does not add up to its own."),
]


@pytest.mark.parametrize("changes, words", TROUBLES, ids=[words for _, words in TROUBLES])
def test_what_is_wrong_with_a_symbol_stands_under_open(changes: dict, words: str):
    assert words not in report()
    text = report(several(told(1), told(2, **changes), told(3)))
    assert f"- M1, seed 2, backtest: {words}" in section(text, "❌ What is open")
    assert "❌" in section(text, "M1") or "❌" in section(text, "Each symbol")


def test_the_worst_seed_of_a_symbol_is_found_by_its_own_figure():
    one, room = worst(ETH, several(told(1), told(2, eth_rate=0.71), told(3)).campaigns[0])
    assert (one.seed, room) == (2, pytest.approx(0.01))


def test_a_campaign_without_a_paper_session_misses_none():
    assert outside(M1, SOUND.campaigns[0]) == []
    asked = M1.model_copy(update={"paper_seed": 1})
    assert outside(asked, SOUND.campaigns[0]) == ["M1: no paper session of seed 1"]


def test_a_campaign_that_was_not_run_and_one_that_measured_nothing_are_reported():
    assert "❌ Not run." in report(outcome(PASSED, campaigns=()))
    broken = told(1, figures=dict.fromkeys(("entries", "closed", "win_rate", "pnl_quote")), symbols={}, refusals={})
    text = stage_report(STAGE, several(broken), {}, embeds_charts=False)
    assert "❌ | ETH/USDT win rate | 70.0 to 95.0 % | –, seed 1, backtest |" in section(text, "M1")
    assert "portfolio |" not in text


APART = [
    ({}, False),
    ({"symbols": SYMBOLS}, True),
    ({"alone": True}, True),
    ({"bands": (ETH,)}, True),
    ({"bands": (Band(figure="win_rate", least=0, most=1),)}, False),
    ({"settings": ("portfolio_exposure_max_quote=2500",)}, True),
    ({"settings": ("venue.alpha.exposure_max_quote=2500",)}, True),
    ({"settings": ("losses_in_a_row_max=3",)}, False),
]


@pytest.mark.parametrize("changes, apart", APART)
def test_symbols_are_told_apart_where_the_campaign_is_about_them(changes: dict, apart: bool):
    one = Campaign(name="C1", title="one", preset="mixed", rows=10, **changes)
    stage = Stage(name="D65", title="t", purpose="p", campaigns=(one,))
    assert (tells_symbols_apart(one), tells_refusals(stage)) == (apart, apart)
    assert tells_refusals(stage.model_copy(update={"required_trips": ("DRAWDOWN_MUST_STAY_INSIDE",)}))


def test_a_stage_that_is_not_about_symbols_has_none_of_it():
    assert not tells_refusals(D65)
    assert not any(tells_symbols_apart(one) for one in D65.campaigns)
    text = text_of(outcome())
    assert "Refusals by reason" not in text
    assert "as if it were alone" not in text
    assert "portfolio" not in text


SHOWN = [(1, (1, 2), 1), (2, (1, 2), 2), (None, (4, 5), 4), (None, (), None)]


@pytest.mark.parametrize("paper, seeds, shown", SHOWN)
def test_one_seed_stands_for_a_campaign(paper: int | None, seeds: tuple[int, ...], shown: int | None):
    assert shown_seed(M1.model_copy(update={"paper_seed": paper, "seeds": seeds})) == shown


def test_the_files_hold_the_new_charts(tmp_path):
    write_report(tmp_path, STAGE, SOUND, SERIES)
    assert {"refusals.svg", "m1_symbols.svg", "m1_exposure.svg", "m1_bands_win_rate.svg"} < {
        file.name for file in (tmp_path / "d65").iterdir()
    }


def test_a_stage_of_both_kinds_keeps_them_apart():
    stage = staged(campaigns=(*staged().campaigns, M1))
    text = stage_report(
        stage, outcome(campaigns=(campaign("C1"), campaign("C2"), *SOUND.campaigns)), SERIES, embeds_charts=False
    )
    assert "m1_symbols" in section(text, "M1")
    assert "_symbols" not in section(text, "C1")
