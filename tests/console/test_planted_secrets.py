"""Secrets planted in what a command is given are looked for in all that it writes, says and starts."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.console.test_services import ROOT
from tests.services.servers import home_folder, postgres_url, redis_url  # noqa: F401

ENTRY = str(ROOT / "console" / "__main__.py")
PAPER = ["paper", "--synthetic", "mixed", "--rows", "400", "--pace", "max", "--json"]


def password_of(url: str) -> str:
    return url.split("@", maxsplit=1)[0].rpartition(":")[2]


def said_by(home: Path, *arguments: str, **given: str) -> tuple[int, str]:
    """Exit code, and all that a command said and that stood in command lines while it ran."""
    environment = {**os.environ, "ARB_HOME": str(home), "ARB_DEBUG": "1", **given}
    command = [sys.executable, "-I", "-X", "utf8", ENTRY, *arguments]
    started = set()
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        while running.poll() is None:
            try:
                family = [psutil.Process(running.pid), *psutil.Process(running.pid).children(recursive=True)]
                started.update(" ".join(one.cmdline()) for one in family)
            except psutil.Error:
                pass
            time.sleep(0.05)
        said = running.stdout.read()
    assert started
    return running.returncode, said + "\n".join(started)


def written(home: Path) -> dict[str, bytes]:
    return {str(file): file.read_bytes() for file in home.rglob("*") if file.is_file()}


def recorded(url: str) -> str:
    """Every row of every table of the record, as text."""
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "select quote_ident(table_schema) || '.' || quote_ident(table_name) from information_schema.tables"
            " where table_schema not in ('pg_catalog', 'information_schema')"
        ).fetchall()
        return "\n".join(
            row[0] for (name,) in names for row in connection.execute(f"select t::text from {name} t").fetchall()
        )


@pytest.mark.slow
def test_no_password_of_a_server_stands_in_anything_that_a_session_leaves(postgres_url, redis_url):  # noqa: F811
    secrets = [password_of(postgres_url), password_of(redis_url)]
    with home_folder() as home:
        code, said = said_by(home, *PAPER, ARB_POSTGRES_URL=postgres_url, ARB_REDIS_URL=redis_url)
        assert code == 0, said
        files = written(home)
        assert [name for name in files if name.endswith("seal.json")]
        for secret in secrets:
            assert secret not in said
            assert [name for name, content in files.items() if secret.encode() in content] == []
            assert secret not in recorded(postgres_url)


UNUSABLE = {
    "nobody there": ("postgresql://me:sesame@127.0.0.1:1/arb", "redis://:sesame@127.0.0.1:1/0"),
    "no address": ("postgresql://me:ses/sesame@db/arb", "redis://:ses@sesame@cache:6379/0"),
}


@pytest.mark.parametrize("postgres, redis", UNUSABLE.values(), ids=UNUSABLE)
@pytest.mark.parametrize("command", [PAPER, ["status"], ["up", "--stores"], ["session", "list"], ["preset", "list"]])
def test_no_password_stands_in_what_a_command_says_of_a_server_it_cannot_have(postgres, redis, command):
    with home_folder() as home:
        code, said = said_by(home, *command, ARB_POSTGRES_URL=postgres, ARB_REDIS_URL=redis)
        assert code != 0
        assert "ARB_" in said or "127.0.0.1:1/" in said
        assert "sesame" not in said
        assert [name for name, content in written(home).items() if b"sesame" in content] == []
