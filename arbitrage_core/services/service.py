"""The service: what all servers of a checkout have in common, from being found to being ended.

A server is found by its instance file, or, where that is missing or garbage, by what processes run: one that works in
this service's own folder is this checkout's. It counts as up only if it is the process that was started *and* answers
with this checkout's secret. Commands that start at the same time meet at a lock, so that one server comes of it.
"""

import os
import random
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import psutil

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.services import operating_system
from arbitrage_core.services.failure import ServiceFailed
from arbitrage_core.services.ground import ground_of
from arbitrage_core.services.home import DEFAULT_NAME, checkout_id
from arbitrage_core.services.instance import Instance, forget_instance, read_instance
from arbitrage_core.services.operating_system import is_free, make_passable
from arbitrage_core.services.secret import secret_in
from arbitrage_core.storage.lock import WriterLock

Notice = Callable[[str], None]
PORTS = range(20_000, 32_000)  # below those that systems hand to outgoing connections, which would take ours
PORT_TRIES = 200
LOCK_WAIT_S = 90.0
HUNG_AFTER_S = 5.0
LOG_BYTES_MAX = 4 << 20


class State(StrEnum):
    """What a service is found to be."""

    UP = "up"
    STARTING = "starting"
    DOWN = "down"
    HUNG = "hung"  # its process is there and does not answer
    FAILING = "failing"  # it serves, and a part of it that nobody asks fails
    FROZEN = "frozen"  # its process was stopped by a signal
    UNREACHABLE = "unreachable"  # an external server that does not answer


@dataclass(frozen=True)
class Answer:
    """What a server says when asked: that it is up, or why not."""

    state: State
    why: str = ""

    @property
    def serves(self) -> bool:
        """Whether it can be used; that a part of it fails `status` says."""
        return self.state in (State.UP, State.FAILING)


@dataclass(frozen=True)
class ServiceStatus:
    """A service as it is now. `since_ns` UTC, 0 unless it runs; `data_bytes` what it keeps; `address` no password."""

    service: str
    state: State
    address: str
    pid: int
    since_ns: int
    data_bytes: int
    detail: str = ""

    @property
    def is_well(self) -> bool:
        """Whether it is up."""
        return self.state is State.UP


