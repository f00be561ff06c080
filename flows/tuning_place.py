"""The place where a study's shares are evaluated: this process, or a Dask cluster.

The same task and the same share in both: a place differs in who calls `evaluate_share`. On a cluster the Prefect task
waits here, in the leader, and its share is evaluated there. Prefect's own Dask runner would move the task itself: each
worker would then have to reach the Prefect server, which listens on this machine only, and would be sent Prefect's
settings, which may hold passwords (`docs/decisions/0016`).

Dask is imported when a cluster is opened, never before.
"""

import logging
import re
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pkgutil import resolve_name
from threading import Event
from typing import TYPE_CHECKING, Any, Protocol

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.tuning.evaluation import Evaluation
from flows.tuning_share import ClusterFailed, Share, evaluate_share

if TYPE_CHECKING:
    from distributed import Client, Future

TASKS = 2
"""Here a batch goes out in so many tasks: each costs a few milliseconds, and evaluates its sets in compiled code."""

SHARES_A_WORKER = 2
"""Sets differ in how much they trade, and so in what they take: who is done first takes another share meanwhile."""

PROCESSES_MAX = 64
LOOPBACK = "127.0.0.1"
ANSWER_S = 5.0
"""A scheduler must take a connection within this time."""
WORKERS_S = 30.0
"""So long a cluster may be without any worker, at the beginning and later."""
LOOK_S = 1.0

ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9a-fA-F:]+\]|[\w.-]+):(\d{1,5})")
CURE = "write a number of processes, as in --cluster 2, or a Dask scheduler's address, as in --cluster tcp://host:8786"
START = "start one (dask scheduler) and its workers (dask worker), or leave --cluster out"
FROM_CHECKOUT = "start workers with the environment of a checkout: .venv/bin/dask worker"
NO_PAGES: dict[str, list[str]] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}
PROJECT = "flows.tuning_share:__name__"
"""What every worker is asked to import first, all at once: a share would end a worker that cannot read it."""

Line = Callable[[str], object]


class Place(Protocol):
    """Where shares are evaluated.

    workers  how many sets it evaluates at a time, at least
    shares   in how many a batch goes out so that none idles
    """

    workers: int
    shares: int

    def evaluate(self, share: Share) -> list[Evaluation]:
        """The sets of a share, in its order; from several threads at once."""
        ...


class Here:
    """This process: a task's own thread."""

    workers, shares = 1, TASKS

    def evaluate(self, share: Share) -> list[Evaluation]:
        """The sets of a share, in its order."""
        return evaluate_share(share)


class Cluster:
    """The workers of a Dask cluster, each a process with the rows in its own memory.

    A share whose worker dies is evaluated by another: the result is the same, and it is counted when it is here.
    """

    def __init__(self, client: "Client") -> None:
        self.client = client
        self.workers = self._threads()
        self.shares = SHARES_A_WORKER * self.workers

    def evaluate(self, share: Share) -> list[Evaluation]:
        """The sets of a share, in its order. Raises ClusterFailed, and BadInput for rows that cannot be had there."""
        from distributed import CancelledError, KilledWorker

        try:
            return self._awaited(self.client.submit(evaluate_share, share, pure=False))
        except KilledWorker as error:
            raise ClusterFailed(
                "a share ended every worker that took it up",
                "see whether they run out of memory: fewer rows or workers need less; then the same command goes on",
            ) from error
        except (CancelledError, OSError) as error:
            raise ClusterFailed(
                f"the cluster was lost: {error or type(error).__name__}", "the same command goes on"
            ) from error
        except ClusterFailed:
            raise
        except BadInput as error:
            raise ClusterFailed(f"a worker cannot have the rows: {error.cause}", error.cure) from error
        except ImportError as error:
            raise ClusterFailed(f"a worker cannot run this project: {error}", FROM_CHECKOUT) from error

    def _awaited(self, future: "Future") -> list[Evaluation]:
        """Waits while there is anybody who could evaluate it.

        Not by `result(timeout=…)`, which loses its result when it comes just as the time is over.
        """
        done, without_s = Event(), 0.0
        future.add_done_callback(lambda _: done.set())
        while not done.wait(LOOK_S) and not future.done():
            without_s = 0.0 if self._threads() else without_s + LOOK_S
            if without_s >= WORKERS_S:
                raise ClusterFailed(
                    f"the cluster has had no worker for {WORKERS_S:.0f} s",
                    "start some (dask worker); the same command goes on",
                )
        return future.result()

    def _threads(self) -> int:
        return sum(self.client.nthreads().values())


