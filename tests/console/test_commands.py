"""The commands as an operator meets them: documents, exit codes, one clear error each, nothing half-written."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from arbitrage_core.domain.errors import InvariantBroken
from arbitrage_core.laws import Violation
from arbitrage_core.session.backtest import run_backtest
from console.cli import repeated, run

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["backtest", "--synthetic", "mixed", "--rows", "20000"]
SESSION_KEYS = {
    *("session", "rows", "rows_per_s", "entries", "closed_trades", "unwound", "open", "exits", "pnl_quote"),
    *("fees_quote", "win_rate", "max_drawdown_quote", "per_symbol", "refusals", "incidents", "state_hash"),
}


@pytest.fixture
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where journals go in a test; compiled engines stay where they are."""
    home = tmp_path / "home"
    monkeypatch.setattr("console.session_folder.home", lambda: home)
    return home / "sessions"


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(arguments)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


# ------------------------------------------------------------------------------------------------------- what it gives


def test_a_backtest_gives_its_document_and_a_journal_that_replays_to_the_same(sessions, capsys):
    code, out, _ = told(capsys, *SMALL, "--json")
    document = json.loads(out)
    assert code == 0
    assert set(document) >= SESSION_KEYS
    assert (document["rows"], document["laws"]) == (20_000, [])
    assert names_in(sessions) == [document["session"]]
    for name in (document["session"], document["session"][:-3], str(sessions / document["session"])):
        code, out, _ = told(capsys, "replay", name, "--json")
        replayed = json.loads(out)
        assert set(replayed) >= SESSION_KEYS | {"identical"}
        assert (code, replayed["identical"], replayed["state_hash"]) == (0, True, document["state_hash"])


def test_the_same_backtest_again_takes_the_place_of_the_first(sessions, capsys):
    first = json.loads(told(capsys, *SMALL, "--json")[1])
    second = json.loads(told(capsys, *SMALL, "--json")[1])
    other = json.loads(told(capsys, *SMALL, "--json", "--set", "taker_fee_bps=5")[1])
    assert first["session"] == second["session"] != other["session"]
    assert first["state_hash"] == second["state_hash"] != other["state_hash"]
    assert names_in(sessions) == sorted([first["session"], other["session"]])


def test_without_a_journal_nothing_is_written(sessions, capsys):
    code, out, _ = told(capsys, *SMALL, "--json", "--no-journal", "--duration", "60s")
    assert code == 0
    assert 1_500 < json.loads(out)["rows"] < 6_000
    assert names_in(sessions) == []


