"""A study on a Dask cluster: the same study, whoever evaluates, dies or has other rows."""

import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.feeds.synthetic_presets import SyntheticPreset, preset
from arbitrage_core.session.backtest import data_digest
from arbitrage_core.tuning.evaluation import Evaluation
from arbitrage_core.tuning.study import StudyOrder, run_study
from flows.tuning_form import TuningForm, definition_of, planner
from flows.tuning_place import Cluster, must_answer, opened, place_wanted
from flows.tuning_rows import feed_of
from flows.tuning_share import ClusterFailed, Share, evaluate_share, evaluator_for, grounds_of
from tests.services.servers import postgres_url
from tests.storage.record.conftest import new_database
from tests.tuning.test_study import results_of

__all__ = ["new_database", "postgres_url"]

ROOT = Path(__file__).resolve().parents[2]
FORM = TuningForm(
    rows=30_000, vary=["entry_spread_bps=20:90:10", "exit_spread_bps=-8:4:1"], sampler="grid", trials=1_000, splits=2,
    embargo_ms=1_000, study="anywhere", save="winner",
)  # fmt: skip


def no_line(text: str) -> None:
    """Says nothing."""


def shares_of(form: TuningForm, count: int, size: int) -> list[Share]:
    """So many shares of the form's rows, of sets that trade a lot."""
    rows, plan = form.plain().model_dump_json(), planner(form)
    grounds = grounds_of(evaluator_for(rows, data_digest(feed_of(form))))
    configs: Sequence[SessionConfig] = [plan({"entry_spread_bps": 20.0 + at}) for at in range(count * size)]
    return [Share(rows, grounds, configs[at : at + size]) for at in range(0, count * size, size)]