def place_wanted(cluster: str | None) -> int | str | None:
    """What a form's or a command's `cluster` says: None, a number of processes, or an address. Raises BadInput."""
    said = (cluster or "").strip()
    if not said:
        return None
    if said.isdecimal():
        if not 1 <= int(said) <= PROCESSES_MAX:
            raise BadInput(f"a cluster of {said} processes", f"from 1 to {PROCESSES_MAX}")
        return int(said)
    found = ADDRESS.fullmatch(said)
    if found is None or not 0 < int(found[3]) < 2**16:
        raise BadInput(f"{said!r} is no cluster", CURE)
    return said


def must_answer(address: str) -> None:
    """Whether anybody listens there. Raises ClusterFailed."""
    host, _, port = address.partition("://")[2].rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_S).close()
    except OSError as error:
        raise ClusterFailed(f"no Dask scheduler answers at {address}: {error}", START) from None


@contextmanager
def opened(wanted: int | str | None, line: Line) -> Iterator[Place]:
    """The place, for as long as the block lasts. What was started for it ends with it. Raises ClusterFailed."""
    if wanted is None:
        yield Here()
        return
    with ExitStack() as stack:
        cluster = Cluster(stack.enter_context(_client(wanted)))
        line(f"cluster at {cluster.client.scheduler.address}: {cluster.workers} workers")
        yield cluster


@contextmanager
def _client(wanted: int | str) -> Iterator["Client"]:
    """Dask's client of a cluster that has a worker, by Prefect's runner, which ends both."""
    if isinstance(wanted, str):
        must_answer(wanted)
    import dask

    if isinstance(wanted, int):
        dask.config.refresh(paths=[], env={})  # a user's files and variables are for clusters of the user's
    dask.config.set({"logging.distributed": "critical"})  # what goes wrong is said here, once
    from prefect_dask import DaskTaskRunner

    with ExitStack() as stack:
        if isinstance(wanted, str):
            made: dict[str, Any] = {"address": wanted}
        else:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="arb-cluster-", ignore_cleanup_errors=True))
            stack.enter_context(dask.config.set({"temporary-directory": folder, **NO_PAGES}))
            made = {"cluster_kwargs": _local(wanted, folder)}
        runner = stack.enter_context(DaskTaskRunner(**made, client_kwargs={"timeout": ANSWER_S}))
        try:
            client = runner.client
            client.wait_for_workers(1, timeout=WORKERS_S)
            client.run(resolve_name, PROJECT)
        except TimeoutError as error:
            raise ClusterFailed(f"the cluster at {wanted} has no worker after {WORKERS_S:.0f} s", START) from error
        except ImportError as error:
            raise ClusterFailed(f"a worker of {wanted} cannot run this project: {error}", FROM_CHECKOUT) from error
        except (OSError, RuntimeError) as error:
            raise ClusterFailed(f"the cluster at {wanted} cannot be had: {error}", START) from error
        yield client


def _local(processes: int, folder: str) -> dict[str, Any]:
    """A cluster of this machine: reachable from it alone, by those alone who have the certificate made for it.

    One thread a process: a share is one thread's work. No limit of memory, at which Dask would end workers that hold
    the rows: they need what this process needs. Dask's HTTP ports ask nobody who they are, so they have no pages.
    """
    from distributed.security import Security

    return {
        "n_workers": processes,
        "threads_per_worker": 1,
        "processes": True,
        "host": LOOPBACK,
        "protocol": "tls",
        "security": Security.temporary(),
        "dashboard_address": f"{LOOPBACK}:0",
        "memory_limit": 0,
        "local_directory": folder,
        "preload": ["flows.tuning_worker"],
        "silence_logs": logging.CRITICAL,
    }
