"""The preflight sees what is not as it must be, clears what earlier runs left, and leaves living sessions alone."""

import os
import signal
from importlib.metadata import version
from pathlib import Path

import pytest
import redis

from arbitrage_core.services.home import checkout_id
from arbitrage_core.services.operating_system import WINDOWS
from arbitrage_core.services.postgres import Postgres
from arbitrage_core.services.preflight import Finding, environment, pins_of, preflight
from arbitrage_core.services.stores import Stores, ensure_stores, status, stop_all
from tests.services.servers import no_notice

HASH = "    --hash=sha256:00\n"


@pytest.fixture
def stores(home: Path) -> Stores:
    return ensure_stores(no_notice)


def by_name(findings: list[Finding]) -> dict[str, Finding]:
    return {finding.name: finding for finding in findings}


def test_all_is_well_on_a_fresh_home(stores: Stores):
    findings = preflight(stores)
    assert [finding.name for finding in findings] == [
        *("environment", "disk", "leftovers", "live_state", "logs", "services")
    ]
    assert all(finding.ok for finding in findings), findings


def test_the_environment_is_what_the_lock_says():
    root = Path(__file__).resolve().parents[2]
    assert len(dict(pins_of(root / "requirements.lock"))) > 50
    assert environment(root / "requirements.lock").ok


LOCKS = {
    "another version": (f"psutil==0.0.1 \\\n{HASH}", False, "psutil"),
    "missing": (f"no-such-package==1.0 \\\n{HASH}", False, "no-such-package missing, not 1.0"),
    "not for this system": (f"no-such-package==1.0 ; sys_platform == 'plan9' \\\n{HASH}", False, "0 packages"),
    "nothing": ("# by uv\n", False, "0 packages"),
    "garbage": ("\x00\x01==\n", False, "cannot be read"),
    "right": (f"# by uv\npsutil=={version('psutil')} \\\n{HASH}    # via x\n", True, "1 packages"),
}


@pytest.mark.parametrize("name", LOCKS)
def test_an_environment_that_differs_from_the_lock_is_found(name: str, tmp_path: Path):
    text, ok, detail = LOCKS[name]
    lock = tmp_path / "requirements.lock"
    lock.write_text(text)
    finding = environment(lock)
    assert finding.ok is ok
    assert detail in finding.detail


def test_a_lock_that_is_not_there_is_found(tmp_path: Path):
    assert not environment(tmp_path / "requirements.lock").ok


def test_too_little_space_is_found(stores: Stores):
    assert not by_name(preflight(stores, space_needed_bytes=1 << 60))["disk"].ok


def test_a_store_that_is_down_is_found(stores: Stores, home: Path):
    Postgres(home).stop()
    finding = by_name(preflight(stores))["services"]
    assert not finding.ok
    assert "postgres down" in finding.detail
    assert "worker" not in finding.detail
    assert "worker down" in by_name(preflight(stores, needs_prefect=True))["services"].detail


def test_live_state_that_cannot_be_cleared_is_found(stores: Stores):
    findings = by_name(preflight(Stores(stores.postgres_url, stores.redis_url.replace(":", ":x", 2))))
    assert not findings["live_state"].ok


def test_keys_of_dead_sessions_are_cleared_and_those_of_living_ones_kept(stores: Stores, home: Path):
    prefix = f"arb:{checkout_id(home)}"
    (home / "logs").mkdir()
    (home / "logs" / "session.log").write_text("x")
    with redis.Redis.from_url(stores.redis_url, decode_responses=True) as client:
        for key in ("state:dead", "state:alive", "heartbeat:alive"):
            client.set(f"{prefix}:{key}", "1")
        client.set("somebody:else", "1")
        findings = by_name(preflight(stores))
        assert sorted(client.keys()) == sorted(["somebody:else", f"{prefix}:state:alive", f"{prefix}:heartbeat:alive"])
        assert "1 keys" in findings["live_state"].detail
        assert "alive" in findings["live_state"].detail
        assert (home / "logs" / "session.log").exists()
        client.delete(f"{prefix}:heartbeat:alive")
        assert "1 earlier logs" in by_name(preflight(stores))["logs"].detail
    assert not (home / "logs" / "session.log").exists()
    assert len(list((home / "backups").rglob("session.log"))) == 1


@pytest.mark.skipif(WINDOWS, reason="Windows has no such signals")
def test_what_a_dead_server_left_running_is_ended(stores: Stores, home: Path):
    server = Postgres(home)
    instance = server.find()
    orphan = next(process for process in server.processes() if process.pid != instance.pid)
    orphan.suspend()
    os.kill(instance.pid, signal.SIGKILL)
    finding = by_name(preflight(stores))["leftovers"]
    assert "postgres" in finding.detail
    assert server.processes() == []


def test_what_looks_at_services_that_never_ran_finds_nothing_and_writes_nothing(home: Path):
    assert {str(one.state) for one in status(home)} == {"down"}
    assert stop_all(home) == []
    assert not list(home.iterdir())