def hashes(found: Sequence[Sequence[Evaluation]]) -> list[str]:
    """The state hashes of some shares."""
    return [one.state_hash for share in found for one in share]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two processes of this machine."""
    with opened(2, no_line) as place:
        yield place


def test_a_share_is_small_and_holds_neither_rows_nor_secrets(monkeypatch: pytest.MonkeyPatch):
    from distributed.protocol.pickle import dumps

    monkeypatch.setenv("ARB_POSTGRES_URL", "postgresql://arb:geheim@127.0.0.1:1/arb")
    shipped = b"".join(bytes(part) for part in [dumps(shares_of(FORM, 1, 32)[0])])
    assert len(shipped) < 100_000 < evaluator_for(*kept_of(FORM)).rows * 64
    assert not any(word in shipped for word in (b"geheim", b"postgresql", b"winner", b"anywhere"))


def kept_of(form: TuningForm) -> tuple[str, str]:
    """What a process keeps an evaluator by."""
    return form.plain().model_dump_json(), data_digest(feed_of(form))


@pytest.mark.parametrize("scenarios", [[], ["FEE_SURGE"]])
def test_a_cluster_gives_what_this_process_gives(scenarios: list[str], cluster: Cluster):
    shares = shares_of(FORM.model_copy(update={"scenarios": scenarios}), 4, 3)
    assert (cluster.workers, cluster.shares) == (2, 4)
    with ThreadPoolExecutor(4) as at_once:
        assert list(at_once.map(cluster.evaluate, shares)) == list(map(evaluate_share, shares))
    assert len(set(hashes(list(map(evaluate_share, shares))))) == 12
    assert all(len(one.scenarios) == 2 * len(scenarios) for one in evaluate_share(shares[0]))


def test_a_worker_that_is_killed_in_a_batch_is_replaced_and_every_set_is_counted_once(
    cluster: Cluster, new_database: Callable[[], str], tmp_path: Path
):
    form = FORM.model_copy(update={"rows": 60_000})
    pids, batches = set(cluster.client.run(os.getpid).values()), count()
    rows, digest = kept_of(form)
    evaluator = evaluator_for(rows, digest)
    order = StudyOrder("killed", definition_of(form), planner(form), digest, evaluator.rows, trials=64, batch=32)

    def evaluate(configs: Sequence[SessionConfig]) -> list[Evaluation]:
        shares = [Share(rows, grounds_of(evaluator), configs[at : at + 8]) for at in range(0, len(configs), 8)]
        with ThreadPoolExecutor(4) as at_once:
            found = at_once.map(cluster.evaluate, shares)
            if next(batches) == 0:
                while not all(cluster.client.processing().values()):
                    time.sleep(0.002)
                psutil.Process(min(pids)).kill()  # while it has only begun: it has no rows yet
            return [one for share in found for one in share]

    killed, whole = new_database(), new_database()
    run_study(order, evaluate, killed, tmp_path / "killed")
    run_study(order, evaluator.evaluate, whole, tmp_path / "whole")
    assert results_of(killed) == results_of(whole)
    assert len(results_of(killed)) == 64
    assert min(pids) not in cluster.client.run(os.getpid).values()


def test_a_share_that_ends_whoever_takes_it_up_is_given_up(monkeypatch: pytest.MonkeyPatch):
    import dask

    monkeypatch.setattr("flows.tuning_place.evaluate_share", os._exit)  # Dask calls it with the share
    refused = pytest.raises(ClusterFailed, match="ended every worker")
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), opened(1, no_line) as place, refused:
        place.evaluate(1)


def quotes_of(market: SyntheticPreset) -> pd.DataFrame:
    """A few quotes of the names in a market, so that no other engine has to be compiled."""
    names = [(venue, symbol) for _ in range(20) for symbol in market.symbols for venue in market.venues]
    columns = {"ts_ns": 1_700_000_000_000_000_000 + np.arange(len(names)) * 10_000_000}
    columns |= {"venue": [venue for venue, _ in names], "symbol": [symbol for _, symbol in names]}
    return pd.DataFrame({**columns, "bid_px": 99.99, "bid_qty": 1.0, "ask_px": 100.01, "ask_qty": 1.0})


@pytest.mark.parametrize("ground", ["data digest", "rows", "code"])
def test_a_worker_with_other_rows_or_code_is_refused(ground: str, cluster: Cluster):
    share = shares_of(FORM, 1, 1)[0]
    share.grounds = {**share.grounds, ground: "0" * 64}
    with pytest.raises(ClusterFailed, match=f"has another {ground} than the study"):
        cluster.evaluate(share)


def test_a_worker_whose_file_is_another_is_refused_and_taken_when_it_is_the_same(cluster: Cluster, tmp_path: Path):
    path, quotes = tmp_path / "quotes.parquet", quotes_of(preset("mixed"))
    quotes.to_parquet(path)
    form = TuningForm(market=None, data=[str(path)], rows=None, splits=1, embargo_ms=0, settings=["max_open_trades=4"])
    shares, sound = shares_of(form, 1, 2), path.read_bytes()
    quotes.iloc[:-1].to_parquet(path)  # which another machine could have under this name
    with pytest.raises(ClusterFailed, match="has another data digest and rows than the study"):
        cluster.evaluate(shares[0])
    path.unlink()
    with pytest.raises(ClusterFailed, match="a worker cannot have the rows"):
        cluster.evaluate(shares[0])
    path.write_bytes(sound)
    assert cluster.evaluate(shares[0]) == evaluate_share(shares[0])


def test_dask_is_imported_by_a_study_on_a_cluster_only_and_prefect_by_its_leader_only():
    code = "import sys, flows.tuning_share; print('optuna' in sys.modules, 'prefect' in sys.modules)"
    code += "; import console.tune_run, flows.tuning; print('dask' in sys.modules, 'distributed' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    shown = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["False"] * 4


# ------------------------------------------------------------------------------------------- what is wanted, and ended


@pytest.mark.parametrize(
    "said, meant",
    [(None, None), (" ", None), ("2", 2), ("tcp://host:8786", "tcp://host:8786"), ("tls://[::1]:1", "tls://[::1]:1")],
)
def test_a_place_is_named_by_a_number_or_an_address(said: str | None, meant: int | str | None):
    assert place_wanted(said) == meant


@pytest.mark.parametrize(
    "said", ["0", "65", "-1", "two", "host:8786", "http://host:8786", "tcp://host", "tcp://h:99999"]
)
def test_what_is_no_place_is_refused(said: str):
    with pytest.raises(BadInput) as refused:
        place_wanted(said)
    assert refused.value.cure
    assert not refused.value.from_outside


def test_a_scheduler_that_is_not_there_is_said_at_once():
    began = time.perf_counter()
    with pytest.raises(ClusterFailed, match=r"no Dask scheduler answers at tcp://127.0.0.1:1\b"):
        must_answer("tcp://127.0.0.1:1")
    assert time.perf_counter() - began < 5


def test_a_running_scheduler_is_used_when_it_has_workers(monkeypatch: pytest.MonkeyPatch):
    from distributed import LocalCluster

    others = {
        "host": "127.0.0.1",
        "dashboard_address": "127.0.0.1:0",
        "processes": False,
        "protocol": "tcp",
        "threads_per_worker": 3,
    }
    with LocalCluster(n_workers=0, **others) as running:
        address = running.scheduler_address
        monkeypatch.setattr("flows.tuning_place.WORKERS_S", 0.2)
        with pytest.raises(ClusterFailed, match="has no worker"), opened(address, no_line):
            pass
        monkeypatch.undo()
        running.scale(1)
        with monkeypatch.context() as without:
            without.setattr("flows.tuning_place.PROJECT", "flows.tuning_elsewhere:__name__")
            with pytest.raises(ClusterFailed, match="cannot run this project"), opened(address, no_line):
                pass
        with opened(address, no_line) as place:
            shares = shares_of(FORM, 1, 2)
            assert (place.workers, place.shares) == (3, 6)
            assert place.evaluate(shares[0]) == evaluate_share(shares[0])
            running.scale(0)
            while place.client.nthreads():
                time.sleep(0.05)
            monkeypatch.setattr("flows.tuning_place.WORKERS_S", 1.0)
            with pytest.raises(ClusterFailed, match="has had no worker"):
                place.evaluate(shares[0])
            threading.Timer(0.5, running.close).start()
            monkeypatch.setattr("flows.tuning_place.WORKERS_S", 60.0)
            with pytest.raises(ClusterFailed, match="was lost"):
                place.evaluate(shares[0])


PROGRAM = """
import time
from flows.tuning_place import opened
if __name__ == "__main__":
    with opened(1, print):
        print("ready", flush=True)
        time.sleep(60)
