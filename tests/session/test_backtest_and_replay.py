"""A backtest journalled and replayed: identical, or it says where not, or refuses what is not its own."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import ORDER_OUT
from arbitrage_core.session import backtest, replay
from arbitrage_core.session.backtest import data_digest, run_backtest, session_name
from arbitrage_core.session.binding import bound_fold
from arbitrage_core.session.proof import prove
from arbitrage_core.session.replay import replay_session
from arbitrage_core.storage.damage import Damaged
from arbitrage_core.storage.journal import JournalWriter
from arbitrage_core.storage.journal_reader import JournalReader
from arbitrage_core.storage.manifest import Manifest
from arbitrage_core.storage.seal import SEAL_NAME
from tests.engine.small_market import QUIET, pulses, small_config
from tests.session.plain_session import plain_session


class MadeRows:
    """A feed of rows at hand, given in batches."""

    venues, symbols, levels = ("east", "west"), ("AAA",), 1

    def __init__(self, rows: np.ndarray, batch_rows: int = 17, name: str = "pulses") -> None:
        self.rows, self.batch_rows, self.name = rows, batch_rows, name

    def identity(self) -> dict[str, Any]:
        """What decides the rows: themselves."""
        from hashlib import sha256

        return {"kind": "synthetic", "name": self.name, "sha256": sha256(self.rows.tobytes()).hexdigest()}

    def __iter__(self) -> Iterator[np.ndarray]:
        for start in range(0, len(self.rows), self.batch_rows):
            yield self.rows[start : start + self.batch_rows].copy()


@pytest.fixture(autouse=True)
def _interpreted_engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same functions as plain Python: nothing is compiled for a hundred rows."""
    monkeypatch.setattr(backtest, "Session", plain_session)
    monkeypatch.setattr(replay, "bound_fold", partial(bound_fold, interpreted=True))
    with np.errstate(**QUIET):
        yield


CONFIG = small_config(take_profit="32:0.4", stop_loss_bps=60.0)


@pytest.fixture
def feed() -> MadeRows:
    """Three pulses."""
    return MadeRows(pulses(3))


def rewritten(folder: Path, changed: Path, change: Any) -> Path:
    """A sound journal in `changed`, with what `change(stream, positions, records)` makes of the one in `folder`."""
    reader = JournalReader(folder)
    with JournalWriter.create(changed, reader.manifest) as journal:
        for frame in reader.frames():
            positions, records = frame.positions, frame.records
            if frame.stream.name == "REPORTS":
                journal.append_reports(*change(positions.copy(), records.copy()))
            else:
                journal.append_intents(records.copy(), durable=False)
        journal.seal(reader.final_hash, {})
    return changed


def test_a_replay_of_a_backtest_is_identical(tmp_path: Path, feed: MadeRows) -> None:
    ran = run_backtest(CONFIG, feed, folder=tmp_path / "journal")
    again = replay_session(tmp_path / "journal", feed)
    assert again.document["identical"] is True
    assert again.document["difference"] is None
    assert again.document["state_hash"] == ran.document["state_hash"]
    assert again.log.orders.tobytes() == ran.log.orders.tobytes()
    assert again.log.trades.tobytes() == ran.log.trades.tobytes()
    assert len(ran.log.trades) > 2
    assert ran.violations == []
    assert ran.document["flat"] is True


def test_a_session_is_proved_by_its_own_journal(tmp_path: Path, feed: MadeRows) -> None:
    ran = run_backtest(CONFIG, feed, folder=tmp_path / "journal")
    assert prove(ran, tmp_path / "journal", feed) is True
    assert (ran.violations, ran.document["laws"], ran.document["identical"]) == ([], [], True)


def test_a_journal_that_tells_another_tale_breaks_i11(tmp_path: Path, feed: MadeRows) -> None:
    ran = run_backtest(CONFIG, feed, folder=tmp_path / "journal")
    altered = rewritten(tmp_path / "journal", tmp_path / "altered", _fee_a_little_higher)
    assert prove(ran, altered, feed) is False
    assert [violation.law for violation in ran.violations] == ["I11"]
    assert (len(ran.document["laws"]), ran.document["identical"]) == (1, False)


