"""The journal gives back what it was given, says how it ended, and refuses what would make it say something else."""

import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.record import record
from arbitrage_core.domain.row import row_dtype
from arbitrage_core.storage.journal import JournalReader, JournalWriter
from arbitrage_core.storage.manifest import Manifest
from arbitrage_core.storage.segment import FRAME_BYTES_MAX, Stream
from tests.storage.journals import (
    CITED,
    FINAL_HASH,
    SMALL_SEGMENT,
    bytes_of,
    config,
    contents_of,
    intents,
    manifest,
    reports,
    rows,
    write_small,
)

WRITE_ONE_ROW = """
import sys
from arbitrage_core.storage.journal import JournalWriter
from tests.storage.journals import manifest
JournalWriter.reopen(sys.argv[1])
"""


def test_rows_and_intents_come_back_in_the_order_written(tmp_path: Path):
    with JournalWriter.create(tmp_path / "j", manifest()) as journal:
        assert journal.append_rows(rows(3)) == 0
        assert journal.append_intents(intents(2)) == 0
        assert journal.append_rows(rows(4, 3)) == 3
        assert journal.append_intents(intents(1, 2)) == 2
        journal.seal(FINAL_HASH, {})
    reader = JournalReader(tmp_path / "j")
    assert [(frame.stream, frame.first, len(frame.records)) for frame in reader.frames()] == [
        (Stream.ROWS, 0, 3),
        (Stream.INTENTS, 0, 2),
        (Stream.ROWS, 3, 4),
        (Stream.INTENTS, 2, 1),
    ]
    assert bytes_of(reader.rows()) == rows(7).tobytes()
    assert bytes_of(reader.intents()) == intents(3).tobytes()
    assert [found["client_id"].tolist() for found in reader.intents()] == [[0, 1], [2]]


def test_a_journal_that_cites_its_rows_holds_reports_with_their_positions(tmp_path: Path):
    with JournalWriter.create(tmp_path / "j", manifest(CITED)) as journal:
        journal.append_reports(np.array([7, 7]), reports(2))
        journal.append_reports(np.array([], np.int64), reports(0))
        journal.append_reports(np.array([9]), reports(1, 2))
        journal.seal(FINAL_HASH, {})
    reader = JournalReader(tmp_path / "j")
    found = list(reader.reports())
    assert [positions.tolist() for positions, _ in found] == [[7, 7], [9]]
    assert bytes_of(each for _, each in found) == reports(3).tobytes()
    assert reader.manifest.source == CITED
    assert not list(reader.rows())


@settings(max_examples=50)
@given(
    batches=st.lists(st.tuples(st.booleans(), st.integers(0, 90)), max_size=12),
    segment_bytes=st.sampled_from([4096, 5000, 9999, 1 << 20]),
    levels=st.sampled_from([1, 10]),
)
def test_batches_and_segments_change_nothing(tmp_path_factory, batches, segment_bytes: int, levels: int):
    path = tmp_path_factory.mktemp("law") / "j"
    wrote = {Stream.ROWS: 0, Stream.INTENTS: 0}
    with JournalWriter.create(path, manifest(levels=levels), segment_bytes=segment_bytes) as journal:
        for is_row, count in batches:
            if is_row:
                journal.append_rows(rows(count, wrote[Stream.ROWS], levels))
            else:
                journal.append_intents(intents(count, wrote[Stream.INTENTS]), durable=False)
            wrote[Stream.ROWS if is_row else Stream.INTENTS] += count
        journal.seal(FINAL_HASH, {})
    reader = JournalReader(path)
    assert bytes_of(reader.rows()) == rows(wrote[Stream.ROWS], levels=levels).tobytes()
    assert bytes_of(reader.intents()) == intents(wrote[Stream.INTENTS]).tobytes()
    contents = reader.verify()
    assert (contents.rows, contents.intents) == (wrote[Stream.ROWS], wrote[Stream.INTENTS])
    assert all(file.stat().st_size <= segment_bytes for file in path.glob("*.seg"))


def test_rows_can_be_read_from_any_number_on(tmp_path: Path):
    write_small(tmp_path / "j")
    reader = JournalReader(tmp_path / "j")
    for first in range(110):
        assert bytes_of(reader.rows(first=first)) == rows(108)[first:].tobytes()


