"""External servers: the operator's own, named by an address in the environment, in place of this checkout's.

They are reached or it is an error; nothing stands in for them. The address is shown without its password.
"""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from arbitrage_core.services.failure import ServiceFailed
from arbitrage_core.services.prefect_api import ask_health
from arbitrage_core.services.service import Answer, ServiceStatus, State

CONNECT_S = 5


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
        example = f"{self.variable}={self.schemes[0]}://…"
        if urlsplit(url).scheme.lower() not in self.schemes:
            raise ServiceFailed(
                f"{self.variable} names no {self.title} server: {without_password(url)}",
                f"write it as {example}, or unset it to use this checkout's own",
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
    """An address as it may be shown: no password, nor what stands in the query."""
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    return urlunsplit((parts.scheme, f"{name}{at}{host}" if name else host, parts.path, "", ""))


def _ask_postgres(url: str, timeout_s: float) -> Answer:
    import psycopg

    try:
        psycopg.connect(url, connect_timeout=max(2, int(timeout_s))).close()  # libpq takes 2 s at least
    except psycopg.Error as error:
        return Answer(State.UNREACHABLE, _hidden(str(error), url))
    return Answer(State.UP)


def _ask_redis(url: str, timeout_s: float) -> Answer:
    import redis

    try:
        with redis.Redis.from_url(url, socket_connect_timeout=timeout_s, socket_timeout=timeout_s) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        return Answer(State.UNREACHABLE, _hidden(str(error), url))
    return Answer(State.UP)


def _hidden(text: str, url: str) -> str:
    password = urlsplit(url).password
    line = " ".join(text.split())[:500]
    return line.replace(password, "…") if password else line
