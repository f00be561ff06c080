"""Money on the pages, in the digits its currency needs: ETH in BTC earns thousandths of a BTC, and that can be read."""

import json
from pathlib import Path

import pytest

from console.summary import print_summary
from console.verdict_page import print_verdict
from tests.console.test_commands import sessions, told
from tests.session.scaled_markets import file_in

__all__ = ["sessions"]


def rows_in(currency: str, folder: Path, symbol: str = "") -> list[str]:
    return ["--data", str(file_in(currency, folder, symbol=symbol)), "--set", "taker_fee_bps=2"]


PAGES = [
    # currency, symbol, profit, its currency's name beside it, and a line that names what was read
    ("USDT", "", "PnL net        +398.", "USDT", ""),
    ("KRW", "", "PnL net        +398,", "KRW", ""),
    ("KRW", "KRW-AAA", "PnL net        +398,", "KRW", "KRW, read off the spelling of KRW-AAA"),
    ("BTC", "", "PnL net        +0.0039", "BTC", ""),
    ("ETH", "AAAETH", "PnL net        +0.11", "ETH", "ETH, read off the spelling of AAAETH"),
]


@pytest.mark.parametrize("currency, symbol, profit, name, note", PAGES)
def test_a_backtest_shows_its_profit_and_where_its_currency_comes_from(
    currency, symbol, profit, name, note, sessions, capsys, tmp_path
):
    code, out, err = told(capsys, "backtest", *rows_in(currency, tmp_path, symbol), "--no-journal")
    assert code == 0, err
    assert "120 entries = 120 closed" in out
    assert profit in out
    assert f" {name} (gross " in out
    assert note in out
    assert ("currency" in out) is bool(note)


def test_capital_beyond_the_currencys_bound_is_refused_with_the_bound(sessions, capsys, tmp_path):
    beyond = ["--set", "initial_capital_quote=90000000001"]
    code, _, err = told(capsys, "backtest", *rows_in("KRW", tmp_path), *beyond, "--no-journal")
    assert code == 2
    assert "initial_capital_quote = 90,000,000,001 KRW cannot be" in err
    assert "at most 90,000,000,000 KRW" in err


def test_two_currencies_in_one_session_are_refused_at_its_start(sessions, capsys, tmp_path):
    mixed = ["--set", "market.west.AAA/KRW.quote_currency=USDT"]
    code, _, err = told(capsys, "backtest", *rows_in("KRW", tmp_path), *mixed, "--no-journal")
    assert code == 2
    assert "east.AAA/KRW is quoted in KRW, the session is reckoned in USDT" in err


VERDICT = {
    "verdict": "TRADE", "reason": "r", "trades": 120, "trials": 1, "expectancy_bps": 33.1, "confidence": 0.98,
    "block_trades": None, "probability_positive": 1.0, "break_even_fee_bps": 14.1, "fee_earns": "up to",
    "break_even_latency_ms": None, "latency_earns": "throughout", "break_even_fee_same_trades_bps": None,
    "present": {"taker_fee_bps": 2.0, "latency_ms": 20.0}, "cost_share": 0.2, "open": 0, "preset": None,
    "longest_losing_run": {"seen": 0, "median": 0, "p95": 0}, "would_change": [],
    "quoted_in": {"X": {"currency": "GOLD", "known": "", "typical": False}},
}  # fmt: skip

SHOWN = [
    (
        "BTC",
        1e-5,
        ("PnL net +0.00398549 BTC", "+0.0000332124 BTC a trade", "0.08 BTC a trade", "90,000 BTC is the most"),
    ),
    ("KRW", 1e3, ("PnL net +398,549 KRW", "+3,321.24 KRW a trade", "8,000,000 KRW a trade", "90,000,000,000 KRW")),
    ("USDT", 1.0, ("PnL net +398.55 USDT", "+3.3212 USDT a trade", "8,000 USDT a trade", "9,000,000 USDT is the most")),
]


@pytest.mark.parametrize("currency, scale, words", SHOWN)
def test_a_verdict_shows_money_in_its_digits_and_that_the_purse_ended_its_curve(currency, scale, words, capsys):
    point = {"value": 1.0, "trades": 120, "pnl_quote": 398.549 * scale, "expectancy_quote": 3.32124 * scale}
    document = {
        **VERDICT,
        "reporting_currency": currency,
        "pnl_quote": 398.549 * scale,
        "expectancy_quote": 3.32124 * scale,
        "interval": [3.1 * scale, 3.5 * scale],
        "capacity": {
            "size_factor": 8.0,
            "notional_quote": 8_000.0 * scale,
            "pnl_quote": 1_600.0 * scale,
            "at_least": True,
            "ended_by": "purse",
        },
        "curves": {name: [point] for name in ("fee_bps", "latency_ms", "size_factor")},
    }
    print_verdict(document, title="Verdict")
    out = " ".join(capsys.readouterr().out.split())
    for one in (*words, "the purse ended the curve", "what GOLD is worth"):
        assert one in out
    document["capacity"].update(at_least=False, ended_by="depth")
    print_verdict(document, title="Verdict")
    assert "purse" not in capsys.readouterr().out


MONEY: list[tuple[str, float, str]] = [
    ("USDT", 12_345.678, "+12,346 USDT"),
    ("USDT", -9_999.994, "-9,999.99 USDT"),
    ("KRW", 1_234.4, "+1,234 KRW"),
    ("BTC", -0.00012345, "-0.00012345 BTC"),
]


@pytest.mark.parametrize("currency, value, text", MONEY)
def test_thousands_lose_their_cents_and_coins_keep_their_digits(currency, value, text, sessions, capsys, tmp_path):
    quiet = ["--set", "entry_spread_bps=400", "--no-journal", "--json"]
    document = json.loads(told(capsys, "backtest", *rows_in("USDT", tmp_path), *quiet)[1])
    print_summary({**document, "reporting_currency": currency, "pnl_quote": value}, title="Backtest")
    assert f"PnL net {text}" in " ".join(capsys.readouterr().out.split())