def test_large_batches_become_frames_a_reader_can_hold(tmp_path: Path):
    count = 300_000
    given_rows = rows(count)
    with JournalWriter.create(tmp_path / "j", manifest(), segment_bytes=4 << 20) as journal:
        journal.append_rows(given_rows)
        journal.seal(FINAL_HASH, {})
    reader, seen = JournalReader(tmp_path / "j"), 0
    tracemalloc.start()
    for found in reader.rows():
        assert found.nbytes <= FRAME_BYTES_MAX
        assert np.array_equal(found.view(np.uint8), given_rows[seen : seen + len(found)].view(np.uint8))
        seen += len(found)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seen == count
    assert peak < 4 * FRAME_BYTES_MAX


def test_strided_rows_and_another_instance_of_the_dtype_are_taken(tmp_path: Path):
    with JournalWriter.create(tmp_path / "j", manifest()) as journal:
        journal.append_rows(rows(10)[::2])
        journal.append_rows(rows(2).view(row_dtype(1)))
        journal.seal(FINAL_HASH, {})
    assert bytes_of(JournalReader(tmp_path / "j").rows()) == rows(10)[::2].tobytes() + rows(2).tobytes()


# ------------------------------------------------------------------------------------------------------ how it ends


def test_a_sealed_journal_tells_the_end_of_its_session(tmp_path: Path):
    write_small(tmp_path / "j")
    reader = JournalReader(tmp_path / "j")
    assert reader.sealed
    assert reader.final_hash == FINAL_HASH
    assert reader.seal.status == "complete"
    assert reader.seal.summary == {"pnl_quote": 1.5}
    assert (reader.seal.rows, reader.seal.intents, reader.seal.frames) == (108, 24, 24)
    assert len(reader.seal.segments) > 2
    assert reader.verify().stop is None


def test_an_exception_seals_the_journal_as_broken(tmp_path: Path):
    def session():
        with JournalWriter.create(tmp_path / "j", manifest()) as journal:
            journal.append_rows(rows(3))
            raise RuntimeError("the ledger does not add up")

    with pytest.raises(RuntimeError, match="ledger"):
        session()
    reader = JournalReader(tmp_path / "j")
    assert (reader.seal.status, reader.seal.reason) == ("broken", "RuntimeError: the ledger does not add up")
    assert reader.final_hash is None
    assert bytes_of(reader.rows()) == rows(3).tobytes()


def test_leaving_without_a_seal_is_an_end_that_is_not_complete(tmp_path: Path):
    with JournalWriter.create(tmp_path / "j", manifest()) as journal:
        journal.append_rows(rows(3))
    assert JournalReader(tmp_path / "j").seal.status == "broken"


def test_closing_leaves_the_journal_to_be_reopened(tmp_path: Path):
    with JournalWriter.create(tmp_path / "j", manifest()) as journal:
        journal.append_rows(rows(3))
        journal.close()
    assert not JournalReader(tmp_path / "j").sealed
    with JournalWriter.reopen(tmp_path / "j") as journal:
        assert journal.append_rows(rows(2, 3)) == 3
        assert journal.set_aside == ()
        journal.seal(FINAL_HASH, {})
    assert bytes_of(JournalReader(tmp_path / "j").rows()) == rows(5).tobytes()


def test_a_summary_that_json_cannot_say_ends_the_journal_as_broken(tmp_path: Path):
    def session():
        with JournalWriter.create(tmp_path / "j", manifest()) as journal:
            journal.append_rows(rows(3))
            journal.seal(FINAL_HASH, {"win_rate": float("nan")})

    with pytest.raises(BadInput, match="win_rate is not a number"):
        session()
    assert JournalReader(tmp_path / "j").seal.status == "broken"