def test_a_journal_with_a_flipped_byte_breaks_i14(tmp_path: Path, feed: MadeRows) -> None:
    ran = run_backtest(CONFIG, feed, folder=tmp_path / "journal")
    segment = tmp_path / "journal" / "000000.seg"
    content = bytearray(segment.read_bytes())
    content[len(content) // 2] ^= 1
    segment.write_bytes(content)
    assert prove(ran, tmp_path / "journal", feed) is False
    assert [violation.law for violation in ran.violations] == ["I14"]


@pytest.mark.parametrize("batch_rows", [1, 7, 1000])
def test_how_rows_are_batched_changes_nothing(tmp_path: Path, feed: MadeRows, batch_rows: int) -> None:
    ran = run_backtest(CONFIG, feed, folder=tmp_path / "journal")
    otherwise = MadeRows(feed.rows, batch_rows)
    assert run_backtest(CONFIG, otherwise).document["state_hash"] == ran.document["state_hash"]
    assert replay_session(tmp_path / "journal", otherwise).document["identical"] is True


def test_the_journal_holds_what_was_sent_and_answered_and_cites_the_rows(tmp_path: Path, feed: MadeRows) -> None:
    ran = run_backtest(CONFIG, feed, folder=tmp_path / "journal")
    reader = JournalReader(tmp_path / "journal")
    contents = reader.verify()
    assert (contents.rows, contents.reports, contents.intents) == (0, len(ran.log.reports), len(ran.log.orders))
    assert np.concatenate(list(reader.intents())).tobytes() == ran.log.orders.tobytes()
    assert reader.manifest.source["sha256"] == feed.identity()["sha256"]
    assert reader.manifest.config() == CONFIG
    assert reader.final_hash == ran.document["state_hash"]
    assert reader.manifest.session == session_name("backtest", CONFIG, feed)


def test_without_a_folder_nothing_is_written_and_the_result_is_the_same(tmp_path: Path, feed: MadeRows) -> None:
    ran = run_backtest(CONFIG, feed, folder=tmp_path / "journal")
    assert run_backtest(CONFIG, feed).document["state_hash"] == ran.document["state_hash"]
    assert [path.name for path in tmp_path.iterdir()] == ["journal"]


def test_progress_is_told_of_every_batch(feed: MadeRows) -> None:
    told = []
    run_backtest(CONFIG, feed, progress=lambda rows, now_ns: told.append((rows, now_ns)))
    ends = [*range(17, len(feed.rows), 17), len(feed.rows)]
    assert told == [(end, int(feed.rows["now_ns"][end - 1])) for end in ends]


def _less_filled(positions: np.ndarray, reports: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    reports["filled_lots"][-1] -= 1
    return positions, reports


def _fee_a_little_higher(positions: np.ndarray, reports: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    reports["fee"][-1] += 1e-6
    return positions, reports


def _one_missing(positions: np.ndarray, reports: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    keep = np.arange(len(reports)) != np.flatnonzero(reports["filled_lots"] > 0)[0]
    return positions[keep], reports[keep]


def _delivered_later(positions: np.ndarray, reports: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    reports["now_ns"][-1] += 1_000_000
    return positions, reports


TAMPERING = [_less_filled, _fee_a_little_higher, _one_missing, _delivered_later]


@pytest.mark.parametrize("change", TAMPERING, ids=lambda change: change.__name__.strip("_").replace("_", " "))
def test_a_replay_with_another_report_is_not_identical(tmp_path: Path, feed: MadeRows, change: Any) -> None:
    run_backtest(CONFIG, feed, folder=tmp_path / "journal")
    again = replay_session(rewritten(tmp_path / "journal", tmp_path / "changed", change), feed)
    assert again.document["identical"] is False
    assert again.document["difference"]


def test_a_journal_only_written_anew_replays_as_before(tmp_path: Path, feed: MadeRows) -> None:
    """What the tests above change is all that makes the difference."""
    run_backtest(CONFIG, feed, folder=tmp_path / "journal")
    untouched = rewritten(tmp_path / "journal", tmp_path / "same", lambda positions, reports: (positions, reports))
    assert replay_session(untouched, feed).document["identical"] is True


def test_a_report_that_overfills_its_order_is_refused(tmp_path: Path, feed: MadeRows) -> None:
    def overfilled(positions: np.ndarray, reports: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        reports["filled_lots"][np.flatnonzero(reports["filled_lots"] > 0)[0]] = 10**6
        return positions, reports

    run_backtest(CONFIG, feed, folder=tmp_path / "journal")
    changed = rewritten(tmp_path / "journal", tmp_path / "changed", overfilled)
    with pytest.raises(BadInput, match="FILL_MUST_NOT_EXCEED_ORDER"):
        replay_session(changed, feed)


def test_an_intent_that_was_never_decided_is_named(tmp_path: Path, feed: MadeRows) -> None:
    run_backtest(CONFIG, feed, folder=tmp_path / "journal")
    reader = JournalReader(tmp_path / "journal")
    with JournalWriter.create(tmp_path / "changed", reader.manifest) as journal:
        for frame in reader.frames():
            if frame.stream.name == "REPORTS":
                journal.append_reports(frame.positions, frame.records)
            else:
                journal.append_intents(frame.records, durable=False)
        journal.append_intents(np.zeros(1, ORDER_OUT), durable=False)
        journal.seal(reader.final_hash, {})
    again = replay_session(tmp_path / "changed", feed)
    assert "was not decided" in again.document["difference"]


def test_other_rows_than_the_journal_cites_are_refused(tmp_path: Path, feed: MadeRows) -> None:
    run_backtest(CONFIG, feed, folder=tmp_path / "journal")
    rows = feed.rows.copy()
    rows["bid_px"][5] += 0.01
    with pytest.raises(BadInput, match="not those the journal cites"):
        replay_session(tmp_path / "journal", MadeRows(rows))


def test_another_configuration_than_the_sealed_one_is_refused(tmp_path: Path, feed: MadeRows) -> None:
    """A journal's configuration is in its manifest, which the seal vouches for."""
    run_backtest(CONFIG, feed, folder=tmp_path / "journal")
    manifest, _ = Manifest.read(tmp_path / "journal")
    other = small_config(cooldown_ms=60.0)
    changed = manifest.model_copy(
        update={"configuration": other.model_dump(mode="json"), "configuration_digest": other.digest}
    )
    changed.write(tmp_path / "journal")
    with pytest.raises(Damaged, match="not the manifest this journal was sealed with"):
        replay_session(tmp_path / "journal", feed)


def test_a_journal_under_another_configuration_is_not_identical(tmp_path: Path, feed: MadeRows) -> None:
    run_backtest(CONFIG, feed, folder=tmp_path / "journal")
    reader = JournalReader(tmp_path / "journal")
    other = small_config(exit_spread_bps=1.0)
    manifest = reader.manifest.model_copy(
        update={"configuration": other.model_dump(mode="json"), "configuration_digest": other.digest}
    )
    with JournalWriter.create(tmp_path / "changed", manifest) as journal:
        for frame in reader.frames():
            if frame.stream.name == "REPORTS":
                journal.append_reports(frame.positions, frame.records)
            else:
                journal.append_intents(frame.records, durable=False)
        journal.seal(reader.final_hash, {})
    assert replay_session(tmp_path / "changed", feed).document["identical"] is False


def test_a_journal_without_seal_is_refused(tmp_path: Path, feed: MadeRows) -> None:
    run_backtest(CONFIG, feed, folder=tmp_path / "journal")
    (tmp_path / "journal" / SEAL_NAME).unlink()
    with pytest.raises(BadInput, match="never completed"):
        replay_session(tmp_path / "journal", feed)


@compiled
def nothing_approved(state, approval, orders):
    """`approve` that grants nothing."""
    return


def test_a_journal_is_sealed_as_broken_when_the_engine_stops_itself(tmp_path: Path, feed: MadeRows) -> None:
    with pytest.raises(InvariantBroken, match="order must be approved"):
        run_backtest(CONFIG, feed, folder=tmp_path / "journal", replaced={"approve": nothing_approved})
    reader = JournalReader(tmp_path / "journal")
    assert reader.seal is not None
    assert reader.seal.status == "broken"
    assert "order must be approved" in reader.seal.reason
    assert reader.final_hash is None
    reader.verify()
    with pytest.raises(BadInput, match="never completed"):
        replay_session(tmp_path / "journal", feed)


@pytest.mark.parametrize(
    "config", [small_config(cooldown_ms=31.0), small_config(market={"latency_ms": 6.0})], ids=["strategy", "market"]
)
def test_another_configuration_has_another_key_and_other_ids(config: SessionConfig, feed: MadeRows) -> None:
    sound = small_config()
    digest = data_digest(feed)
    assert config.session_key(digest) != sound.session_key(digest)
    ids = [set(run_backtest(each, feed).log.orders["client_id"].tolist()) for each in (sound, config)]
    assert not ids[0] & ids[1]


def test_the_same_rows_from_elsewhere_have_the_same_key(feed: MadeRows) -> None:
    assert data_digest(MadeRows(feed.rows, 3, "elsewhere")) == data_digest(feed)
    rows = feed.rows.copy()
    rows["bid_qty"][0] += 1
    assert data_digest(MadeRows(rows)) != data_digest(feed)
