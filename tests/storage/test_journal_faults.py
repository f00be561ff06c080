"""Killed while writing, or out of space: what was acknowledged is there, the rest is whole or set aside."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path

import pytest

from arbitrage_core.storage import segment
from arbitrage_core.storage.disk import DiskRefused
from arbitrage_core.storage.journal import JournalReader, JournalWriter
from tests.storage.journals import FINAL_HASH, SMALL_SEGMENT, bytes_of, intents, manifest, rows

ROOT = Path(__file__).parents[2]


def killed_writer(path: Path, begin: str, rounds: int, writes: int) -> tuple[int, int]:
    """Lets another process write until it is killed after `rounds`, or dies in its `writes`-th write; what it
    acknowledged."""
    command = [sys.executable, "-m", "tests.storage.endless_writer", str(path), begin, str(writes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
        lines = [line for _, line in zip(range(rounds), writer.stdout, strict=False)]
        if not writes:
            writer.kill()
        lines += list(writer.stdout)
    assert writer.returncode == 9 if writes else writer.returncode != 0
    found = [tuple(map(int, line.split())) for line in lines]
    return max(found, default=(0, 0))


def test_killed_again_and_again_a_journal_keeps_all_it_acknowledged(tmp_path: Path):
    path = tmp_path / "j"
    lives = [("create", 1, 0), ("reopen", 40, 0), ("reopen", 0, 1), ("reopen", 99, 97)]
    for begin, rounds, writes in lives:
        acknowledged = killed_writer(path, begin, rounds, writes)
        reader = JournalReader(path)
        contents = reader.verify()
        assert contents.rows >= acknowledged[0]
        assert contents.intents >= acknowledged[1]
        assert contents.stop.incomplete if writes else contents.stop is None or contents.stop.incomplete
        assert bytes_of(reader.rows()) == rows(contents.rows).tobytes()
        assert bytes_of(reader.intents()) == intents(contents.intents).tobytes()
    with JournalWriter.reopen(path) as journal:
        journal.append_rows(rows(5, journal.rows))
        journal.seal(FINAL_HASH, {})
    assert JournalReader(path).verify().rows == contents.rows + 5
    assert bytes_of(JournalReader(path).rows()) == rows(contents.rows + 5).tobytes()


# ------------------------------------------------------------------------------------------------------- no space


class SmallDisk(FileIO):
    """A file on a disk that is full after some bytes, all files together: the last write is cut short."""

    room_bytes = 0

    def write(self, data) -> int:
        """As a file's, then as that of a full disk."""
        if SmallDisk.room_bytes == 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        data = memoryview(data)[: SmallDisk.room_bytes]
        SmallDisk.room_bytes -= len(data)
        return super().write(data)


class SlowDisk(FileIO):
    """A file that takes a few bytes at a time."""

    def write(self, data) -> int:
        """The first of them."""
        return super().write(memoryview(data)[:100])