@pytest.mark.parametrize("interrupted_write", range(1, 9))
def test_a_signal_in_the_midst_of_an_append_loses_only_that_append(tmp_path, monkeypatch, interrupted_write: int):
    from arbitrage_core.storage import segment

    true_write = segment.write_all
    left = interrupted_write

    def write_all(file, data):
        nonlocal left
        left -= 1
        if left:
            return true_write(file, data)
        true_write(file, bytes(data)[: len(data) // 2])
        raise KeyboardInterrupt

    def session():
        with JournalWriter.create(tmp_path / "j", manifest(), segment_bytes=SMALL_SEGMENT) as journal:
            monkeypatch.setattr(segment, "write_all", write_all)
            for number in range(10):
                journal.append_rows(rows(25, 25 * number))

    with pytest.raises(KeyboardInterrupt):
        session()
    reader = JournalReader(tmp_path / "j")
    assert reader.seal.reason.startswith("KeyboardInterrupt")
    assert reader.verify().rows % 25 == 0
    assert bytes_of(reader.rows()) == rows(reader.seal.rows).tobytes()
    assert reader.seal.rows >= 25 * (interrupted_write - 3)


# --------------------------------------------------------------------------------------------------- the manifest


def test_the_manifest_gives_the_configuration_back_infinite_limits_included(tmp_path: Path):
    write_small(tmp_path / "j")
    found = JournalReader(tmp_path / "j").manifest
    assert found.config() == config()
    assert found.config().portfolio_exposure_max_quote == float("inf")
    assert found.session_key == config().session_key("test")


def test_a_configuration_that_now_means_something_else_is_refused():
    changed = manifest().model_copy(update={"configuration_digest": "00" * 32})
    with pytest.raises(BadInput, match="means something else"):
        changed.config()


def test_a_journal_of_other_records_is_refused(tmp_path: Path, monkeypatch):
    from arbitrage_core.storage import manifest as module

    with monkeypatch.context() as patch:
        patch.setattr(module, "ORDER_OUT", record(client_id="i8"))
        manifest().write(tmp_path)
    with pytest.raises(BadInput, match="intents are laid out otherwise"):
        JournalReader(tmp_path)


IMPOSSIBLE = [
    ("no session name", {"session": ""}),
    ("a negative key", {"session_key": -1}),
    ("a key past 63 bits", {"session_key": 2**63}),
    ("no code version", {"code_version": ""}),
    ("a source without a kind", {"source": {"sha256": "ab"}}),
    ("an inline source that cites", {"source": {"kind": "inline", "files": []}}),
    ("a time before 1970", {"created_ns": -1}),
    ("a time that is no integer", {"created_ns": 1.5}),
]


@pytest.mark.parametrize("change", [change for _, change in IMPOSSIBLE], ids=[name for name, _ in IMPOSSIBLE])
def test_an_impossible_manifest_is_refused(change: dict[str, object]):
    possible = {
        "session": "spring",
        "session_key": 1,
        "source": CITED,
        "schema_version": 1,
        "code_version": "test",
        "created_ns": 0,
    }
    Manifest.of(config(), **possible)
    with pytest.raises(BadInput):
        Manifest.of(config(), **{**possible, **change})


def test_a_source_that_json_cannot_say_leaves_nothing(tmp_path: Path):
    with pytest.raises(BadInput, match="rate is not a number"):
        JournalWriter.create(tmp_path / "j", manifest({"kind": "synthetic", "rate": float("nan")}))
    with pytest.raises(BadInput, match="no readable journal"):
        JournalReader(tmp_path / "j")
    JournalWriter.create(tmp_path / "j", manifest()).close()


# --------------------------------------------------------------------------------------------------- one writer


def test_a_second_writer_is_refused_in_this_process_and_in_another(tmp_path: Path):
    with JournalWriter.create(tmp_path / "j", manifest()) as journal:
        with pytest.raises(BadInput, match="is being written"):
            JournalWriter.reopen(tmp_path / "j")
        other = subprocess.run(
            [sys.executable, "-c", WRITE_ONE_ROW, str(tmp_path / "j")], capture_output=True, text=True, check=False
        )
        assert other.returncode == 1
        assert "is being written" in other.stderr
        journal.close()
    JournalWriter.reopen(tmp_path / "j").close()


def test_a_reader_follows_a_writer(tmp_path: Path):
    with JournalWriter.create(tmp_path / "j", manifest()) as journal:
        reader = JournalReader(tmp_path / "j")
        for count in range(5):
            assert bytes_of(reader.rows()) == rows(count).tobytes()
            assert reader.stop is None
            journal.append_rows(rows(1, count))


@pytest.mark.parametrize("seal", [True, False])
def test_a_folder_takes_one_journal(tmp_path: Path, seal: bool):
    write_small(tmp_path / "j", seal=seal)
    before = contents_of(tmp_path / "j")
    with pytest.raises(BadInput, match="already holds a journal"):
        JournalWriter.create(tmp_path / "j", manifest())
    assert contents_of(tmp_path / "j") == before


@pytest.mark.parametrize("how", ["complete", "broken"])
def test_a_sealed_journal_is_not_reopened(tmp_path: Path, how: str):
    journal = JournalWriter.create(tmp_path / "j", manifest())
    journal.seal(FINAL_HASH, {}) if how == "complete" else journal.seal_broken("why")
    with pytest.raises(BadInput, match=f"is sealed \\({how}\\)"):
        JournalWriter.reopen(tmp_path / "j")


def test_where_there_is_no_journal_nothing_is_read_reopened_or_made(tmp_path: Path):
    with pytest.raises(BadInput, match="no readable journal"):
        JournalReader(tmp_path / "none")
    with pytest.raises(BadInput, match="no readable journal"):
        JournalWriter.reopen(tmp_path / "none")
    assert not (tmp_path / "none").exists()


# ------------------------------------------------------------------------------------------------ what is not taken

MISUSES = [
    ("rows into a journal that cites them", CITED, lambda journal: journal.append_rows(rows(1))),
    ("rows of other levels", None, lambda journal: journal.append_rows(rows(1, levels=10))),
    ("rows as intents", None, lambda journal: journal.append_intents(rows(1))),
    ("rows in two dimensions", None, lambda journal: journal.append_rows(rows(4).reshape(2, 2))),
    ("more intents than one write holds", None, lambda journal: journal.append_intents(intents(8000))),
    ("quotes as reports", CITED, lambda journal: journal.append_reports(np.array([1]), rows(1))),
    ("fewer positions than reports", CITED, lambda journal: journal.append_reports(np.array([1]), reports(2))),
    ("positions that are floats", CITED, lambda journal: journal.append_reports(np.array([1.0]), reports(1))),
    ("positions that fall", CITED, lambda journal: journal.append_reports(np.array([8, 7]), reports(2))),
    ("positions before the last", CITED, lambda journal: journal.append_reports(np.array([4]), reports(1))),
]


@pytest.mark.parametrize("source, misuse", [case[1:] for case in MISUSES], ids=[case[0] for case in MISUSES])
def test_a_misuse_is_refused_and_writes_nothing(tmp_path: Path, source: dict | None, misuse):
    with JournalWriter.create(tmp_path / "j", manifest(source) if source else manifest()) as journal:
        if source:
            journal.append_reports(np.array([5]), reports(1))
        before = (tmp_path / "j" / "000000.seg").read_bytes()
        with pytest.raises(ValueError, match=r"\w"):
            misuse(journal)
        assert (tmp_path / "j" / "000000.seg").read_bytes() == before


@pytest.mark.parametrize("ending", ["seal", "close"])
def test_nothing_is_appended_past_the_end(tmp_path: Path, ending: str):
    journal = JournalWriter.create(tmp_path / "j", manifest())
    journal.seal(FINAL_HASH, {}) if ending == "seal" else journal.close()
    for append in (lambda: journal.append_rows(rows(1)), lambda: journal.append_intents(intents(1)), journal.sync):
        with pytest.raises(ValueError, match="closed"):
            append()


@pytest.mark.parametrize("segment_bytes", [0, 4095, (1 << 30) + 1])
def test_a_segment_has_a_least_and_a_largest_size(tmp_path: Path, segment_bytes: int):
    with pytest.raises(ValueError, match="segments of"):
        JournalWriter.create(tmp_path / "j", manifest(), segment_bytes=segment_bytes)
    assert not (tmp_path / "j").exists()


# -------------------------------------------------------------------------------------------- any life of a journal


class JournalLife(RuleBasedStateMachine):
    """Appending, closing and reopening in any order: the journal always holds all that was appended."""

    @initialize()
    def begin(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "j"
        self.journal = JournalWriter.create(self.path, manifest(), segment_bytes=SMALL_SEGMENT)
        self.rows = self.intents = 0

    @rule(count=st.integers(1, 60))
    def append_rows(self, count: int):
        assert self.journal.append_rows(rows(count, self.rows)) == self.rows
        self.rows += count

    @rule(count=st.integers(1, 3), durable=st.booleans())
    def append_intents(self, count: int, durable: bool):
        assert self.journal.append_intents(intents(count, self.intents), durable=durable) == self.intents
        self.intents += count

    @rule(cut=st.binary(max_size=60))
    def crash_and_reopen(self, cut: bytes):
        """The crash leaves a few bytes of a frame that was being written."""
        self.journal.close()
        with sorted(self.path.glob("*.seg"))[-1].open("ab") as file:
            file.write(b"FRM\x1a" + cut)
        self.journal = JournalWriter.reopen(self.path, segment_bytes=SMALL_SEGMENT)
        assert [path.read_bytes() for path in self.journal.set_aside] == [b"FRM\x1a" + cut]

    @invariant()
    def holds_all(self):
        reader = JournalReader(self.path)
        assert (self.journal.rows, self.journal.intents) == (self.rows, self.intents)
        assert bytes_of(reader.rows()) == rows(self.rows).tobytes()
        assert bytes_of(reader.intents()) == intents(self.intents).tobytes()

    def teardown(self):
        if hasattr(self, "journal"):
            self.journal.seal(FINAL_HASH, {})
            assert JournalReader(self.path).verify().rows == self.rows
            self.folder.cleanup()


TestJournalLife = JournalLife.TestCase
TestJournalLife.settings = settings(max_examples=20, stateful_step_count=15)
