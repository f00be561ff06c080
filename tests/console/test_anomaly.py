"""A session that is stopped, as an operator meets it: what is said, where it leads, and the state at a row."""

import json
from pathlib import Path

import pandas as pd
import pytest

from arbitrage_core.session.anomaly import Anomaly, Pattern
from arbitrage_core.session.anomaly_watch import AnomalyWatch
from arbitrage_core.storage.disk import DiskRefused
from tests.console.test_commands import SMALL, names_in, sessions, told

__all__ = ["sessions"]

ROW = 20_000


@pytest.fixture
def anomalous(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look finds trades that do not leave."""
    found = Anomaly(Pattern.NO_EXITS, "trade 1 of S1/USDT stands", {"trade": 1})
    monkeypatch.setattr(AnomalyWatch, "_found", lambda watch, flattened: found)


def test_the_message_names_the_cause_the_command_and_the_bundle_and_the_command_works(sessions, capsys, anomalous):
    code, out, err = told(capsys, *SMALL)
    session = names_in(sessions)[0]
    assert (code, out) == (1, "")
    assert err.splitlines()[-2].startswith("error: entries without exits: trade 1 of S1/USDT stands (row 20000, ")
    assert err.splitlines()[-1] == (
        f"cure: arb replay {session} --to-row {ROW}; debug bundle {sessions / session / 'debug'}"
    )
    assert names_in(sessions / session / "debug") == ["cause.json", "config.json", "log.jsonl", "state.0"]
    cause = json.loads((sessions / session / "debug" / "cause.json").read_text())
    code, out, _ = told(capsys, *cause["command"].split()[1:], "--json")
    document = json.loads(out)
    assert (code, document["identical"], document["state_hash"]) == (0, True, cause["state_hash"])
    assert (document["to_row"], document["rows"]) == (ROW, ROW)


def test_with_json_the_error_is_the_one_document(sessions, capsys, anomalous):
    code, out, _ = told(capsys, *SMALL, "--json")
    document = json.loads(out)
    assert code == 1
    assert set(document) == {"error", "cure"}
    assert "--to-row" in document["cure"]


def test_the_files_a_stopped_session_cites_are_found_again(sessions, capsys, tmp_path, anomalous):
    rows = [(1_700_000_000_000_000_000 + i, venue, "AAA", 99.0, 1.0, 101.0, 1.0) for i in range(9) for venue in "ab"]
    columns = ["ts_ns", "venue", "symbol", "bid_px", "bid_qty", "ask_px", "ask_qty"]
    pd.DataFrame(rows, columns=columns).to_parquet(tmp_path / "quotes.parquet")
    code, _, err = told(capsys, "backtest", "--data", str(tmp_path / "quotes.parquet"))
    assert (code, "--to-row 18" in err) == (1, True)
    assert told(capsys, "replay", names_in(sessions)[0], "--to-row", "18")[0] == 0


def test_a_bundle_that_could_not_be_written_is_said(sessions, capsys, anomalous, monkeypatch):
    def refuses(*given: object) -> None:
        raise DiskRefused("no space left")

    monkeypatch.setattr("arbitrage_core.session.debug_bundle.write_document", refuses)
    code, _, err = told(capsys, *SMALL)
    assert (code, "no debug bundle; and its debug bundle could not be written: no space left" in err) == (1, True)


def test_without_a_journal_there_is_nothing_to_replay(sessions, capsys, anomalous):
    code, _, err = told(capsys, *SMALL, "--no-journal")
    assert (code, "--to-row" in err) == (1, False)


def test_a_session_is_shown_as_it_stood_after_a_row(sessions, capsys):
    session = json.loads(told(capsys, *SMALL, "--json")[1])["session"]
    code, out, _ = told(capsys, "replay", session, "--to-row", "15000")
    assert code == 0
    for words in ("to row 15,000", "at row", "open trades", "working orders", "realised", "equity", "identical"):
        assert words in out
    assert max(map(len, out.splitlines())) <= 80
    standing = [json.loads(told(capsys, "replay", session, "--to-row", str(row), "--json")[1]) for row in (0, 15_000)]
    assert standing[0]["standing"]["open_trades"] == []
    assert standing[1]["standing"]["session"]["now_ns"] == standing[1]["now_ns"]


@pytest.mark.parametrize(
    "more, words",
    [
        (["--to-row", "999999"], "has 20,002 rows, not 999,999"),
        (["--to-row", "-1"], "--to-row"),
        (["--to-row", "5", "--record"], "choose one of the two"),
    ],
)
def test_a_row_that_cannot_be_had_is_one_clear_error(sessions: Path, capsys, more: list[str], words: str):
    session = json.loads(told(capsys, *SMALL, "--json")[1])["session"]
    code, out, err = told(capsys, "replay", session, *more)
    assert (code, out, words in err) == (2, "", True)
