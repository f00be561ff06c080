"""What is logged gets to every destination, in order; what fails there stops nobody and is counted."""

import errno
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from arbitrage_core.monitoring.logs import terminal
from arbitrage_core.monitoring.logs.entry import LogEntry
from arbitrage_core.monitoring.logs.event_log import EventLog
from arbitrage_core.monitoring.logs.log_book import TAIL_ENTRIES, LogBook, log_file, open_logs, tell_on_stderr
from arbitrage_core.monitoring.logs.rotating_lines import RotatingLines
from arbitrage_core.monitoring.logs.sink import LogQueue, Sink
from arbitrage_core.monitoring.logs.terminal import terminal_console

LOG = EventLog("tests")


def entry(event: str = "row_seen", level: str = "INFO") -> LogEntry:
    """An entry."""
    return LogEntry(1_700_000_000_123_456_000, level, "arb.tests", event, {})


def events_in(path: Path) -> list[str]:
    """The events of a file of JSON lines."""
    return [json.loads(line)["event"] for line in path.read_text(encoding="ascii").splitlines()]


def test_an_event_is_one_line_of_json(tmp_path: Path):
    with open_logs(tmp_path, "paper-mixed-3f9a2c1b") as book:
        LOG.info("trade_opened", symbol="BTC/USDT", lots=3, secret_sauce="x")
    [line] = book.path.read_text(encoding="ascii").splitlines()
    document = json.loads(line)
    time_ns = document.pop("time_ns")
    assert abs(time_ns - time.time_ns()) < 60e9
    assert document.pop("time").endswith("+00:00")
    assert document == {
        "level": "INFO",
        "event": "trade_opened",
        "session": "paper-mixed-3f9a2c1b",
        "logger": "arb.tests",
        "fields": {"symbol": "BTC/USDT", "lots": 3, "secret_sauce": "str[1]"},
    }
    assert book.path == tmp_path / "logs" / "paper-mixed-3f9a2c1b.jsonl"


@pytest.mark.skipif(sys.platform == "win32", reason="no such modes")
def test_a_log_is_for_its_owner_alone(tmp_path: Path):
    with open_logs(tmp_path, "s") as book:
        LOG.info("opened")
    assert book.path.stat().st_mode & 0o777 == 0o600


def test_entries_come_in_order_to_file_terminal_and_record(tmp_path: Path):
    screen = StringIO()
    with open_logs(tmp_path, "s", console=Console(file=screen, width=200)) as book:
        for number in range(500):
            LOG.info(f"event_{number}")
    expected = [f"event_{number}" for number in range(500)]
    assert events_in(book.path) == expected
    assert [one.event for one in book.take(1_000)] == expected
    assert [line.split()[1] for line in screen.getvalue().splitlines()] == expected
    health = book.health
    assert (health.file.delivered, health.file.dropped, health.record_waiting) == (500, 0, 0)


def test_the_last_entries_are_at_hand_as_the_lines_of_the_file(tmp_path: Path):
    with open_logs(tmp_path, "session", console=None) as book:
        log = EventLog("test")
        for number in range(TAIL_ENTRIES + 3):
            log.info("counted", number=number)
        tail = book.tail()
    assert [json.loads(line)["fields"]["number"] for line in tail] == list(range(3, TAIL_ENTRIES + 3))
    assert book.path.read_bytes().endswith(tail[-1])


def test_levels_below_the_chosen_one_are_left_out_and_the_root_logger_is_as_before(tmp_path: Path):
    before = logging.getLogger().level, list(logging.getLogger().handlers)
    with open_logs(tmp_path, "all", level=logging.DEBUG) as book:
        LOG.debug("dug")
    assert events_in(book.path) == ["dug"]
    assert (logging.getLogger().level, list(logging.getLogger().handlers)) == before
    with open_logs(tmp_path, "s", level=logging.WARNING) as book:
        LOG.debug("dug")
        LOG.info("happened")
        LOG.warning("worried")
        LOG.critical("ended")
    assert events_in(book.path) == ["worried", "ended"]
    assert (logging.getLogger().level, list(logging.getLogger().handlers)) == before


