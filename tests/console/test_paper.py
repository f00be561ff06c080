"""`arb paper` and `arb session` as an operator meets them, on a real PostgreSQL and a real Valkey."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from arbitrage_core.session import binding
from console.cli import run
from tests.console.test_commands import ROOT, SESSION_KEYS, told
from tests.services.servers import postgres_url, redis_url

__all__ = ["postgres_url", "redis_url"]

DATA = ["--synthetic", "mixed", "--rows", "4000"]
STARTS_WITHIN_S = 60.0


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str, redis_url: str) -> Path:
    """A home of its own, whose compiled engines are this checkout's and whose stores are the test run's."""
    compiled = binding.home() / "compiled"
    compiled.mkdir(parents=True, exist_ok=True)
    home = tmp_path / "home"
    home.mkdir()
    (home / "compiled").symlink_to(compiled, target_is_directory=True)
    monkeypatch.setenv("ARB_HOME", str(home))
    monkeypatch.setenv("ARB_POSTGRES_URL", postgres_url)
    monkeypatch.setenv("ARB_REDIS_URL", redis_url)
    return home


@pytest.fixture
def running(place: Path) -> Iterator[subprocess.Popen]:
    """A paper session in a process of its own, at a pace that would take hours, after its first rows."""
    command = [sys.executable, "-m", "console.cli", "paper", "--synthetic", "mixed", "--pace", "30", "--json"]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def document_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    code, out, err = told(capsys, *arguments, "--json")
    assert code == 0, err
    return json.loads(out)


def wait_until_it_trades(capsys: pytest.CaptureFixture[str], process: subprocess.Popen) -> dict:
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        alive = document_of(capsys, "session", "list")["living"]
        if alive and alive[0].get("entries", 0) > 0:
            return alive[0]
        time.sleep(0.3)
    raise AssertionError("no session traded")


def test_the_verdict_on_a_paper_session_is_that_of_its_backtest(place, capsys):
    """Its journal holds the rows itself, those that ended it among them."""
    name = document_of(capsys, "paper", *DATA, "--pace", "max")["session"]
    held, made = (
        json.loads(told(capsys, "verdict", *which, "--json")[1]) for which in (("--session", name), tuple(DATA))
    )
    for document in (held, made):
        del document["session"], document["rows"]
    assert held == made
    assert held["trades"] > 10


def test_a_paper_session_leaves_the_state_of_the_backtest_and_a_record_equal_to_its_ledger(place, capsys):
    document = document_of(capsys, "paper", *DATA, "--pace", "max")
    assert set(document) >= SESSION_KEYS | {"record", "ending", "identical"}
    assert document["notes"] == []
    assert document["state_hash"] == document_of(capsys, "backtest", *DATA)["state_hash"]
    record = document["record"]
    assert (record["complete"], record["differences"], document["laws"]) == (True, [], [])
    assert document["identical"] is True
    assert document["entries"] > 10
    recorded = document_of(capsys, "session", "list")["recorded"][0]
    assert (recorded["name"], recorded["status"]) == (document["session"], "complete")
    assert recorded["state_hash"] == document["state_hash"]
    assert document_of(capsys, "replay", document["session"])["identical"] is True


def test_another_run_of_the_same_replaces_nothing(place, capsys):
    names = [document_of(capsys, "paper", *DATA, "--pace", "max")["session"] for _ in range(2)]
    assert names[1] == f"{names[0]}-2"
    assert all((place / "sessions" / name / "seal.json").is_file() for name in names)


def test_the_page_says_how_it_ended_and_whether_the_record_is_equal(place, capsys):
    code, out, err = told(capsys, "paper", *DATA, "--pace", "max")
    assert (code, err) == (0, "")
    assert all(words in out for words in ("source ended", "equal to the ledger", "identical", "all hold"))


BAD_USAGE = [
    (["paper"], "the rows come either from"),
    (["paper", *DATA, "--pace", "fast"], "no pace: 'fast'"),
    (["paper", *DATA, "--pace", "0"], "no pace: '0'"),
    (["paper", *DATA, "--on-stop", "panic"], "no way to stop: 'panic'"),
    (["paper", *DATA, "--set", "taker_fee=1"], "taker_fee"),
    (["session", "pause"], "no session runs"),
    (["session", "stop", "paper-none"], "no session runs"),
]


@pytest.mark.parametrize(
    "arguments,words", BAD_USAGE, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_what_cannot_be_is_said_before_anything_starts(place, capsys, arguments, words):
    code, out, err = told(capsys, *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert not (place / "sessions").exists()


def test_a_store_that_cannot_be_reached_is_named_without_its_password(place, capsys, monkeypatch):
    monkeypatch.setenv("ARB_POSTGRES_URL", "postgresql://arb:hunter22@127.0.0.1:9/arb")
    code, _, err = told(capsys, "paper", *DATA, "--pace", "max")
    assert code == 1
    assert "127.0.0.1:9" in err
    assert "hunter22" not in err


def test_an_operator_lists_pauses_resumes_and_stops_a_session_from_elsewhere(place, running, capsys):
    found = wait_until_it_trades(capsys, running)
    assert (found["phase"], found["state"], found["pid"]) == ("ACTIVE", "sound", running.pid)
    beginning = found["session"][:8]
    for command, phase in (("pause", "PAUSED"), ("resume", "ACTIVE")):
        told_of = document_of(capsys, "session", command, beginning, "--reason", "a test")
        assert told_of["status"] == "accepted"
        time.sleep(1.0)
        assert document_of(capsys, "session", "list")["living"][0]["phase"] == phase
    assert document_of(capsys, "session", "stop")["status"] == "accepted"
    out, err = running.communicate(timeout=30)
    document = json.loads(out)
    assert (running.returncode, document["ending"], document["open"]) == (0, "stopped by the operator", 0), err
    assert document["record"]["complete"] is True
    assert document_of(capsys, "session", "list")["living"] == []


def test_a_first_interrupt_ends_it_in_order(place, running, capsys):
    wait_until_it_trades(capsys, running)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=30)
    document = json.loads(out)
    assert (running.returncode, document["flat"], document["identical"]) == (0, True, True), err
    assert "ending in order" in err


def test_help_names_the_commands(capsys):
    run(["session", "--help"])
    out = capsys.readouterr().out
    assert all(f"  {name} " in out for name in ("list", "pause", "resume", "flatten", "stop"))


def test_a_record_that_lacks_a_session_is_filled_in_from_its_journal(place, capsys):
    import psycopg

    document = document_of(capsys, "paper", *DATA, "--pace", "max", "--no-replay")
    with psycopg.connect(os.environ["ARB_POSTGRES_URL"], autocommit=True) as connection:
        connection.execute("DELETE FROM sessions WHERE id = %s", (document["record"]["session"],))
    filled = document_of(capsys, "replay", document["session"], "--record")
    assert (filled["identical"], filled["record"]["differences"]) == (True, [])
    assert filled["record"]["entries"] == document["record"]["entries"]
    recorded = document_of(capsys, "session", "list")["recorded"][0]
    assert (recorded["name"], recorded["status"]) == (document["session"], "complete")
    assert recorded["state_hash"] == document["state_hash"]
