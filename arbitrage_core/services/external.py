"""External servers: the operator's own, named by an address in the environment, in place of this checkout's.

They are reached or it is an error; nothing stands in for them. An address is shown without its password; one that does
not parse is not shown at all, since where its password begins and ends cannot be told, nor are words that quote it.
"""

import os
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

from arbitrage_core.services.failure import ServiceFailed
from arbitrage_core.services.prefect_api import ask_health
from arbitrage_core.services.service import Answer, ServiceStatus, State

CONNECT_S = 5
HOST_CHARACTERS_MAX = 254
NO_ADDRESS = "its client cannot read the address"


@dataclass(frozen=True)
class External:
    """An external server: which service it replaces, the variable that names it, and its address."""

    service: str
    title: str
    variable: str
    schemes: tuple[str, ...]

    @property
    def url(self) -> str | None:
        """The address in the environment, or None. Raises ServiceFailed for one that cannot be an address."""
        url = os.environ.get(self.variable, "").strip()
        if not url:
            return None
        if not _is_address(url, self.schemes):
            raise ServiceFailed(
                f"{self.variable} holds no address of a {self.title} server",
                f"write it as {self.schemes[0]}://USER:PASSWORD@HOST:PORT/…, in a password @ as %40, / as %2F, : as %3A"
                " and % as %25; or unset it to use this checkout's own",
            )
        return url

    def reached(self) -> str | None:
        """The address, after the server there has answered; None if there is none. Raises ServiceFailed."""
        url = self.url
        if url is None:
            return None
        answer = self.ask(url, CONNECT_S)
        if answer.state is not State.UP:
            raise ServiceFailed(
                f"the {self.title} server of {self.variable} at {without_password(url)} cannot be used: {answer.why}",
                f"start it or correct {self.variable}; unset it to use this checkout's own",
            )
        return url

    def status(self, timeout_s: float) -> ServiceStatus | None:
        """What it is now; None if there is none."""
        try:
            url = self.url
        except ServiceFailed as error:
            return ServiceStatus(self.service, State.UNREACHABLE, "", 0, 0, 0, error.cause)
        if url is None:
            return None
        answer = self.ask(url, timeout_s)
        state = State.UP if answer.state is State.UP else State.UNREACHABLE
        return ServiceStatus(self.service, state, without_password(url), 0, 0, 0, answer.why or self.variable)

    def ask(self, url: str, timeout_s: float) -> Answer:
        """What the server says to a client with this address."""
        ask = {"postgres": _ask_postgres, "valkey": _ask_redis, "prefect": ask_health}[self.service]
        return ask(url, timeout_s)


POSTGRES = External("postgres", "PostgreSQL", "ARB_POSTGRES_URL", ("postgresql", "postgres"))
REDIS = External("valkey", "Redis", "ARB_REDIS_URL", ("redis", "rediss"))
PREFECT = External("prefect", "Prefect", "ARB_PREFECT_URL", ("http", "https"))


def without_password(url: str) -> str:
    """An address as it may be shown: no password, nor what stands in the query. Only for one that parses."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    return urlunsplit((parts.scheme, f"{name}{at}{host}" if name else host, parts.path, "", ""))


def _is_address(url: str, schemes: tuple[str, ...]) -> bool:
    """Whether it is one, and nothing in it could be a piece of a password that was taken for something else."""
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        return False
    elsewhere = f"{parts.path}{parts.query}{parts.fragment}"
    return (
        parts.scheme.lower() in schemes
        and parts.netloc.count("@") <= 1
        and "@" not in elsewhere
        and not parts.fragment
        and url.isprintable()
        and (port is None or port > 0)
        and len(host) < HOST_CHARACTERS_MAX
    )


def _ask_postgres(url: str, timeout_s: float) -> Answer:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=max(2, int(timeout_s))).close()  # libpq takes 2 s at least
    except psycopg.ProgrammingError:
        return Answer(State.UNREACHABLE, NO_ADDRESS)  # its words quote the address
    except psycopg.Error as error:
        return Answer(State.UNREACHABLE, _hidden(str(error), url))
    return Answer(State.UP)


def _ask_redis(url: str, timeout_s: float) -> Answer:
    import redis

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=timeout_s, socket_timeout=timeout_s) as client:
            client.ping()
    except (ValueError, TypeError):
        return Answer(State.UNREACHABLE, NO_ADDRESS)
    except (redis.RedisError, OSError) as error:
        return Answer(State.UNREACHABLE, _hidden(str(error), url))
    return Answer(State.UP)


def _hidden(text: str, url: str) -> str:
    password = urlsplit(url).password or ""
    line = " ".join(text.split())[:500]
    for spelled in {password, unquote(password)} - {""}:
        line = line.replace(spelled, "…")
    return line