def test_a_file_that_takes_bytes_in_pieces_gets_them_all(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(segment, "FileIO", SlowDisk)
    with JournalWriter.create(tmp_path / "j", manifest(), segment_bytes=SMALL_SEGMENT) as journal:
        journal.append_rows(rows(300))
        journal.seal(FINAL_HASH, {})
    JournalReader(tmp_path / "j").verify()
    assert bytes_of(JournalReader(tmp_path / "j").rows()) == rows(300).tobytes()


@pytest.fixture
def fill_disk(monkeypatch) -> Callable[[int], None]:
    """Leaves so many bytes to the segments written from now on."""
    monkeypatch.setattr(segment, "FileIO", SmallDisk)

    def fill(room_bytes: int) -> None:
        SmallDisk.room_bytes = room_bytes

    return fill


@pytest.fixture
def limit_file() -> Iterator[Callable[[int], None]]:
    """Limits how large a file this process writes may become."""
    resource = pytest.importorskip("resource", reason="a limit on the size of files is POSIX")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size_bytes: resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def write_until_refused(journal: JournalWriter) -> DiskRefused:
    """Appends 25 rows and 2 intents at a time until the disk is full."""
    for number in range(10_000):
        try:
            journal.append_rows(rows(25, 25 * number))
            journal.append_intents(intents(2, 2 * number))
        except DiskRefused as refused:
            return refused
    pytest.fail("the disk took it all")


@pytest.mark.parametrize("room_bytes", [10_000, 10_137, 10_240, 4 * SMALL_SEGMENT, 4 * SMALL_SEGMENT + 60])
def test_a_full_disk_ends_the_session_with_one_clear_error_and_a_readable_journal(tmp_path, fill_disk, room_bytes):
    fill_disk(room_bytes)
    with JournalWriter.create(tmp_path / "j", manifest(), segment_bytes=SMALL_SEGMENT) as journal:
        refused = write_until_refused(journal)
        assert str(tmp_path / "j") in refused.cause
        assert "MiB free" in refused.cause
        assert refused.cure
        for append in (lambda: journal.append_rows(rows(1)), lambda: journal.append_intents(intents(1)), journal.sync):
            with pytest.raises(DiskRefused):
                append()
        wrote = journal.rows
    reader = JournalReader(tmp_path / "j")
    assert not reader.sealed
    assert bytes_of(reader.rows()) == rows(wrote).tobytes()

    fill_disk(1 << 20)
    with JournalWriter.reopen(tmp_path / "j", segment_bytes=SMALL_SEGMENT) as journal:
        assert journal.append_rows(rows(25, wrote)) == wrote
        journal.seal(FINAL_HASH, {})
    assert JournalReader(tmp_path / "j").verify().rows == wrote + 25


def test_a_limit_on_the_size_of_files_is_named_as_such(tmp_path: Path, limit_file):
    with JournalWriter.create(tmp_path / "j", manifest()) as journal:
        limit_file(30_000)
        refused = write_until_refused(journal)
        wrote = journal.rows
    assert "limit" in refused.cause
    reader = JournalReader(tmp_path / "j")
    assert bytes_of(reader.rows()) == rows(wrote).tobytes()
    assert reader.stop.incomplete


def test_no_space_for_the_manifest_leaves_no_journal(tmp_path: Path, limit_file):
    limit_file(100)
    with pytest.raises(DiskRefused, match=r"manifest\.json"):
        JournalWriter.create(tmp_path / "j", manifest())
    assert sorted(file.name for file in (tmp_path / "j").iterdir()) == ["writer.lock"]
    limit_file(1 << 30)
    JournalWriter.create(tmp_path / "j", manifest()).close()


def test_no_space_for_the_seal_leaves_a_journal_to_be_reopened(tmp_path: Path, limit_file):
    def session():
        with JournalWriter.create(tmp_path / "j", manifest()) as journal:
            journal.append_rows(rows(10))
            limit_file(100)
            journal.seal(FINAL_HASH, {})

    with pytest.raises(DiskRefused, match=r"seal\.json"):
        session()
    limit_file(1 << 30)
    with JournalWriter.reopen(tmp_path / "j") as journal:
        assert journal.rows == 10
        journal.seal(FINAL_HASH, {})
    assert JournalReader(tmp_path / "j").final_hash == FINAL_HASH


def test_when_a_failed_session_cannot_be_sealed_its_own_error_is_raised(tmp_path: Path, limit_file):
    def session():
        with JournalWriter.create(tmp_path / "j", manifest()) as journal:
            journal.append_rows(rows(10))
            limit_file(100)
            raise RuntimeError("the ledger does not add up")

    with pytest.raises(RuntimeError, match="ledger") as found:
        session()
    assert "could not be sealed" in found.value.__notes__[0]
    assert bytes_of(JournalReader(tmp_path / "j").rows()) == rows(10).tobytes()


def test_after_a_sync_that_failed_nothing_more_is_written(tmp_path: Path, monkeypatch):
    def failing(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with JournalWriter.create(tmp_path / "j", manifest()) as journal:
        journal.append_rows(rows(10))
        with monkeypatch.context() as patch:
            patch.setattr(segment, "sync_file", failing)
            with pytest.raises(DiskRefused, match="Input/output error"):
                journal.append_intents(intents(2))
        with pytest.raises(DiskRefused):
            journal.append_intents(intents(2))
    assert not JournalReader(tmp_path / "j").sealed


def test_what_is_durable_was_synced_and_all_before_it_too(tmp_path: Path, monkeypatch):
    synced: dict[int, int] = {}

    def sync_file(descriptor: int) -> None:
        found = os.fstat(descriptor)
        synced[found.st_ino] = found.st_size

    def unsynced() -> list[str]:
        files = sorted((tmp_path / "j").glob("*.seg"))
        return [file.name for file in files if synced.get(file.stat().st_ino) != file.stat().st_size]

    monkeypatch.setattr(segment, "sync_file", sync_file)
    with JournalWriter.create(tmp_path / "j", manifest(), segment_bytes=SMALL_SEGMENT) as journal:
        for make_durable in (
            lambda: journal.append_intents(intents(2)),
            lambda: journal.append_rows(rows(1), durable=True),
            lambda: journal.append_rows(rows(200), durable=True),
            journal.sync,
            lambda: journal.seal(FINAL_HASH, {}),
        ):
            journal.append_rows(rows(100))
            journal.append_intents(intents(1), durable=False)
            assert len(unsynced()) == 1
            make_durable()
            assert unsynced() == []


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(DiskRefused):
        JournalWriter.create(tmp_path / "file" / "j", manifest())
