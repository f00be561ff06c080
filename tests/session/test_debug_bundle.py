"""The debug bundle and the replay to a row: whole, loadable, and the state at that row bit for bit."""

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from arbitrage_core.domain.errors import AnomalyFound, BadInput
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.snapshot import state_hash
from arbitrage_core.session import backtest, debug_bundle, replay
from arbitrage_core.session.backtest import run_backtest
from arbitrage_core.session.binding import bound_fold, exchanged_fold
from arbitrage_core.session.debug_bundle import cause_in, keep_bundle
from arbitrage_core.session.session import Session
from arbitrage_core.session.standing import replay_to_row
from arbitrage_core.storage.disk import DiskRefused
from arbitrage_core.storage.document import read_document
from arbitrage_core.storage.journal_reader import JournalReader
from arbitrage_core.storage.snapshot_file import read_snapshot
from tests.engine.small_market import KEY, QUIET, pulses, small_config
from tests.session.anomalies import ANOMALIES, Planted
from tests.session.plain_session import plain_session
from tests.session.test_backtest_and_replay import MadeRows

CONFIG = small_config(take_profit="32:0.4", stop_loss_bps=60.0)


@pytest.fixture(autouse=True)
def _interpreted_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same functions as plain Python, in the session and in its replay."""
    monkeypatch.setattr(backtest, "Session", plain_session)
    monkeypatch.setattr(replay, "bound_fold", partial(bound_fold, interpreted=True))
    monkeypatch.setattr(replay, "exchanged_fold", partial(exchanged_fold, interpreted=True))
    with np.errstate(**QUIET):
        yield


def stopped(folder: Path, fault: Planted, batch_rows: int = 7) -> AnomalyFound:
    """The anomaly a defect stopped a backtest with, its journal in `folder`."""
    with pytest.raises(AnomalyFound) as found:
        run_backtest(
            fault.config, MadeRows(fault.rows, batch_rows), folder=folder, name="stopped", replaced=fault.replaced
        )
    return found.value


@pytest.mark.parametrize("fault", ANOMALIES.values(), ids=ANOMALIES)
def test_the_bundle_is_whole_and_a_replay_to_its_row_leaves_its_state(tmp_path: Path, fault: Planted) -> None:
    folder = tmp_path / "journal"
    anomaly = stopped(folder, fault)
    cause = cause_in(folder)
    assert (cause["pattern"], cause["row"], cause["now_ns"]) == (anomaly.pattern, anomaly.row, anomaly.now_ns)
    assert anomaly.command == cause["command"] == f"arb replay stopped --to-row {anomaly.row}"
    assert anomaly.bundle == "stopped/debug"
    kept = read_snapshot(folder / "debug" / "state")
    assert set(kept.parts) == {"state", "params", "account"}
    assert state_hash(kept.parts["state"], kept.parts["params"]) == cause["state_hash"]
    config, _ = read_document(folder / "debug" / "config.json")
    assert SessionConfig.model_validate(config) == fault.config
    assert (folder / "debug" / "log.jsonl").read_bytes() == b""
    seal = JournalReader(folder).seal
    assert (seal.status, anomaly.finding in seal.reason) == ("broken", True)
    again = replay_to_row(folder, MadeRows(fault.rows), anomaly.row, replaced=fault.replaced)
    assert again.document["difference"] is None
    assert again.document["state_hash"] == cause["state_hash"]
    json.dumps(again.document, allow_nan=False)


def test_a_sound_engine_over_the_journal_of_a_defective_one_says_that_it_differs(tmp_path: Path) -> None:
    fault = ANOMALIES["fee skipped"]
    anomaly = stopped(tmp_path / "journal", fault)
    document = replay_to_row(tmp_path / "journal", MadeRows(fault.rows), anomaly.row).document
    assert document["identical"] is False
    assert "in the debug bundle" in document["difference"]


@pytest.mark.parametrize("latency_ms", [0.0, 5.0])
def test_replayed_to_any_row_a_session_stands_as_it_stood_then(tmp_path: Path, latency_ms: float) -> None:
    config, rows = small_config(market={"latency_ms": latency_ms}, cooldown_ms=0.0), pulses(2)
    ran = run_backtest(config, MadeRows(rows), folder=tmp_path / "journal")
    session = Session(config, JournalReader(tmp_path / "journal").manifest.session_key, interpreted=True)
    for row in range(len(rows)):
        session.feed(rows[row : row + 1])
        document = replay_to_row(tmp_path / "journal", MadeRows(rows), row + 1).document
        assert (document["state_hash"], document["identical"]) == (session.state_hash, True), row + 1
    after_its_end = replay_to_row(tmp_path / "journal", MadeRows(rows), len(rows) + 2).document
    assert after_its_end["state_hash"] == ran.document["state_hash"]


def test_the_standing_tells_what_stood(tmp_path: Path) -> None:
    rows = pulses(2)
    run_backtest(CONFIG, MadeRows(rows), folder=tmp_path / "journal")
    seen = [replay_to_row(tmp_path / "journal", MadeRows(rows), row).document for row in range(12)]
    assert seen[0]["standing"]["open_trades"] == []
    assert any(document["standing"]["working_orders"] for document in seen)
    assert {trade["phase"] for document in seen for trade in document["standing"]["open_trades"]} >= {"OPENING", "OPEN"}
    assert seen[-1]["standing"]["pnl"]["realised_amount"] == round(seen[-1]["pnl_quote"] * 1e8)


def test_more_rows_than_there_were_are_refused(tmp_path: Path) -> None:
    rows = pulses(1)
    run_backtest(CONFIG, MadeRows(rows), folder=tmp_path / "journal")
    with pytest.raises(BadInput, match=f"has {len(rows) + 2} rows, not {len(rows) + 3}"):
        replay_to_row(tmp_path / "journal", MadeRows(rows), len(rows) + 3)
    fault = ANOMALIES["fee skipped"]
    anomaly = stopped(tmp_path / "stopped", fault)
    with pytest.raises(BadInput, match=f"was stopped after row {anomaly.row}"):
        replay_to_row(tmp_path / "stopped", MadeRows(fault.rows), anomaly.row + 1)


def test_of_a_long_log_the_last_lines_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debug_bundle, "LOG_BYTES_MAX", 10)
    anomaly = AnomalyFound("a law broken", "of a test", row=0, now_ns=0)
    session = Session(CONFIG, KEY, interpreted=True)
    keep_bundle(tmp_path, "hand", session, anomaly, [b"first\n", b"next\n", b"last\n"])
    assert (tmp_path / "debug" / "log.jsonl").read_bytes() == b"next\nlast\n"


def test_a_disk_that_refuses_costs_the_bundle_not_the_anomaly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*given: object) -> None:
        raise DiskRefused("no space left", "free some")

    monkeypatch.setattr(debug_bundle, "write_document", refuses)
    anomaly = stopped(tmp_path / "journal", ANOMALIES["fee skipped"])
    assert (anomaly.bundle, anomaly.command is not None) == (None, True)
    assert "no space left" in anomaly.__notes__[0]
    assert JournalReader(tmp_path / "journal").seal.status == "broken"


def test_without_a_journal_there_is_no_bundle_and_nothing_to_replay() -> None:
    fault = ANOMALIES["fee skipped"]
    with pytest.raises(AnomalyFound) as found:
        run_backtest(fault.config, MadeRows(fault.rows), replaced=fault.replaced)
    assert (found.value.bundle, found.value.command) == (None, None)


def test_the_row_of_a_fault_is_counted_over_all_batches(tmp_path: Path) -> None:
    fault = ANOMALIES["nothing approved"]
    rows = {stopped(tmp_path / f"by-{count}", fault, count).row for count in (1, 3, 1_000)}
    assert len(rows) == 1
