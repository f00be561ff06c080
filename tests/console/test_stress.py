"""`arb stress`: its document, its exit codes, and what it cannot do said in one line."""

import json
from pathlib import Path

import numpy as np
import pytest

from arbitrage_core.scenarios.catalogue import SCENARIOS
from console.cli import run
from console.stress_run import Ground
from tests.feeds.recordings import columns, written


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(("stress", *arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_every_scenario_beside_its_baseline(capsys):
    code, out, _ = told(capsys, "--json")
    document = json.loads(out)
    assert code == 0
    assert set(document) >= {"baseline", "scenarios"}
    assert [one["name"] for one in document["scenarios"]] == list(SCENARIOS)
    for one in document["scenarios"]:
        assert {"injection", "pnl_quote", "guards", "passed"} <= set(one)
        assert one["injection"]["measured"] == pytest.approx(one["injection"]["intended"], rel=0.05)
        assert one["passed"]
    assert (document["equal"], document["left_out"], document["passed"]) == ([], [], True)


def test_the_page_shows_the_baseline_the_scenarios_and_the_verdict(capsys):
    code, out, _ = told(capsys, "--scenario", "FEE_SURGE", "--scenario", "stale_feed")
    assert code == 0
    assert [word in out for word in ("(baseline)", "FEE_SURGE", "STALE_FEED", "stress passed")] == [True] * 4
    assert "QUOTE_DEPEG" not in out


def test_an_injection_that_is_off_fails_and_says_so(capsys, monkeypatch):
    monkeypatch.setattr("console.stress_run.stressed_feed", lambda feed, injection: feed)
    code, out, _ = told(capsys, "--scenario", "STALE_FEED")
    assert code == 1
    assert "injection is measured" in out
    assert "STALE_FEED is the baseline" in out


def test_a_session_that_stops_itself_is_a_scenario_that_failed(capsys, monkeypatch):
    from arbitrage_core.domain.errors import AnomalyFound
    from arbitrage_core.session.anomaly import Pattern
    from console import stress_run

    sound = stress_run.run_of

    def breaks_under_stress(config, feed, venue_config, **options):
        if venue_config is not config:
            raise AnomalyFound(Pattern.LAW, "money was lost", row=1, now_ns=1, figures={})
        return sound(config, feed, venue_config, **options)

    monkeypatch.setattr(stress_run, "run_of", breaks_under_stress)
    code, out, _ = told(capsys, "--scenario", "FEE_SURGE", "--json")
    (found,) = json.loads(out)["scenarios"]
    assert (code, found["passed"], found["pnl_quote"]) == (1, False, None)
    assert "money was lost" in found["findings"][0]["observed"]


def test_one_symbol_leaves_out_what_needs_several(capsys):
    code, out, _ = told(capsys, "--symbols", "BTC/USDT", "--rows", "20000", "--json")
    document = json.loads(out)
    assert document["left_out"] == ["MULTISYMBOL_STAGGER"]
    assert len(document["scenarios"]) == len(SCENARIOS) - 1
    code, _, err = told(capsys, "--symbols", "BTC/USDT", "--rows", "20000", "--scenario", "MULTISYMBOL_STAGGER")
    assert (code, "symbols" in err) == (2, True)


def test_recorded_quotes_are_stressed_as_well(capsys, tmp_path: Path):
    made = columns(8_000, step_ns=20_000_000)
    number = np.arange(8_000)
    made |= {"bid_px": 100.0 + number % 7 * 0.01, "ask_px": 100.05 + number % 7 * 0.01}
    file = written(tmp_path / "quotes.parquet", made)
    code, out, _ = told(capsys, "--data", str(file), "--scenario", "LIQUIDITY_DROUGHT", "--json")
    (found,) = json.loads(out)["scenarios"]
    assert found["injection"]["measured"] == pytest.approx(0.01)
    assert code == 1  # these quotes are never apart: nothing is traded, so nothing can come nearer zero


def test_quotes_with_empty_sides_are_stressed_and_measured_without_them(capsys, tmp_path: Path):
    made = columns(8_000, step_ns=20_000_000)
    number = np.arange(8_000)
    made |= {"bid_px": 100.0 + number % 7 * 0.01, "ask_px": 100.05 + number % 7 * 0.01}
    for side, each in (("bid", 5), ("ask", 7)):
        made[f"{side}_px"] = np.where(number % each == 0, np.nan, made[f"{side}_px"])
    file = written(tmp_path / "quotes.parquet", made)
    names = ("NOISE_SATURATION", "FLASH_CRASH", "SPREAD_COLLAPSE")
    scenarios = [word for name in names for word in ("--scenario", name)]
    _, out, err = told(capsys, "--data", str(file), *scenarios, "--json")
    found = {one["name"]: one["injection"]["measured"] for one in json.loads(out)["scenarios"]}
    assert set(found) == set(names), err
    assert all(measured is not None and np.isfinite(measured) for measured in found.values())


@pytest.mark.parametrize(
    "arguments,said",
    [
        (("--scenario", "NONE_SUCH"), "SLIPPAGE_STRESS"),
        (("--rows", "200"), "too short"),
        (("--synthetic", "none_such"), "mixed"),
    ],
)
def test_what_cannot_be_is_said_in_one_line_with_exit_code_2(capsys, arguments, said):
    code, out, err = told(capsys, *arguments)
    assert (code, out) == (2, "")
    assert said in err


def test_settings_of_the_operator_reach_baseline_and_scenario():
    from console.source import Wanted

    ground = Ground.of(Wanted(synthetic="high", rows=10_000), ("notional_quote=100",))
    told_all = [ground.plan(), ground.plan(("taker_fee_bps=15",))]
    assert {config.params.notional_quote for config in told_all} == {100.0}
    assert [config.markets[0].taker_fee_bps for config in told_all] == [4.0, 15.0]
