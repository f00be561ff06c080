"""A full disk under the servers: an error that says so, nothing half-made, and usable once there is room.

The disk is a small tmpfs of its own, so this needs root on Linux.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from arbitrage_core.services.failure import ServiceFailed
from arbitrage_core.services.postgres import Postgres
from arbitrage_core.services.service import State
from tests.services.servers import home_folder, no_notice


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A disk of 24 MB, too small for a cluster."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root on Linux mounts a disk")
    with home_folder() as folder:
        if not mounted(folder, "size=24m,mode=0755"):
            pytest.skip("this machine lets nobody mount")
        try:
            yield folder
        finally:
            Postgres(folder).stop()
            subprocess.run(["umount", folder], check=True)


def mounted(folder: Path, options: str) -> bool:
    return subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder], check=False).returncode == 0


def test_a_cluster_that_does_not_fit_is_an_error_and_is_made_when_there_is_room(small_disk: Path):
    server = Postgres(small_disk, durable=False)
    with pytest.raises(ServiceFailed, match=r"initdb failed.*No space left on device.*free some space"):
        server.ensure(no_notice)
    assert not server.cluster.exists()
    assert server.status().state is State.DOWN
    assert mounted(small_disk, "remount,size=300m")
    instance = server.ensure(no_notice)
    assert server.ask(instance.port, 1.0).state is State.UP


def test_a_disk_that_fills_in_use_loses_no_commit_and_the_server_goes_on_when_there_is_room(small_disk: Path):
    assert mounted(small_disk, "remount,size=120m")
    server = Postgres(small_disk, durable=False)
    port = server.ensure(no_notice).port
    with psycopg.connect(server.url(port), autocommit=True) as connection:
        connection.execute("create table kept (value text)")
        connection.execute("insert into kept values ('before')")
        ballast = small_disk / "ballast"
        fill(ballast)
        with pytest.raises(psycopg.Error, match="No space left on device"):
            connection.execute("insert into kept select repeat(md5(i::text), 300) from generate_series(1, 20000) i")
    ballast.unlink()
    again = server.ensure(no_notice)
    with psycopg.connect(server.url(again.port)) as connection:
        assert connection.execute("select value from kept").fetchall() == [("before",)]


def fill(ballast: Path) -> None:
    """Takes all the room there is."""
    with ballast.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(b"\0" * (1 << 16)):
            pass
    assert shutil.disk_usage(ballast.parent).free == 0