def test_another_librarys_record_is_told_by_its_place(tmp_path: Path):
    with open_logs(tmp_path, "s") as book:
        logging.getLogger("asyncio").error("Task %s was never retrieved", "x")
    [one] = book.take()
    assert (one.event, one.logger, one.fields["text"]) == ("foreign_record", "asyncio", "str[27]")
    assert one.fields["at"].startswith("logs/test_log_book.py:")


def test_an_exception_is_told_by_type_and_place_with_its_causes(tmp_path: Path):
    with open_logs(tmp_path, "s") as book:
        try:
            try:
                raise OSError(28, "No space left on device")
            except OSError as full:
                raise ValueError("never told") from full
        except ValueError as error:
            LOG.error("snapshot_failed", error=error)
    [one] = book.take()
    outer, inner = one.fields["error"]
    assert (outer["type"], inner["type"], inner["errno"]) == ("ValueError", "OSError", 28)
    assert outer["at"][-1].endswith("test_an_exception_is_told_by_type_and_place_with_its_causes")


def test_an_entry_is_bounded_whatever_it_is_given(tmp_path: Path):
    with open_logs(tmp_path, "s") as book:
        LOG.info("much", symbols=["가" * 300] * 32, **{f"field_{number}": number for number in range(100)})
        LOG.info("more", venues=["가" * 300] * 26, symbols=["가" * 300] * 26)
    much, more = book.take()
    assert (len(much.fields), much.fields["fields_left_out"]) == (41, 61)
    assert (list(more.fields), more.fields["fields_left_out"]) == (["venues", "fields_left_out"], 1)
    assert max(len(line) for line in book.path.read_bytes().splitlines()) < 65_536
    assert len(json.dumps(more.fields, ensure_ascii=False).encode()) < 65_536


@pytest.mark.parametrize(
    "session, name",
    [
        ("paper-mixed-3f9a2c1b", "paper-mixed-3f9a2c1b.jsonl"),
        ("../../etc/passwd", None),
        ("a/b", None),
        (".hidden", None),
        ("x" * 200, None),
        ("...", None),
    ],
)
def test_a_session_of_any_name_has_a_log_below_logs(tmp_path: Path, session: str, name: str | None):
    path = log_file(tmp_path, session)
    assert path.parent == tmp_path / "logs"
    assert not path.name.startswith(".")
    assert len(path.name) < 140
    assert name is None or path.name == name
    assert log_file(tmp_path, session + "~") != path


def test_files_rotate_and_the_oldest_goes(tmp_path: Path):
    lines = RotatingLines(tmp_path / "s.jsonl", bytes_max=30, files_kept=2)
    for number in range(10):
        assert lines.write([b"line number %d\n" % number]) == 1
    lines.close()
    kept = {path.name: path.read_bytes().splitlines() for path in sorted(tmp_path.iterdir())}
    assert kept == {
        "s.1.jsonl": [b"line number 6", b"line number 7"],
        "s.2.jsonl": [b"line number 4", b"line number 5"],
        "s.jsonl": [b"line number 8", b"line number 9"],
    }


def test_a_line_larger_than_a_file_has_one_of_its_own(tmp_path: Path):
    lines = RotatingLines(tmp_path / "s.jsonl", bytes_max=10, files_kept=1)
    assert lines.write([b"a\n", b"x" * 50 + b"\n", b"b\n"]) == 3
    lines.close()
    assert (tmp_path / "s.jsonl").read_bytes() == b"b\n"
    assert (tmp_path / "s.1.jsonl").read_bytes() == b"x" * 50 + b"\n"


def test_a_log_that_is_there_is_added_to_and_a_line_cut_by_a_crash_is_ended(tmp_path: Path):
    path = tmp_path / "s.jsonl"
    path.write_bytes(b"whole\nhalf a li")
    lines = RotatingLines(path)
    lines.write([b"next\n", b"last\n"])
    lines.close()
    assert path.read_bytes() == b"whole\nhalf a li\nnext\nlast\n"