"""


def ports_of(processes: list[psutil.Process]) -> list[int]:
    connections = [one for process in processes for one in process.net_connections("inet")]
    return sorted({one.laddr.port for one in connections if one.status == psutil.CONN_LISTEN})


def told_to_a_stranger(port: int) -> list[str]:
    """What another account learns or can do at a port: a page, or a connection without a certificate."""
    found = []
    for page in ("/info/main/workers.html", "/json/counts.json", "/metrics", "/health"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        with suppress(OSError, http.client.HTTPException):
            connection.request("GET", page)
            if connection.getresponse().status != 404:
                found.append(f"{port}{page}")
        connection.close()
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    with (
        suppress(OSError),
        socket.create_connection(("127.0.0.1", port), 20) as plain,
        anybody.wrap_socket(plain) as secure,
    ):
        if secure.recv(1):  # with TLS 1.3 the missing certificate is refused after the handshake
            found.append(f"{port} by TLS")
    return found


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.slow
@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_a_cluster_ends_with_its_leader_however_that_ends(name: str, tmp_path: Path):
    program = tmp_path / "leader.py"
    program.write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    leader = subprocess.Popen(
        [sys.executable, str(program)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
        start_new_session=True,
    )  # fmt: skip
    while "ready" not in (said := leader.stdout.readline()):
        assert said, leader.stderr.read()
    workers = psutil.Process(leader.pid).children(recursive=True)
    listening = {one.laddr.ip for two in workers for one in two.net_connections() if one.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}
    assert [
        what for port in ports_of([psutil.Process(leader.pid), *workers]) for what in told_to_a_stranger(port)
    ] == []
    if name == "SIGINT":
        os.killpg(leader.pid, signal.SIGINT)  # as a terminal does: to the leader and to its workers
        errors = leader.communicate(timeout=20)[1]
        assert errors.count("Traceback") == 1, errors
        assert [path.name for path in tmp_path.iterdir()] == ["leader.py"]
    else:
        leader.kill()
        leader.communicate(timeout=20)
    assert psutil.wait_procs(workers, timeout=15)[1] == []
