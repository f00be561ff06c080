"""`arb up`, `down`, `status`, `reset` as an operator and a script meet them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from arbitrage_core.services.home import checkout_id
from arbitrage_core.services.operating_system import WINDOWS
from arbitrage_core.services.stores import stop_all
from console.cli import run
from tests.services.servers import home_folder

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for variable in ("ARB_POSTGRES_URL", "ARB_REDIS_URL", "ARB_PREFECT_URL"):
        monkeypatch.delenv(variable, raising=False)
    with home_folder() as folder:
        monkeypatch.setenv("ARB_HOME", str(folder))
        try:
            yield folder
        finally:
            stop_all(folder)


def arb(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-P", "-X", "utf8", "-m", "console.cli", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False
    )


def shown(told: str) -> dict[str, dict[str, object]]:
    return {one["service"]: one for one in json.loads(told)["services"]}


def test_up_status_down_as_a_script_runs_them(home: Path):
    up = arb("up", "--stores", "--json")
    assert up.returncode == 0, up.stderr
    assert {name: one["state"] for name, one in shown(up.stdout).items()} == {"postgres": "up", "valkey": "up"}
    status = arb("status", "--json")
    found = shown(status.stdout)
    assert (status.returncode, json.loads(status.stdout)["well"]) == (1, False)  # Prefect was not asked for
    assert [one["state"] for one in found.values()] == ["up", "up", "down", "down"]
    assert found["postgres"]["pid"] == shown(up.stdout)["postgres"]["pid"]
    assert set(found["valkey"]) == {"service", "state", "address", "pid", "since", "data_bytes", "detail"}
    down = arb("down", "--json")
    assert (down.returncode, json.loads(down.stdout)) == (0, {"ended": ["valkey", "postgres"]})
    assert arb("down").stdout == "nothing was running\n"


def test_status_is_a_table_and_shows_no_password(home: Path):
    arb("up", "--stores")
    status = arb("status")
    assert status.returncode == 1
    assert [line.split()[0] for line in status.stdout.splitlines()] == [
        *("service", "postgres", "valkey", "prefect", "worker")
    ]
    for file in home.rglob("password"):
        assert file.read_text().strip() not in status.stdout


@pytest.mark.skipif(WINDOWS, reason="Windows has no such signals")
def test_status_takes_a_second_at_most_and_is_true_after_any_kill(home: Path):
    found = shown(arb("up", "--stores", "--json").stdout)
    os.kill(found["valkey"]["pid"], 9)
    os.kill(found["postgres"]["pid"], 19)  # SIGSTOP
    started = time.monotonic()
    code = run(["status", "--json"])
    assert time.monotonic() - started < 1.0
    assert code == 1
    states = {name: one["state"] for name, one in shown(arb("status", "--json").stdout).items()}
    assert states == {"postgres": "frozen", "valkey": "down", "prefect": "down", "worker": "down"}


def test_an_external_server_that_is_not_there_is_one_error_with_its_cure(home: Path, monkeypatch, capsys):
    monkeypatch.setenv("ARB_REDIS_URL", "redis://:sesame@127.0.0.1:1/0")
    code = run(["up", "--stores"])
    told = capsys.readouterr()
    assert (code, told.out) == (1, "")
    assert "ARB_REDIS_URL at redis://127.0.0.1:1/0" in told.err
    assert "cure: " in told.err
    assert "sesame" not in told.err


def test_reset_says_what_it_did_and_refuses_while_a_session_lives(home: Path):
    import redis

    from arbitrage_core.services.valkey import Valkey

    arb("up", "--stores")
    server = Valkey(home)
    prefix = f"arb:{checkout_id(home)}"
    with redis.Redis.from_url(server.url(server.find().port)) as client:
        client.set(f"{prefix}:state:x", "1")
        client.set(f"{prefix}:heartbeat:x", "1", ex=60)
    refused = arb("reset", "--json")
    assert refused.returncode == 1
    assert "alive: x" in json.loads(refused.stdout)["error"]
    assert server.status().is_well
    done = arb("reset", "--force", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert (set(report["ended"]), report["keys_cleared"], report["not_cured"]) == ({"postgres", "valkey"}, 2, [])
    assert Path(report["backup"]).is_dir()


def test_reset_all_wants_a_yes(home: Path):
    refused = arb("reset", "--all")
    assert refused.returncode == 1
    assert "--yes" in refused.stderr
    assert not (home / "services").exists()
    assert arb("reset", "--all", "--yes").returncode == 0


def test_the_command_line_imports_nothing_of_prefect(home: Path):
    code = "import sys; from console.cli import run; run(['status']); print('prefect' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