class Service(ABC):
    """One server of the checkout whose home is given. `name` is its own and its folder's."""

    name: str
    title: str
    start_s: float  # how long a start may take at most
    poll_s: float = 0.02  # between two questions whether it is up

    def __init__(self, home: Path, *, durable: bool = True) -> None:
        self.home, self.durable = home, durable
        self.folder = home.resolve() / "services" / self.name
        self.checkout = checkout_id(home)

    # ------------------------------------------------------------------------------------------- what each does itself

    @abstractmethod
    def ask(self, port: int, timeout_s: float) -> Answer:
        """What the server at the port says to one who has this checkout's secret, within about that time."""

    @abstractmethod
    def launch(self, port: int, notice: Notice) -> int:
        """Starts the server's process and gives its pid. Raises ServiceFailed and OSError."""

    @abstractmethod
    def end_in_order(self, instance: Instance) -> None:
        """Asks the server to end and gives it time; it may still be there after."""

    @abstractmethod
    def address(self, port: int) -> str:
        """Where it is, for people: without the password."""

    @abstractmethod
    def is_main(self, process: psutil.Process) -> bool:
        """Whether a process is this checkout's server itself, going by what it runs. May raise psutil.Error."""

    def is_own(self, process: psutil.Process) -> bool:
        """Whether a process belongs to this checkout's server, children and tools included. May raise psutil.Error."""
        return self.is_main(process)

    def finish(self, port: int) -> None:  # noqa: B027 — most have nothing to add
        """What is left to do once it answers. Raises ServiceFailed."""

    def why_it_ended(self) -> str:
        """The last words of its log."""
        return last_words(self.log)

    @property
    def log(self) -> Path:
        """Where its output goes."""
        return self.folder / "output.log"

    @property
    def data(self) -> Path:
        """What it keeps."""
        return ground_of(self.folder)

    # ---------------------------------------------------------------------------------------------------------- finding

    def told(self) -> Instance | None:
        """What the instance file tells: the last one started and not stopped in order, dead or alive."""
        return read_instance(self.folder, self.name, self.checkout)

    def find(self) -> Instance | None:
        """The living instance, from its file or, if that tells nothing, from what processes run."""
        told = self.told()
        if told is not None and told.is_alive():
            return told
        if not self.folder.is_dir():
            return None
        mains = (self._seen_as(process) for process in _processes_where(self.is_main))
        return next((seen for seen in mains if seen is not None), None)

    def processes(self) -> list[psutil.Process]:
        """The living processes that belong to this service of this checkout."""
        return _processes_where(self.is_own)

    def _seen_as(self, process: psutil.Process) -> Instance | None:
        return Instance.of(self.name, process.pid, self.remembered_port() or 0, self.checkout)

    def status(self, timeout_s: float = 0.6) -> ServiceStatus:
        """What the service is now; takes about that time at most."""
        instance = self.find()
        if instance is None:
            why = "ended unasked" if self.told() else ""
            return ServiceStatus(self.name, State.DOWN, "", 0, 0, self.data_bytes(), why)
        answer = self.ask(instance.port, timeout_s)
        if not answer.serves and operating_system.is_frozen(instance.pid):
            answer = Answer(State.FROZEN, "its process was stopped by a signal; `arb up` lets it go on")
        return ServiceStatus(
            self.name,
            answer.state,
            self.address(instance.port),
            instance.pid,
            instance.started_ns,
            self.data_bytes(),
            answer.why,
        )

    def data_bytes(self) -> int:
        """How much it keeps."""
        return sum(_size(Path(parent) / name) for parent, _, names in os.walk(self.data) for name in names)

    # --------------------------------------------------------------------------------------------------------- starting

    def ensure(self, notice: Notice) -> Instance:
        """The instance that is up, started if there was none; `notice` is told of it. Raises ServiceFailed."""
        told = self.told()
        if told is not None and told.is_alive() and self.ask(told.port, HUNG_AFTER_S).serves:
            return told
        try:
            self.make_place()
        except OSError as error:
            raise ServiceFailed(f"{self.title} cannot keep anything in {self.folder}: {error.strerror}") from error
        with self.alone():
            return self._ensure_alone(notice)

    def make_place(self) -> None:
        """Makes the service's folder, and the way to it; a home that the user named stays as it was. Raises OSError."""
        services, home = self.folder.parents[:2]
        if home.name == DEFAULT_NAME or not home.exists():
            make_passable(home)
        for one in (services, self.folder):
            make_passable(one)

    def _ensure_alone(self, notice: Notice) -> Instance:
        found = self.find()
        if found is not None:
            if operating_system.is_frozen(found.pid):
                notice(f"{self.title} was stopped by a signal; letting it go on")
                operating_system.wake(found.pid)
            answer = self._wait_for(found)
            if answer.serves:
                self.finish(found.port)
                found.write(self.folder)
                return found
            if found.is_alive():
                raise ServiceFailed(
                    f"{self.title} runs (process {found.pid}) and does not answer: {answer.why}",
                    "end what hangs and start anew: arb reset",
                )
        try:
            return self._start(notice)
        except OSError as error:
            what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
            raise ServiceFailed(f"{self.title} could not be started: {what}") from error

    def _start(self, notice: Notice) -> Instance:
        forget_instance(self.folder)
        self._end_leftovers(grace_s=HUNG_AFTER_S)
        rotate(self.log)
        for attempt in range(3):
            port = self._choose_port(notice)
            instance = Instance.of(self.name, pid := self.launch(port, notice), port, self.checkout)
            if instance is not None:
                instance.write(self.folder)
                answer = self._wait_for(instance)
                if answer.serves:
                    self.finish(port)
                    return instance
                if instance.is_alive():
                    operating_system.end(pid, instance.birth, grace_s=0)
                    forget_instance(self.folder)
                    raise ServiceFailed(
                        f"{self.title} did not get ready within {self.start_s:.0f} s: {answer.why}",
                        f"its log is {self.log}; arb reset starts afresh",
                    )
                forget_instance(self.folder)
            if is_free(port) or attempt == 2:
                break
            notice(f"port {port} was taken meanwhile; {self.title} takes another")
        why = self.why_it_ended()
        cure = cure_of(why, f"its log is {self.log}; arb reset cures most of it")
        raise ServiceFailed(f"{self.title} ended while starting: {why}", cure)

    def _wait_for(self, instance: Instance) -> Answer:
        """What it says when it is up, or at last; a server that starts gets its time, one that is silent less."""
        now = time.monotonic()
        is_new = time.time_ns() - instance.started_ns < 1e9 * HUNG_AFTER_S
        starting_until, silent_until = now + self.start_s, now + (self.start_s if is_new else HUNG_AFTER_S)
        while True:
            answer = self.ask(instance.port, 1.0)
            now = time.monotonic()
            if answer.serves or not instance.is_alive():
                return answer
            if now > (starting_until if answer.state is State.STARTING else silent_until):
                return answer
            time.sleep(self.poll_s)

    # ----------------------------------------------------------------------------------------------------------- ending

    def stop(self) -> bool:
        """Ends the server and all its processes, in order if it lets itself; whether there was any. Raises BadInput."""
        if not self.folder.is_dir():
            return False
        with self.alone():
            found = self.find()
            if found is not None:
                operating_system.wake(found.pid)
                self.end_in_order(found)
                operating_system.end(found.pid, found.birth, grace_s=0)
            ended = self._end_leftovers(grace_s=2.0)
            forget_instance(self.folder)
            return found is not None or ended

    def end_orphans(self) -> bool:
        """Ends processes of this service whose server is gone; whether there were any. Raises ServiceFailed."""
        with self.alone():
            return self.find() is None and self._end_leftovers(grace_s=HUNG_AFTER_S)

    def _end_leftovers(self, *, grace_s: float) -> bool:
        """Ends processes whose server is gone: they get time to notice, then none; whether there were any."""
        leftovers = self.processes()
        deadline = time.monotonic() + grace_s
        while self.processes() and time.monotonic() < deadline:
            time.sleep(0.05)
        for process in self.processes():
            operating_system.end(process.pid, operating_system.birth_of(process.pid), grace_s=0)
        return bool(leftovers)

    # ------------------------------------------------------------------------------------------------ secrets and ports

    def secret(self) -> str:
        """This checkout's password for the server, drawn when first needed; in a file of mode 0600."""
        return secret_in(self.folder)

    def remembered_port(self) -> int | None:
        """The port it listened on last, or None."""
        try:
            port = int((self.folder / "port").read_text(encoding="ascii")[:8])
        except (OSError, ValueError):
            return None
        return port if port in PORTS else None

    def likely_port(self, notice: Notice) -> int:
        """The port that it listens on, or will if nobody else takes it meanwhile. Raises ServiceFailed."""
        self.make_place()
        with self.alone():
            found = self.find()
            return found.port if found is not None else self._choose_port(notice)

    def _choose_port(self, notice: Notice) -> int:
        """The port of last time if it is free, so that open addresses hold; else a free one, remembered."""
        last = self.remembered_port()
        if last is not None and is_free(last):
            return last
        for _ in range(PORT_TRIES):
            port = random.SystemRandom().choice(PORTS)
            if is_free(port):
                if last is not None:
                    notice(f"port {last} is taken by another program; {self.title} moves to {port}")
                (self.folder / "port").write_text(f"{port}\n", encoding="ascii")
                return port
        raise ServiceFailed(
            f"no free port for {self.title} between {PORTS.start} and {PORTS.stop - 1}", "close what holds them"
        )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Only one command at a time starts or stops this service; the others wait. Raises ServiceFailed."""
        lock, deadline = None, time.monotonic() + LOCK_WAIT_S
        while lock is None:
            try:
                lock = WriterLock(self.folder)
            except BadInput as error:
                if not isinstance(error.__cause__, BlockingIOError | PermissionError) or time.monotonic() > deadline:
                    cause = f"{self.title} is being started or stopped by another command for over {LOCK_WAIT_S:.0f} s"
                    raise ServiceFailed(cause, "end that command") from error
                time.sleep(0.03)
        try:
            yield
        finally:
            lock.release()


def last_words(log: Path) -> str:
    """What a log ends with."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - (1 << 14)))
            return gravest_line(file.read().decode("utf-8", "replace"))
    except OSError:
        return "it left no log"


def gravest_line(text: str) -> str:
    """The last line that says something grave, else the last line; tools tidy up after they have said what is wrong."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    grave = [line for line in lines if any(word in line for word in ("FATAL", "PANIC", "rror", "Bad file"))]
    return (grave or lines or ["it said nothing"])[-1][:500]


def cure_of(why: str, otherwise: str) -> str:
    """What to do about a server's own words: make room if they are of a full disk."""
    return "free some space there, then give the command again" if "No space left" in why else otherwise


def rotate(log: Path) -> None:
    """Puts a log that has grown aside, in place of the one before. Raises OSError."""
    if log.is_file() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_name(f"{log.name}.1"))


def _processes_where(is_wanted: Callable[[psutil.Process], bool]) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE and is_wanted(process):
                found.append(process)
        except psutil.Error:
            continue  # gone meanwhile, or another user's and so not ours
    return found


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0