@pytest.mark.skipif(sys.platform == "win32", reason="an open file cannot be moved there")
def test_a_log_moved_away_by_a_backup_is_begun_anew(tmp_path: Path):
    lines = RotatingLines(tmp_path / "s.jsonl")
    lines.write([b"before\n"])
    (tmp_path / "s.jsonl").rename(tmp_path / "backup.jsonl")
    lines.write([b"after\n"])
    lines.close()
    assert (tmp_path / "s.jsonl").read_bytes() == b"after\n"
    assert (tmp_path / "backup.jsonl").read_bytes() == b"before\n"


needs_full = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")


@needs_full
def test_a_full_disk_is_told_once_and_nothing_is_lost_when_it_has_room_again(tmp_path: Path):
    told: list[str] = []
    path = log_file(tmp_path, "s")
    path.parent.mkdir()
    path.symlink_to("/dev/full")
    book = LogBook(tmp_path, "s", tell=told.append, retry_after_s=0.05)
    began = time.perf_counter()
    for _ in range(1_000):
        LOG.info("row_seen")
    assert time.perf_counter() - began < 1.0
    eventually(lambda: book.health.file.failures >= 3)
    assert len(told) == 1
    assert "No space left" in told[0]
    assert book.health.file.failing
    path.unlink()
    eventually(lambda: book.health.file.delivered == 1_000)
    assert not book.health.file.failing
    assert book.close()
    assert events_in(path).count("row_seen") == 1_000
    assert "log_file_failed" in {one.event for one in book.take(5_000)}


@needs_full
def test_what_found_no_room_is_counted_and_told_when_there_is_room_again(tmp_path: Path):
    path = log_file(tmp_path, "s")
    path.parent.mkdir()
    path.symlink_to("/dev/full")
    book = LogBook(tmp_path, "s", tell=lambda text: None, queue_entries_max=100, retry_after_s=0.05)
    for _ in range(150):
        LOG.info("row_seen")
    for _ in range(20):
        LOG.warning("book_went_stale")
    assert (book.health.file.waiting, book.health.file.dropped) == (100, 70)  # 90 of all, then 10 grave ones
    path.unlink()
    eventually(lambda: book.health.file.delivered == 100)
    assert book.close()
    told = [one for one in map(json.loads, path.read_text().splitlines()) if one["event"] == "log_entries_dropped"]
    assert [one["fields"] for one in told] == [{"count": 70}]
    assert [one for one in events_in(path) if one != "log_entries_dropped"] == [
        *["row_seen"] * 90,
        *["book_went_stale"] * 10,
    ]


@needs_full
def test_closing_on_a_full_disk_ends_at_once_and_says_that_not_all_was_delivered(tmp_path: Path):
    path = log_file(tmp_path, "s")
    path.parent.mkdir()
    path.symlink_to("/dev/full")
    book = LogBook(tmp_path, "s", tell=lambda text: None)
    LOG.info("row_seen")
    began = time.monotonic()
    assert not book.close()
    assert time.monotonic() - began < 2.0


LIMITED = """
import resource, sys, time
from pathlib import Path
from arbitrage_core.monitoring.logs.event_log import EventLog
from arbitrage_core.monitoring.logs.log_book import LogBook

resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))
book = LogBook(Path(sys.argv[1]), "s")
for number in range(300):
    EventLog("x").info("row_seen", number=number)
print(book.close(), book.health.file.failing)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of a file there")
def test_a_limit_on_the_size_of_a_file_ends_no_program(tmp_path: Path):
    done = subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
    assert done.stderr.count("cannot be written") == 1
    data = log_file(tmp_path, "s").read_bytes()
    assert len(data) == 2_000
    numbers = [json.loads(line)["fields"]["number"] for line in data.splitlines()[:-1]]
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 5


PART = """
import resource, sys
from pathlib import Path
from arbitrage_core.monitoring.logs.rotating_lines import RotatingLines

lines = RotatingLines(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (25, resource.RLIM_INFINITY))
print(lines.write([b"0123456789\\n"] * 5))
try:
    lines.write([b"abcdefghij\\n"])
