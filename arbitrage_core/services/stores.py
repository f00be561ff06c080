"""The stores and the scheduler, made ready for a command that needs them: the way into this package."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from arbitrage_core.services import external
from arbitrage_core.services.failure import ServiceFailed
from arbitrage_core.services.home import home
from arbitrage_core.services.postgres import Postgres
from arbitrage_core.services.prefect import USER, PrefectServer, PrefectWorker
from arbitrage_core.services.prefect_api import parted
from arbitrage_core.services.service import Notice, Service, ServiceStatus
from arbitrage_core.services.valkey import Valkey

STATUS_S = 0.6
NEVER_STARTED = "http://127.0.0.1:0/api"


@dataclass(frozen=True)
class Stores:
    """Where the record (PostgreSQL) and the live state (Valkey) are, passwords included: not to be shown."""

    postgres_url: str = field(repr=False)
    redis_url: str = field(repr=False)


def ensure_stores(notice: Notice) -> Stores:
    """Both stores, up and answering, started if they were not. Raises ServiceFailed, naming which and the cure."""
    with ThreadPoolExecutor(2) as at_once:
        postgres = at_once.submit(ensure_postgres, notice)
        redis = at_once.submit(_ensure_redis, notice)
        return Stores(postgres.result(), redis.result())


def ensure_postgres(notice: Notice) -> str:
    """The URL of the record's database, password included, started if it was not up. Raises ServiceFailed."""
    outside = external.POSTGRES.reached()
    if outside is not None:
        return outside
    server = Postgres(home())
    return server.url(server.ensure(notice).port)


def ensure_prefect(notice: Notice) -> str:
    """The API address of a Prefect server that answers, and that this checkout's worker polls. Raises ServiceFailed."""
    outside = external.PREFECT.reached()
    folder = home()
    if outside is not None:
        PrefectWorker(folder).at(outside).ensure(notice)
        return outside
    server = PrefectServer(folder)
    port = server.likely_port(notice)
    likely = server.url(port)
    with ThreadPoolExecutor(2) as at_once:
        started = at_once.submit(server.ensure, notice)
        worker = at_once.submit(PrefectWorker(folder).at(likely).ensure, notice)
        url = server.url(started.result().port)
        worker.result()
    if url != likely:  # the port was taken in between
        worker_of_old = PrefectWorker(folder).at(url)
        worker_of_old.stop()
        worker_of_old.ensure(notice)
    return url


@dataclass(frozen=True)
class PrefectPage:
    """Where Prefect's page is, and how a browser of this account signs in there.

    `sign_in` is the address to open, without a password in it; `password_file` is empty where an external server's
    password is the operator's own affair. On the page the password is `USER:` and what stands in that file.
    """

    address: str
    sign_in: str
    user: str = ""
    password_file: str = ""


def prefect_page(notice: Notice) -> PrefectPage:
    """The page of the Prefect server that this checkout uses, started if it was not up. Raises ServiceFailed."""
    api_url = ensure_prefect(notice)
    address = parted(api_url)[0].removesuffix("/api")
    server = PrefectServer(home())
    found = server.find() if external.PREFECT.url is None else None
    if found is None:
        return PrefectPage(address, address)
    page = server.sign_in_page(found.port)
    return PrefectPage(address, page.as_uri(), USER, str(server.folder / "password"))


def likely_prefect(notice: Notice) -> str:
    """The API address that `ensure_prefect` will give, as far as can be told before it is up. Raises ServiceFailed."""
    server = PrefectServer(home())
    return external.PREFECT.url or server.url(server.likely_port(notice))


def status(folder: Path | None = None) -> list[ServiceStatus]:
    """Every service as it is now, within a second: PostgreSQL, Valkey, Prefect's server and worker."""
    folder = folder or home()
    server = PrefectServer(folder)
    asked: list[Callable[[], ServiceStatus]] = [
        lambda: external.POSTGRES.status(STATUS_S) or Postgres(folder).status(STATUS_S),
        lambda: external.REDIS.status(STATUS_S) or Valkey(folder).status(STATUS_S),
        lambda: external.PREFECT.status(STATUS_S) or server.status(STATUS_S),
        lambda: PrefectWorker(folder).at(_known_api_url(server)).status(STATUS_S),
    ]
    with ThreadPoolExecutor(len(asked)) as at_once:
        return [one.result() for one in [at_once.submit(ask) for ask in asked]]


def services(folder: Path | None = None) -> list[Service]:
    """This checkout's own services, in the order in which they are ended."""
    folder = folder or home()
    server = PrefectServer(folder)
    return [PrefectWorker(folder).at(_known_api_url(server)), server, Valkey(folder), Postgres(folder)]


def stop_all(folder: Path | None = None) -> list[str]:
    """Ends what runs of this checkout's own, and gives the names of what ran. Raises ServiceFailed."""
    worker, *rest = services(folder)
    ended = [worker.name] if worker.stop() else []  # first: it needs its server to say goodbye
    with ThreadPoolExecutor(len(rest)) as at_once:
        stopped = list(at_once.map(lambda service: service.stop(), rest))
    return ended + [service.name for service, was_there in zip(rest, stopped, strict=True) if was_there]


def _ensure_redis(notice: Notice) -> str:
    outside = external.REDIS.reached()
    if outside is not None:
        return outside
    server = Valkey(home())
    return server.url(server.ensure(notice).port)


def _known_api_url(server: PrefectServer) -> str:
    """Where Prefect's server was last, or, before it ever ran, where nothing is: to ask must not write its password."""
    try:
        outside = external.PREFECT.url
    except ServiceFailed:
        outside = None  # no address: said where it is asked for
    port = server.remembered_port()
    return outside or (NEVER_STARTED if port is None else server.url(port))  # a question draws no password
