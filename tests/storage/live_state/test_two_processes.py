"""Two processes run one session: the one that slept wakes up, finds that it was replaced, and changes nothing."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from arbitrage_core.storage.live_state.heartbeat import fresh_sessions
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.projection import Position
from arbitrage_core.storage.live_state.state_store import LiveState
from arbitrage_core.storage.live_state.writer import LiveStateWriter, Pace
from tests.storage.live_state.patience import eventually
from tests.storage.live_state.valkey_server import ValkeyServer

SESSION = "paper-mixed-3f9a2c1b"
ENGINE = f"""
import sys, threading
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.writer import LiveStateWriter, Pace

fenced = threading.Event()
pace = Pace(write_every_s=0.02, beat_every_s=0.05, scrub_every_s=1, time_to_live_ms=600)
url = sys.stdin.readline().strip()
writer = LiveStateWriter(url, Namespace(sys.argv[1]), {SESSION!r}, 1, on_fenced=lambda newest: fenced.set(), pace=pace)
writer.start()
row = 0
while not fenced.wait(0.01):
    row += 1
    writer.offer(row, row, {{"counters": {{"by": 1}}}})
print(writer.health.fenced_by, writer.close())
"""


@contextmanager
def engine(url: str, namespace: Namespace) -> Iterator[subprocess.Popen]:
    """A process that runs the session as epoch 1 until it finds a newer one; the URL reaches it by its input."""
    root = Path(__file__).resolve().parents[3]
    process = subprocess.Popen(
        [sys.executable, "-c", ENGINE, namespace.checkout_id],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
    )
    try:
        process.stdin.write(f"{url}\n")
        process.stdin.flush()
        yield process
    finally:
        process.kill()
        process.communicate()


def test_the_one_that_slept_is_refused_when_it_wakes(server: ValkeyServer, namespace: Namespace, client):
    store = LiveState(client, namespace)
    with engine(server.url, namespace) as old:
        eventually(lambda: store.read(SESSION).is_sound and SESSION in fresh_sessions(client, namespace))
        os.kill(old.pid, signal.SIGSTOP)
        eventually(lambda: SESSION not in fresh_sessions(client, namespace))  # it looks dead, so another takes over
        epoch = store.claim_epoch(SESSION)
        new = LiveStateWriter(server.url, namespace, SESSION, epoch, pace=Pace(0.02, 0.05, 1))
        new.start()
        new.offer(1, 1, {"counters": {"by": 2}})
        eventually(lambda: store.read(SESSION).position == Position(epoch, 1))
        os.kill(old.pid, signal.SIGCONT)
        said, _ = old.communicate(timeout=10)
        assert said.split() == [str(epoch), "False"]
        assert store.read(SESSION).sections == {"counters": {"by": 2}}
        assert fresh_sessions(client, namespace)[SESSION].pid == os.getpid()
        assert new.close()


def test_a_process_that_is_killed_looks_alive_no_longer_than_its_heartbeat(server, namespace: Namespace, client):
    with engine(server.url, namespace) as process:
        store = LiveState(client, namespace)
        eventually(lambda: store.read(SESSION).is_sound and SESSION in fresh_sessions(client, namespace))
        assert fresh_sessions(client, namespace)[SESSION].pid == process.pid
        process.kill()
        eventually(lambda: SESSION not in fresh_sessions(client, namespace), within_s=3)
        assert store.read(SESSION).is_sound  # its last state stays to be looked at
