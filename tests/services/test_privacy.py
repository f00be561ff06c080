"""What a checkout keeps is its owner's alone; a second account of the machine sees nothing of it, and can start."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.services.environment import program
from arbitrage_core.services.ground import remove_ground
from arbitrage_core.services.operating_system import WINDOWS
from arbitrage_core.services.postgres import Postgres
from arbitrage_core.services.prefect import PrefectServer, prefect_environment
from arbitrage_core.services.privacy import keep_private
from arbitrage_core.services.service import State
from arbitrage_core.services.valkey import Valkey
from tests.services.servers import no_notice

pytestmark = pytest.mark.skipif(WINDOWS, reason="Windows has no mode bits")

AS_ROOT = not WINDOWS and os.geteuid() == 0
OTHERS = stat.S_IRWXG | stat.S_IRWXO
PASSING = stat.S_IXGRP | stat.S_IXOTH
STRANGER = 4_242


@pytest.fixture(autouse=True)
def umask_as_it_was():
    before = os.umask(0o022)
    yield
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def made_by_an_earlier_version(home: Path) -> None:
    for name in ("sessions/one/seal.json", "compiled/x.nbi", "logs/one.jsonl", "services/prefect/home/prefect.db"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("sesame")
    for name in ("services/postgres/instance.json", "services/valkey/output.log"):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text("sesame")


def open_to_others(home: Path) -> list[str]:
    """What another account reads or writes, going by the mode bits of all folders on the way."""
    found = []
    for folder, names, files in os.walk(home):
        for name in [*names]:
            if not mode_of(Path(folder, name)) & PASSING:
                names.remove(name)
        found += [name for name in [*names, *files] if mode_of(Path(folder, name)) & OTHERS & ~PASSING]
    return found


def test_a_home_that_stood_open_is_closed_and_what_is_made_later_is_closed(tmp_path: Path):
    home = tmp_path / ".arb"
    made_by_an_earlier_version(home)
    assert len(open_to_others(home)) > 6
    keep_private(home)
    assert open_to_others(home) == []
    assert mode_of(home) & OTHERS == (PASSING if AS_ROOT else 0)
    assert mode_of(home / "sessions") & OTHERS == 0
    (home / "sessions" / "two").mkdir()
    (home / "later").write_text("sesame")
    assert mode_of(home / "sessions" / "two") & OTHERS == mode_of(home / "later") & OTHERS == 0


def test_a_home_that_a_user_named_is_not_closed_itself_for_other_things_may_live_in_it(tmp_path: Path):
    home = tmp_path / "shared"
    made_by_an_earlier_version(home)
    (home / "somebody's").mkdir(mode=0o755)
    home.chmod(0o1777)
    keep_private(home)
    assert (mode_of(home), mode_of(home / "somebody's")) == (0o1777, 0o755)
    assert mode_of(home / "sessions") & OTHERS == 0


def test_a_home_that_is_not_there_is_not_made(tmp_path: Path):
    keep_private(tmp_path / ".arb")
    assert not (tmp_path / ".arb").exists()


@pytest.mark.skipif(not AS_ROOT, reason="root alone gives files away")
def test_a_home_of_another_user_is_refused_for_what_is_compiled_there_would_be_run(tmp_path, monkeypatch):
    home = tmp_path / ".arb"
    home.mkdir()
    os.chown(home, STRANGER, STRANGER)
    keep_private(home)  # root may
    monkeypatch.setattr(os, "geteuid", lambda: STRANGER + 1)
    with pytest.raises(BadInput, match=f"belongs to another user \\(uid {STRANGER}\\)"):
        keep_private(home)


def test_the_stores_start_in_a_home_that_is_closed_and_leave_nothing_open(home: Path):
    home = home / ".arb"
    home.mkdir(mode=0o700)
    keep_private(home)
    for store in (Postgres(home, durable=False), Valkey(home)):
        assert store.status().state is State.DOWN
        port = store.ensure(no_notice).port
        try:
            assert store.ask(port, 2.0).state is State.UP
            assert store.data.resolve().is_relative_to(home.resolve())
        finally:
            store.stop()
    assert open_to_others(home) == []


def test_a_home_that_the_user_named_and_closed_stays_closed(home: Path):
    home.chmod(0o700)
    store = Valkey(home)
    try:
        store.ensure(no_notice)
        assert mode_of(home) == 0o700
    finally:
        store.stop()
        remove_ground(store.folder)


@pytest.mark.skipif(not AS_ROOT, reason="root alone may try as another account")
def test_another_account_that_tries_sees_nothing(home: Path):
    made_by_an_earlier_version(home)
    seen = home / "sessions" / "one" / "seal.json"

    def tried(*command: str) -> str:
        return subprocess.run(
            command, user=STRANGER, group=STRANGER, extra_groups=[], capture_output=True, text=True, check=False
        ).stdout

    assert tried("cat", str(seen)) == "sesame"
    keep_private(home)
    for path in (seen, home / "services/prefect/home/prefect.db", home / "services/postgres/instance.json"):
        assert tried("cat", str(path)) == ""
    assert tried("ls", str(home / "services")) == ""


def test_no_place_of_prefects_is_shared_with_other_accounts(home: Path):
    environment = prefect_environment(home / "a", "http://x/api")
    code = "import tempfile; print(tempfile.gettempdir())"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_relative_to(home)


PREFECT_PLACES = """
import json, tempfile
from pathlib import Path
from prefect.runner import Runner
from prefect.settings import get_current_settings
settings = get_current_settings()
print(json.dumps([str(one) for one in (
    Runner()._tmp_dir, settings.home, settings.results.local_storage_path, settings.profiles_path,
    settings.server.database.connection_url.get_secret_value().partition("///")[2],
    settings.server.memo_store_path,
)]))
"""


@pytest.mark.slow
def test_every_place_that_prefect_writes_to_is_below_the_home(home: Path):
    done = subprocess.run(
        program(PREFECT_PLACES),
        env=prefect_environment(home / "prefect", "http://127.0.0.1:1/api"),
        cwd=home,
        capture_output=True,
        text=True,
        check=True,
    )
    places = json.loads(done.stdout)
    assert [place for place in places if not Path(place).is_relative_to(home)] == []
    assert PrefectServer(home).data.is_relative_to(home)
