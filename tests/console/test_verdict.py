"""`arb verdict` as an operator meets it: the verdict, its exit code, a page, a chart, and one clear error each."""

import json
import os
from pathlib import Path

import pytest

from arbitrage_core.laws import Violation
from console import verdict_run
from console.verdict_page import print_verdict
from tests.console.test_commands import sessions, told

__all__ = ["sessions"]

HIGH = ["--synthetic", "high", "--rows", "60000"]
LOW = ["--synthetic", "low", "--rows", "300000"]
RECORDING = Path(__file__).resolve().parents[3] / "shared" / "data" / "binance_2024-08-08" / "bbo.parquet"
CONTRACT = {"verdict", "trades", "expectancy_quote", "interval", "break_even_fee_bps", "probability_positive"}


def verdict(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict]:
    code, out, err = told(capsys, "verdict", *arguments, "--json")
    assert code in (0, 1), err
    return code, json.loads(out)


@pytest.mark.parametrize(
    "arguments, code, words",
    [
        (HIGH, 0, "TRADE"),
        (LOW, 1, "DO NOT TRADE"),
        ([*HIGH, "--rows", "3000"], 1, "NOT ENOUGH EVIDENCE"),
        ([*HIGH, "--set", "entry_spread_bps=450"], 1, "NOT ENOUGH EVIDENCE"),
    ],
)
def test_the_exit_code_is_0_for_trade_alone(arguments, code, words, sessions, capsys):
    found, document = verdict(capsys, *arguments)
    assert (found, document["verdict"]) == (code, words)
    assert set(document) >= CONTRACT
    assert document["flaws"] == []


def test_more_trials_make_it_harder(sessions, capsys):
    document = verdict(capsys, *HIGH, "--trials", "1000000")[1]
    assert document["trials"] == 1_000_000
    assert verdict(capsys, *HIGH)[1]["interval"] == document["interval"]


def test_a_session_gives_the_verdict_of_its_backtest(sessions, capsys):
    name = json.loads(told(capsys, "backtest", *HIGH, "--json")[1])["session"]
    code, document = verdict(capsys, "--session", name[:-3])
    direct = verdict(capsys, *HIGH)[1]
    assert code == 0
    assert document.pop("session") == name
    assert direct.pop("session") != name
    assert document == direct


def test_a_session_whose_replay_differs_is_no_evidence(sessions, capsys, monkeypatch):
    name = json.loads(told(capsys, "backtest", *HIGH, "--json")[1])["session"]
    replayed = verdict_run.replay_session

    def differing(*given, **named):
        result = replayed(*given, **named)
        result.document.update(identical=False, difference="order 3: lots is 1, in the journal 2")
        return result

    monkeypatch.setattr(verdict_run, "replay_session", differing)
    code, document = verdict(capsys, "--session", name)
    assert (code, document["verdict"]) == (1, "NOT ENOUGH EVIDENCE")
    assert "order 3" in document["reason"]


def test_a_session_that_broke_a_law_is_no_evidence(sessions, capsys, monkeypatch):
    ran = verdict_run.run_backtest

    def unlawful(*given, **named):
        result = ran(*given, **named)
        result.violations.append(Violation("I15", "money", "0", "1"))
        return result

    monkeypatch.setattr(verdict_run, "run_backtest", unlawful)
    code, document = verdict(capsys, *HIGH)
    assert (code, document["verdict"]) == (1, "NOT ENOUGH EVIDENCE")
    assert "I15" in document["flaws"][0]


@pytest.mark.skipif(not RECORDING.exists(), reason="the recording ../shared/data/binance_2024-08-08 is not there")
@pytest.mark.parametrize("settings", [[], ["entry_spread_bps=3", "exit_spread_bps=-2", "taker_fee_bps=5"]])
def test_of_the_real_recording_with_ordinary_fees_it_does_not_say_trade(settings, sessions, capsys):
    data = ["--data", str(RECORDING), "--venues", "binance_spot,binance_usdm", "--symbols", "BTCUSDT,ETHUSDT"]
    code, document = verdict(capsys, *data, *(part for setting in settings for part in ("--set", setting)))
    assert code == 1
    assert document["verdict"] != "TRADE"


@pytest.mark.parametrize("arguments", [HIGH, LOW, [*HIGH, "--rows", "3000"], [*HIGH, "--set", "entry_spread_bps=450"]])
def test_the_page_fits_80_columns_and_says_the_verdict_first(arguments, sessions, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    _, out, _ = told(capsys, "verdict", *arguments)
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.strip().startswith(("TRADE:", "DO NOT TRADE:", "NOT ENOUGH EVIDENCE:")) for line in lines[:4])
    assert "would change it" in out
    assert "\x1b" not in out


def test_a_run_that_was_stopped_and_a_size_in_base_are_shown(sessions, capsys):
    document = verdict(capsys, *HIGH)[1]
    document["curves"]["fee_bps"][0].update(trades=None, pnl_quote=None, expectancy_quote=None)
    document["capacity"]["notional_quote"] = None
    document.update(fee_earns="throughout", break_even_fee_bps=None)
    print_verdict(document, title="Verdict")
    out = capsys.readouterr().out
    assert "stopped" in out
    assert "earned at all values tried" in out


def test_the_chart_is_one_file_with_a_panel_a_curve(sessions, capsys, tmp_path):
    page = tmp_path / "curves.html"
    assert verdict(capsys, *HIGH, "--chart", str(page))[1]["chart"] == str(page)
    text = page.read_text(encoding="utf-8")
    for words in ("taker fee, bps", "latency, ms", "size, ×", "TRADE"):
        assert words in text
    assert 'src="http' not in text


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "--data or from --synthetic"),
        (["--session", "nothing"], "no session 'nothing'"),
        (["--session", "x", "--synthetic", "mixed"], "its own rows and settings"),
        (["--session", "x", "--set", "taker_fee_bps=1"], "its own rows and settings"),
        (["--session", "x", "--rows", "5"], "its own rows and settings"),
        ([*HIGH, "--trials", "0"], "--trials"),
        ([*HIGH, "--set", "taker_fee=1"], "no parameter"),
        ([*HIGH, "--chart", str(Path("no-such-folder") / "chart.html")], "no chart can be written"),
    ],
)
def test_a_bad_command_is_one_clear_error_with_exit_code_2(arguments, words, sessions, capsys):
    code, out, err = told(capsys, "verdict", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert os.linesep not in err.strip().split("cure:")[0].strip()