except OSError as error:
    print(error.errno)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(lines.write([b"abcdefghij\\n"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of a file there")
def test_of_lines_that_do_not_all_fit_those_that_did_are_counted_and_a_cut_one_is_ended(tmp_path: Path):
    path = tmp_path / "s.jsonl"
    done = subprocess.run([sys.executable, "-c", PART, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", str(errno.EFBIG), "1"]
    assert path.read_bytes() == b"0123456789\n0123456789\n012\nabcdefghij\n"


def test_a_folder_that_cannot_be_made_ends_no_program(tmp_path: Path):
    (tmp_path / "logs").write_text("a file where the folder should be")
    told: list[str] = []
    book = LogBook(tmp_path, "s", tell=told.append)
    LOG.info("row_seen")
    assert not book.close()
    assert len(told) == 1


def test_a_destination_that_hangs_makes_nobody_wait():
    release = threading.Event()

    def hang(entries: Sequence[LogEntry]) -> int:
        release.wait()
        return len(entries)

    sink = Sink("hung", hang, lambda reason: None, lambda count: entry("dropped"), capacity=100)
    began = time.perf_counter()
    for _ in range(1_000):
        sink.queue.put(entry())
    assert time.perf_counter() - began < 0.5
    assert sink.health.dropped >= 900
    assert not sink.close(timeout_s=0.1)
    release.set()
    assert sink.close(timeout_s=5)


def test_the_record_gets_what_it_takes_and_the_rest_is_counted(tmp_path: Path):
    with open_logs(tmp_path, "s", queue_entries_max=50) as book:
        for _ in range(80):
            LOG.info("row_seen")
        assert len(book.take(10)) == 10
        assert len(book.take(1_000)) == 35
        assert book.health.record_dropped == 35


def test_a_queue_too_small_for_warnings_is_refused():
    with pytest.raises(ValueError, match="nothing for warnings"):
        LogQueue(5)


def test_nothing_is_printed_where_stderr_is_no_terminal(tmp_path: Path, capfd: pytest.CaptureFixture, monkeypatch):
    assert terminal_console() is None
    with open_logs(tmp_path, "s") as book:
        LOG.warning("worried")
        assert book.health.terminal is None
    assert capfd.readouterr() == ("", "")
    monkeypatch.setattr("sys.stderr", None)  # as under pythonw
    assert terminal_console() is None
    tell_on_stderr("nobody hears it, and nothing happens")


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminal there")
def test_on_a_terminal_a_person_can_read_it(tmp_path: Path):
    import pty

    leader, follower = pty.openpty()
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from arbitrage_core.monitoring.logs.log_book import open_logs\n"
        "from arbitrage_core.monitoring.logs.event_log import EventLog\n"
        "with open_logs(Path(sys.argv[1]), 's'):\n    EventLog('x').warning('book_went_stale', symbol='BTC/USDT')\n"
    )
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], stderr=follower, env=environment, check=True)
    os.close(follower)
    shown = os.read(leader, 10_000).decode()
    os.close(leader)
    assert "WARNING book_went_stale symbol=BTC/USDT" in shown


def test_no_text_moves_the_cursor(tmp_path: Path):
    screen = StringIO()
    with open_logs(tmp_path, "s", console=Console(file=screen, width=200)) as book:
        LOG.info("symbol_seen", symbol="\x1b[2J\r\nfake line \u202e", reason="[bold]x[/bold]")
    shown = screen.getvalue()
    assert shown.count("\n") == 1
    assert not {"\x1b", "\r", "\u202e"} & set(shown)
    assert "[bold]x[/bold]" in shown
    assert "\x1b" not in book.path.read_text(encoding="ascii")


def test_a_terminal_shows_an_exception_by_its_types():
    chain = [{"type": "ValueError", "at": []}, {"type": "OSError", "at": []}]
    line = terminal.line_of(LogEntry(1_700_000_000_000_000_000, "ERROR", "arb.x", "failed", {"error": chain}))
    assert line.plain.endswith("ERROR failed error=ValueError ← OSError")


def eventually(holds, within_s: float = 10.0) -> None:
    """Returns when `holds` gives something true."""
    until = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.01)
