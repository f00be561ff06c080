"""The session folder: a journal appears whole or not at all, is found by its name, and leftovers go."""

import os
from pathlib import Path

import pytest

from arbitrage_core.domain.errors import BadInput, InvariantBroken
from arbitrage_core.storage.lock import WriterLock
from console.session_folder import find_session, list_sessions, session_id, written_whole


@pytest.fixture(autouse=True)
def sessions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("console.session_folder.home", lambda: tmp_path)
    return tmp_path / "sessions"


def write(session: str, text: str = "whole", error: BaseException | None = None) -> None:
    with written_whole(session) as folder:
        folder.mkdir()
        (folder / "manifest.json").write_text(text)
        if error is not None:
            raise error


def fail(session: str, error: BaseException) -> None:
    with pytest.raises(type(error)):
        write(session, "half", error)


def everything(sessions: Path) -> dict[str, str]:
    return {path.parent.name: path.read_text() for path in sessions.rglob("manifest.json")}


def test_a_later_run_takes_the_place_of_an_earlier_one(sessions):
    write("a")
    write("a", "again")
    write("b")
    assert everything(sessions) == {"a": "again", "b": "whole"}
    assert sorted(path.name for path in sessions.iterdir()) == ["a", "b"]


@pytest.mark.parametrize("error", [BadInput("no"), KeyboardInterrupt(), OSError("disk"), ZeroDivisionError()])
def test_a_failed_run_leaves_what_was_there(sessions, error):
    write("a")
    fail("a", error)
    fail("b", error)
    assert everything(sessions) == {"a": "whole"}
    assert [path.name for path in sessions.iterdir()] == ["a"]


def test_a_broken_invariant_is_kept_as_evidence(sessions):
    fail("a", InvariantBroken("never"))
    assert everything(sessions) == {"a": "half"}


def test_what_a_killed_command_left_is_removed_and_what_another_writes_is_not(sessions):
    for name in (".partial-1", ".partial-2"):
        (sessions / name / "s").mkdir(parents=True)
    lock = WriterLock(sessions / ".partial-2")
    try:
        write("a")
        assert sorted(path.name for path in sessions.iterdir()) == [".partial-2", "a"]
    finally:
        lock.release()


def test_a_session_is_named_by_mode_data_and_the_first_digits_of_its_key():
    assert session_id("backtest", "mixed", 0x3F9A2C1B00000001) == "backtest-mixed-3f9a2c1b"
    assert session_id("backtest", "bbo-and-2", 1) == "backtest-bbo-and-2-00000000"


FOUND = [("backtest-a-11", "backtest-a-11"), ("backtest-a-1", "backtest-a-11"), ("backtest-b", "backtest-b")]
NOT_FOUND = [
    ("backtest-", "several sessions begin with"),
    ("", "no session ''"),
    ("backtset-a-11", "there are backtest-a-11"),
    ("..", "holds no journal"),
    ("some/where", "holds no journal"),
]


@pytest.mark.parametrize("name, expected", FOUND)
def test_a_session_is_found_by_its_name_and_by_the_beginning_of_one(sessions, name, expected):
    for session in ("backtest-a-11", "backtest-b", "backtest-b-2"):
        write(session)
    assert find_session(name) == sessions / expected
    assert find_session(str(sessions / expected)) == sessions / expected


@pytest.mark.parametrize("name, words", NOT_FOUND)
def test_a_name_of_no_session_or_of_several_is_refused(name, words, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for session in ("backtest-a-11", "backtest-b", "backtest-b-2"):
        write(session)
    with pytest.raises(BadInput, match=words):
        find_session(name)


def test_without_any_session_the_cure_is_to_run_one():
    assert list_sessions() == []
    with pytest.raises(BadInput, match="arb backtest"):
        find_session("x")


def test_the_workplace_bears_the_process(sessions):
    with written_whole("a") as folder:
        assert folder == sessions / f".partial-{os.getpid()}" / "a"
        folder.mkdir()