def test_the_summary_fits_80_columns_and_has_no_colour_when_piped(sessions, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    code, out, _ = told(capsys, *SMALL)
    assert code == 0
    assert all(words in out for words in ("PnL net", "win rate", "BTC/USDT", "opportunities", "laws", "arb replay"))
    assert max(map(len, out.replace(str(sessions), "").splitlines())) <= 80
    assert "\x1b" not in out


def test_a_recording_is_traded_and_found_again_by_its_replay(sessions, capsys, tmp_path):
    path = recording(tmp_path)
    code, out, _ = told(capsys, "backtest", "--data", str(path), "--set", "entry_spread_bps=1", "--json")
    document = json.loads(out)
    assert (code, document["rows"]) == (0, len(sound_quotes()))
    assert told(capsys, "replay", document["session"])[0] == 0
    moved = path.rename(tmp_path / "moved.parquet")
    code, _, err = told(capsys, "replay", document["session"])
    assert (code, "no longer there" in err) == (2, True)
    assert told(capsys, "replay", document["session"], "--data", str(moved))[0] == 0


# ---------------------------------------------------------------------------------------------------------- bad input


def sound_quotes() -> pd.DataFrame:
    count = 40
    mid = 100 + np.arange(count) % 2 * 0.01
    return pd.DataFrame(
        {
            "ts_ns": 1_700_000_000_000_000_000 + np.arange(count) * 10_000_000,
            "venue": ["alpha", "beta"] * (count // 2),
            "symbol": ["X"] * count,
            "bid_px": mid - 0.01,
            "bid_qty": 1.0,
            "ask_px": mid + 0.01,
            "ask_qty": 1.0,
        }
    )


def recording(folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame] = lambda quotes: quotes) -> Path:
    path = folder / "quotes.parquet"
    change(sound_quotes()).to_parquet(path)
    return path


def with_value(column: str, value: float) -> Callable[[pd.DataFrame], pd.DataFrame]:
    return lambda quotes: quotes.assign(**{column: quotes[column].where(quotes.index != 30, value)})


BAD_RECORDINGS = {
    "missing column": (lambda quotes: quotes.drop(columns="ask_qty"), (), "no column ask_qty"),
    "unsorted": (lambda quotes: quotes.iloc[::-1], (), "row 1"),
    "a price too small": (with_value("bid_px", 1e-30), (), "row 30"),
    "negative price": (with_value("ask_px", -1.0), (), "row 30"),
    "infinite quantity": (with_value("bid_qty", np.inf), (), "row 30"),
    "unknown venue": (lambda quotes: quotes, ("--venues", "alpha,gamma"), "no venue gamma"),
    "unknown symbol": (lambda quotes: quotes, ("--symbols", "Y"), "no symbol Y"),
    "one venue": (lambda quotes: quotes, ("--venues", "alpha"), "one venue only, alpha"),
    "empty": (lambda quotes: quotes.iloc[:0], (), "no quote"),
    "impossible parameter": (lambda quotes: quotes, ("--set", "taker_fee_bps=-5000"), "taker_fee_bps = -5000"),
    "too deep": (lambda quotes: quotes, ("--levels", "3"), "3 levels"),
    "no rows": (lambda quotes: quotes, ("--rows", "0"), "rows = 0"),
}


@pytest.mark.parametrize("name", BAD_RECORDINGS)
def test_a_bad_recording_is_one_clear_error_and_leaves_nothing(name, sessions, capsys, tmp_path):
    change, more, words = BAD_RECORDINGS[name]
    code, out, err = told(capsys, "backtest", "--data", str(recording(tmp_path, change)), *more)
    assert (code, out) == (2, "")
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert words in errors[0]
    assert "Traceback" not in err
    assert names_in(sessions) == []


BAD_COMMANDS = [
    (["backtest"], "one of the two"),
    ([*SMALL, "--data", "x.parquet"], "one of the two"),
    (["backtest", "--synthetic", "mixd"], "no synthetic preset 'mixd'"),
    (["backtest", "--data", "nowhere.parquet"], "nowhere.parquet"),
    ([*SMALL, "--duration", "60"], "duration '60'"),
    ([*SMALL, "--rows", "many"], "--rows"),
    ([*SMALL, "--seed", "-1"], "seed = -1"),
    ([*SMALL, "--venues", "a,,b"], "empty name"),
    ([*SMALL, "--venues", "a"], "1 venues"),
    ([*SMALL, "--set", "taker_fee=5"], "no parameter 'taker_fee'"),
    ([*SMALL, "--set", "spread_max_bps=1"], "spread_max_bps must lie above"),
    ([*SMALL, "--chart", "nowhere/chart.html"], "nowhere"),
    ([*SMALL, "--nonsense"], "--nonsense"),
    ([*SMALL, "stray"], "stray"),
    (["replay"], "session"),
    (["replay", "backtest-none"], "no session 'backtest-none'"),
    (["replay", "no/such/folder"], "holds no journal"),
    (["drill", "mixed"], "drill"),
]


@pytest.mark.parametrize("arguments, words", BAD_COMMANDS, ids=lambda value: " ".join(value)[:60])
def test_a_bad_command_is_one_clear_error_with_exit_code_2(arguments, words, sessions, capsys):
    code, out, err = told(capsys, *arguments)
    assert (code, out) == (2, "")
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert words in errors[0].lower() or words in errors[0]
    assert "Traceback" not in err
    assert names_in(sessions) == []


def test_with_json_an_error_is_the_one_document(sessions, capsys):
    code, out, err = told(capsys, *SMALL, "--set", "taker_fee=5", "--json")
    assert (code, set(json.loads(out))) == (2, {"error", "cure"})
    assert "did you mean taker_fee_bps" in err


# ------------------------------------------------------------------------------------------------------------ failures


def test_a_disk_without_space_is_one_error_exit_code_1_and_nothing_half_written(sessions, capsys):
    resource = pytest.importorskip("resource", reason="this system limits no file sizes")
    assert run([*SMALL, "--no-journal"]) == 0  # compiles, so that only the journal meets the limit
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    capsys.readouterr()
    resource.setrlimit(resource.RLIMIT_FSIZE, (9_000, limits[1]))
    try:
        code = run(SMALL)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    captured = capsys.readouterr()
    assert (code, captured.out, names_in(sessions)) == (1, "", [])
    assert captured.err.count("error: ") == 1
    assert "cannot grow" in captured.err


def test_a_place_that_cannot_be_written_is_one_error_and_exit_code_1(sessions, capsys):
    sessions.parent.mkdir()
    sessions.write_text("in the way")
    code, out, err = told(capsys, *SMALL)
    assert (code, out, err.count("error: ")) == (1, "", 1)
    assert sessions.read_text() == "in the way"


def test_an_interrupted_backtest_says_so_and_leaves_nothing(sessions, capsys, monkeypatch):
    def interrupted(config, feed, *, folder, **rest):
        folder.mkdir(exist_ok=True)
        (folder / "manifest.json").write_text("half")
        raise KeyboardInterrupt

    monkeypatch.setattr("console.backtest_run.run_backtest", interrupted)
    code, out, err = told(capsys, *SMALL)
    assert (code, out, names_in(sessions)) == (130, "", [])
    assert "interrupted" in err


def test_an_interruption_keeps_the_journal_of_the_run_before(sessions, capsys, monkeypatch):
    session = json.loads(told(capsys, *SMALL, "--json")[1])["session"]

    def interrupted(*given, **named):
        raise KeyboardInterrupt

    monkeypatch.setattr("console.backtest_run.run_backtest", interrupted)
    assert told(capsys, *SMALL)[0] == 130
    assert told(capsys, "replay", session)[0] == 0


def test_a_broken_law_is_exit_code_1_and_the_journal_stays_as_evidence(sessions, capsys, monkeypatch):
    violation = Violation("I1", "alpha BTC/USDT", 1, 2)

    def unlawful(*given, **named):
        result = run_backtest(*given, **named)
        result.document["laws"] = [str(violation)]
        return replace(result, violations=[violation])

    monkeypatch.setattr("console.backtest_run.run_backtest", unlawful)
    code, out, _ = told(capsys, *SMALL)
    assert (code, len(names_in(sessions))) == (1, 1)
    assert "1 violated: I1: alpha BTC/USDT" in out


def test_a_broken_invariant_is_exit_code_1_and_its_sealed_journal_stays(sessions, capsys, monkeypatch):
    def broken(self, rows):
        raise InvariantBroken("time must not run back")

    monkeypatch.setattr("arbitrage_core.session.session.Session.feed", broken)
    code, out, err = told(capsys, *SMALL)
    assert (code, out) == (1, "")
    assert "broken invariant: time must not run back" in err
    kept = names_in(sessions)
    assert len(kept) == 1
    assert json.loads((sessions / kept[0] / "seal.json").read_text())["status"] == "broken"


def test_a_changed_journal_is_exit_code_1(sessions, capsys):
    session = json.loads(told(capsys, *SMALL, "--json")[1])["session"]
    segment = next((sessions / session).glob("*.seg"))
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.write_bytes(content)
    code, out, err = told(capsys, "replay", session)
    assert (code, out, err.count("error: ")) == (1, "", 1)


# --------------------------------------------------------------------------------------------------------- the program


def program(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-X", "utf8", "-m", "console.cli", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    return subprocess.run(command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False)


def test_the_program_calls_itself_arb_and_lists_what_there_is():
    shown = program("--help")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.startswith("Usage: arb ")
    assert all(f"\n  {command} " in shown.stdout for command in ("backtest", "replay", "bench", "test"))


def test_the_help_imports_nothing_heavy():
    code = "import sys; from console.cli import run; run(['--help']); print([*sys.modules], file=sys.stderr)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert not {"numpy", "numba", "pandas", "pyarrow", "plotly", "pydantic", "dask"} & set(eval(shown.stderr))


@pytest.mark.parametrize("arguments, code", [(["--version"], 0), (["--no-such-option"], 4)])
def test_the_suite_is_run_by_pytest_and_its_exit_code_is_given_back(arguments, code):
    assert program("test", *arguments).returncode == code


SPREAD = [
    (["backtest", "--data", "a", "--json"], ["backtest", "--data", "a", "--json"]),
    (["backtest", "--data", "a", "b", "c"], ["backtest", "--data", "a", "--data", "b", "--data", "c"]),
    (["backtest", "--data", "a", "b", "--rows", "3"], ["backtest", "--data", "a", "--data", "b", "--rows", "3"]),
    (["replay", "x", "--data", "a"], ["replay", "x", "--data", "a"]),
    ([], []),
]


@pytest.mark.parametrize("given, expected", SPREAD)
def test_data_takes_several_files_in_a_row(given, expected):
    assert repeated(given) == expected
