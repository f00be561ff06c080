"""What is said of rows and settings before a session starts, alike by every command, and of files that are none."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from arbitrage_core.domain.errors import BadInput
from tests.console.test_commands import sessions, told
from tests.feeds.recordings import SECOND_NS, START_NS

__all__ = ["sessions"]

HOUR_NS = 3_600 * SECOND_NS
APART = "BTC/USDT: alpha and beta never stand side by side"


def quotes(
    venue: str, *, symbol: str = "BTC/USDT", start_ns: int = START_NS, step_ns: int = SECOND_NS // 10
) -> pd.DataFrame:
    count = 1_200
    mid = 100 + np.arange(count) % 2 * 0.01
    return pd.DataFrame(
        {
            "ts_ns": start_ns + np.arange(count) * step_ns,
            "venue": venue,
            "symbol": symbol,
            "bid_px": mid - 0.01,
            "bid_qty": 1.0,
            "ask_px": mid + 0.01,
            "ask_qty": 1.0,
        }
    )


def saved(path: Path, *frames: pd.DataFrame) -> Path:
    pd.concat(frames).sort_values("ts_ns", kind="stable").to_parquet(path)
    return path


@pytest.fixture
def apart(tmp_path: Path) -> list[str]:
    """Two recorders, one of which wrote its local time."""
    files = [
        saved(tmp_path / "a.parquet", quotes("alpha")),
        saved(tmp_path / "b.parquet", quotes("beta", start_ns=START_NS + 9 * HOUR_NS)),
    ]
    return ["--data", *map(str, files)]


@pytest.mark.parametrize("command", (("backtest", "--no-journal"), ("verdict",), ("stress", "--scenario", "FEE_SURGE")))
def test_venues_that_never_overlap_are_said_at_the_start_and_stand_in_the_document(command, apart, sessions, capsys):
    _, out, err = told(capsys, *command, *apart, "--json")
    (note,) = json.loads(out)["notes"]
    assert f"note: {note}" in err.splitlines()
    assert APART in note
    assert "9 h after the first: is one of them in local time?" in note


@pytest.mark.parametrize(
    "command, first",
    (
        (("paper", "--pace", "max"), "console.paper_run.ensure_stores"),
        (("tune", "--vary", "entry_spread_bps=20:30"), "console.tune_run.prefect_ready"),
    ),
)
def test_so_they_are_before_servers_are_asked_for(command, first, apart, sessions, capsys, monkeypatch):
    def stop(*_: object, **__: object) -> None:
        raise BadInput("stopped by the test")

    monkeypatch.setattr(first, stop)
    code, _, err = told(capsys, *command, *apart)
    lines = err.splitlines()
    assert code == 2
    assert lines[0].startswith(f"note: {APART}")
    assert "error: stopped by the test" in lines


def test_a_sound_recording_has_nothing_to_be_said(sessions, capsys, tmp_path):
    file = saved(tmp_path / "both.parquet", quotes("alpha"), quotes("beta"))
    code, out, err = told(capsys, "backtest", "--data", str(file), "--no-journal", "--json")
    assert (code, json.loads(out)["notes"]) == (0, [])
    assert "note:" not in err


def test_what_one_venue_alone_lists_is_left_out_and_the_rest_is_traded(sessions, capsys, tmp_path):
    frames = [quotes(venue, symbol=symbol) for venue in ("alpha", "beta") for symbol in ("BTC/USDT", "ETH/USDT")]
    file = saved(tmp_path / "all.parquet", *frames, quotes("alpha", symbol="XRP/USDT"), quotes("gamma", symbol="SOL"))
    code, out, err = told(capsys, "backtest", "--data", str(file), "--json")
    document = json.loads(out)
    assert code == 0, err
    assert list(document["per_symbol"]) == ["BTC/USDT", "ETH/USDT"]
    assert document["notes"][0] == "2 of 4 symbols are on one venue only and left out: SOL (gamma), XRP/USDT (alpha)"
    assert told(capsys, "replay", document["session"])[0] == 0
    code, _, err = told(capsys, "backtest", "--data", str(file), "--symbols", "BTC/USDT,XRP/USDT")
    assert (code, "symbol XRP/USDT is on alpha only" in err) == (2, True)


def test_a_coarse_cadence_and_a_tick_of_another_market_are_said(sessions, capsys, tmp_path):
    slow = [quotes(venue, step_ns=2 * SECOND_NS) for venue in ("alpha", "beta")]
    file = saved(tmp_path / "slow.parquet", *slow)
    _, _, err = told(capsys, "backtest", "--data", str(file), "--no-journal")
    assert "is quoted every 2.15 s or so, and quote_age_max_ms = 1000, skew_max_ms = 1000" in err
    code, out, err = told(capsys, "backtest", "--data", str(file), "--no-journal", "--set", "tick=1000")
    assert (code, out) == (2, "")
    assert "tick = 1000 of market alpha.BTC/USDT, which is quoted at 99.99" in err


NO_RECORDINGS = {
    "milliseconds": (lambda frame: frame.assign(ts_ns=frame.ts_ns // 10**6), "multiply ts_ns by 1,000,000"),
    "one venue": (lambda frame: frame[frame.venue == "alpha"], "one venue only, alpha: an arbitrage needs two"),
    "another format": (lambda frame: frame.rename(columns={"venue": "exchange"}), "rename exchange → venue"),
    "an invisible name": (lambda frame: frame.assign(symbol="BTC\u202e"), "cannot be printed"),
    "half of an infinite price": (lambda frame: frame.assign(ask_px=np.inf), "row 0: ask_px of the first level"),
}


@pytest.mark.parametrize("change, words", NO_RECORDINGS.values(), ids=NO_RECORDINGS.keys())
def test_what_is_no_recording_is_refused_in_two_lines(change, words, sessions, capsys, tmp_path):
    frame = pd.concat([quotes("alpha"), quotes("beta")]).sort_values("ts_ns", kind="stable")
    change(frame).to_parquet(tmp_path / "quotes.parquet")
    code, out, err = told(capsys, "backtest", "--data", str(tmp_path / "quotes.parquet"))
    assert (code, out) == (2, "")
    error, cure = (line for line in err.splitlines() if not line.startswith("arb:"))
    assert error.startswith("error: ")
    assert cure.startswith("cure: ")
    assert words in f"{error} {cure}"


def test_a_side_that_empties_is_no_price_to_trade_at(sessions, capsys, tmp_path):
    """At the height of a gap the bid that made it is gone: nothing is entered at it."""
    alpha, beta = quotes("alpha"), quotes("beta")
    gap = np.arange(len(beta)) % 100 < 20
    beta.loc[gap, ["bid_px", "ask_px"]] += 1.0
    entries = {}
    for name, bid in {"there": None, "null": np.nan, "zero": 0.0}.items():
        gone = (
            beta if bid is None else beta.assign(bid_px=beta.bid_px.mask(gap, bid), bid_qty=beta.bid_qty.mask(gap, bid))
        )
        file = saved(tmp_path / f"{name}.parquet", alpha, gone)
        code, out, err = told(capsys, "backtest", "--data", str(file), "--no-journal", "--json")
        assert code == 0, err
        entries[name] = json.loads(out)["entries"]
    assert entries["there"] > 0
    assert (entries["null"], entries["zero"]) == (0, 0)
