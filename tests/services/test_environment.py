"""What a user set for other programs reaches none of ours: neither what this process does, nor what it starts."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

from arbitrage_core.services.environment import (
    CHECKOUT,
    forget_settings,
    program,
    program_environment,
    server_environment,
    store_environment,
)
from tests.services.servers import postgres_url  # noqa: F401

STEERING = dict(
    line.split("=", 1)
    for line in """
HTTP_PROXY=http://127.0.0.1:9
HTTPS_PROXY=http://127.0.0.1:9
ALL_PROXY=http://127.0.0.1:9
http_proxy=http://127.0.0.1:9
PGHOST=elsewhere
PGHOSTADDR=192.0.2.1
PGUSER=me
PGPASSWORD=sesame
PGSERVICE=other
PGOPTIONS=-c search_path=x
PGSSLMODE=verify-full
PREFECT_API_URL=http://192.0.2.1/api
PREFECT_PROFILE=x
PREFECT_HOME=/x
PREFECT_API_KEY=k
WEB_CONCURRENCY=4
UVICORN_PORT=1
FORWARDED_ALLOW_IPS=*
PYTHONPATH=/x
PYTHONSTARTUP=/x
PYTHONHOME=/x
PYTHONWARNINGS=error
REDIS_URL=redis://x
DASK_SCHEDULER_ADDRESS=tcp://x:1
DASK_CONFIG=/x
DOCKER_HOST=tcp://x
SSL_CERT_FILE=/nowhere
NUMBA_CACHE_DIR=/x
AWS_SECRET_ACCESS_KEY=sesame
SOMETHING_NEW=1
""".strip().splitlines()
)
KEPT = {"PATH": os.environ["PATH"], "HOME": "/somewhere/me", "LANG": "de_DE.UTF-8", "LC_TIME": "C"}
OWN = {"ARB_POSTGRES_URL": "postgresql://me:secret@db/arb", "ARB_DEBUG": "1"}


@pytest.fixture
def steered(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**STEERING, **KEPT, **OWN}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("steered")
def test_servers_and_programs_inherit_nothing_that_steers_them(tmp_path: Path):
    for made in (store_environment(), server_environment(tmp_path), program_environment(tmp_path)):
        found = {name for name in STEERING if made.get(name) == STEERING[name]}
        assert found == set()
        assert made["PATH"] == os.environ["PATH"]
    assert program_environment(tmp_path).items() >= OWN.items()
    assert server_environment(tmp_path)["HOME"] == "/somewhere/me"


@pytest.mark.usefixtures("steered")
def test_the_stores_and_prefects_server_get_no_setting_of_ours_which_may_hold_a_password(tmp_path: Path):
    for made in (store_environment(), server_environment(tmp_path)):
        assert not [name for name in made if name.startswith("ARB_")]


@pytest.mark.usefixtures("steered")
def test_what_is_stated_counts(tmp_path: Path):
    made = server_environment(tmp_path, PREFECT_API_URL="http://127.0.0.1:1/api")
    assert made["PREFECT_API_URL"] == "http://127.0.0.1:1/api"
    assert made["PYTHONPATH"] == str(CHECKOUT)
    assert made["TMPDIR"] == str(tmp_path)


def test_a_home_named_from_where_the_user_stands_is_the_same_for_programs_that_work_elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ARB_HOME", "here")
    assert program_environment(tmp_path)["ARB_HOME"] == str(tmp_path / "here")


def test_this_process_forgets_all_but_what_it_shows_itself_on():
    environment = {**STEERING, **KEPT, **OWN, "TERM": "xterm", "COLUMNS": "80"}
    forget_settings(environment)
    assert environment == {**KEPT, **OWN, "TERM": "xterm", "COLUMNS": "80"}


def test_a_program_runs_this_checkouts_code_whatever_stands_in_the_way(tmp_path: Path):
    for folder in ("path", "here"):
        package = tmp_path / folder / "arbitrage_core"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("raise SystemExit('another checkout')")
    (tmp_path / "path" / "sitecustomize.py").write_text("raise SystemExit('another site')")
    code = "import json, arbitrage_core as a; print(json.dumps([a.__file__, sys.argv[1:], sys.flags.utf8_mode]))"
    done = subprocess.run(
        program(code, "a b", "c"),
        cwd=tmp_path / "here",
        env={**os.environ, "PYTHONPATH": str(tmp_path / "path"), "PYTHONHOME": "/nowhere"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == [str(CHECKOUT / "arbitrage_core" / "__init__.py"), ["a b", "c"], 1]


@pytest.mark.parametrize("name", [name for name in STEERING if name.startswith("PG") and name != "PGSERVICE"])
def test_the_address_of_our_own_record_says_all_that_a_variable_of_libpqs_could(name, postgres_url, monkeypatch):  # noqa: F811
    """But `PGSERVICE`, which libpq follows before it reads an address: that one is forgotten."""
    monkeypatch.setenv(name, STEERING[name])
    with psycopg.connect(postgres_url, connect_timeout=5, options="-cstatement_timeout=5s") as connection:
        found = connection.execute("select current_user, current_setting('search_path')").fetchone()
    assert found == ("arb", '"$user", public')


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
@pytest.mark.slow
def test_a_command_does_the_same_whatever_the_user_set(home: Path, tmp_path: Path):
    """From the start of the stores to a paper session: with a proxy that refuses, another's Prefect and libpq's all."""
    (tmp_path / "prefect.toml").write_text('[api]\nrequest_timeout = 0.0001\nurl = "http://192.0.2.1/api"\n')
    (tmp_path / "arbitrage_core").mkdir()
    (tmp_path / "arbitrage_core" / "__init__.py").write_text("raise SystemExit('another checkout')")
    steered = {**os.environ, **STEERING, "PYTHONPATH": str(tmp_path), "ARB_HOME": str(home)}
    del steered["PYTHONHOME"]  # the shell's own Python would not start

    def arb(*arguments: str) -> dict[str, Any]:
        command = [sys.executable, "-I", "-X", "utf8", str(CHECKOUT / "console" / "__main__.py"), *arguments, "--json"]
        done = subprocess.run(
            command, cwd=tmp_path, env=steered, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert arb("up")["well"]
    assert arb("status")["well"]
    session = arb("paper", "--synthetic", "mixed", "--rows", "400", "--pace", "max")
    assert session["record"]["complete"]
    assert session["identical"]
    assert set(arb("down")["ended"]) == {"postgres", "valkey", "prefect", "worker"}
