"""The connection: redis-py with bounded waits, and its errors in this platform's words, without passwords.

Nothing is tried again here: whoever calls decides whether to, and how long to wait first. Every wait for the server has
an end, so a server that is stopped, not dead, costs `ANSWER_TIMEOUT_S` and no more.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from arbitrage_core.domain.errors import BadInput

CONNECT_TIMEOUT_S = 1.0
ANSWER_TIMEOUT_S = 1.0
BLOCK_MAX_MS = 1_000
"""The longest a blocking read waits on the server; the client waits `ANSWER_TIMEOUT_S` more."""
OLDEST_SERVER = 7
"""Major version of Redis from which on a script says whether it may run while memory is full."""


class LiveStateUnreachable(BadInput):
    """The server gave no answer: not there, cut off, or silent for too long. Whether a write took place is unknown."""

    from_outside = True


class LiveStateRefused(BadInput):
    """The server answered and did not do it: memory full, disk full, read-only, wrong password, not understood."""

    from_outside = True


class FencedOff(BadInput):
    """A newer epoch of the session is at work, so this one must neither write nor send again. `newest` names it."""

    from_outside = True

    def __init__(self, session: str, epoch: int, newest: int) -> None:
        super().__init__(
            f"session {session}: epoch {epoch} was replaced by epoch {newest}",
            "this process must stop; the newer one goes on",
        )
        self.epoch, self.newest = epoch, newest


def connect(url: str, *, block_ms: int = 0) -> redis.Redis:
    """A client for `url` (`redis://:PASSWORD@HOST:PORT/DB`); nothing is sent yet.

    `block_ms` is the longest blocking read it will be used for, at most BLOCK_MAX_MS. Keys and values are bytes: a
    value that was damaged need not be text. Raises BadInput for a URL that is none.
    """
    if not 0 <= block_ms <= BLOCK_MAX_MS:
        raise ValueError(f"a read blocks for 0 to {BLOCK_MAX_MS} ms, not {block_ms}")
    try:
        return redis.Redis.from_url(
            url,
            protocol=3,
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            socket_timeout=ANSWER_TIMEOUT_S + block_ms / 1000,
            retry=Retry(NoBackoff(), 0),  # redis-py 8.1 would try ten times, depending on how the client is made
            retry_on_timeout=False,
            max_connections=8,
        )
    except ValueError:  # its words quote the address, which may hold a password
        cure = "give redis://:PASSWORD@HOST:PORT/DB, in ARB_REDIS_URL"
        raise BadInput("what is given is not the address of a Redis server", cure) from None


def must_serve(client: redis.Redis) -> None:
    """Raises LiveStateUnreachable or LiveStateRefused if the server is not there or too old."""
    with translated(client):
        version = client.info("server").get("redis_version", "0")
    if not int(str(version).split(".")[0]) >= OLDEST_SERVER:
        raise LiveStateRefused(
            f"the Redis server at {place_of(client)} is version {version}", f"use Redis {OLDEST_SERVER} or Valkey"
        )


def place_of(client: redis.Redis) -> str:
    """Host, port and database of a client's server."""
    settings = client.connection_pool.connection_kwargs
    if "path" in settings:
        return str(settings["path"])
    return f"{settings.get('host', 'localhost')}:{settings.get('port', 6379)}/{settings.get('db', 0)}"


@contextmanager
def translated(client: redis.Redis) -> Iterator[None]:
    """Raises what redis-py raises inside as LiveStateUnreachable or LiveStateRefused."""
    try:
        yield
    except redis.exceptions.AuthenticationError as error:
        cause = f"the Redis server at {place_of(client)} does not accept the password"
        raise LiveStateRefused(cause, "check ARB_REDIS_URL, or unset it to use the embedded server") from error
    except redis.exceptions.TimeoutError as error:
        cause = f"the Redis server at {place_of(client)} gave no answer in time"
        raise LiveStateUnreachable(cause, "see whether it hangs: arb status") from error
    except (redis.exceptions.ConnectionError, OSError) as error:
        cause = f"the Redis server at {place_of(client)} cannot be reached ({_reason(error)})"
        raise LiveStateUnreachable(cause, "start it: arb up; or correct ARB_REDIS_URL") from error
    except redis.exceptions.OutOfMemoryError as error:
        cause = f"the Redis server at {place_of(client)} is out of memory"
        raise LiveStateRefused(cause, "raise its maxmemory, or remove what else is kept there") from error
    except redis.exceptions.RedisError as error:
        cause = f"the Redis server at {place_of(client)} refused ({_reason(error)})"
        raise LiveStateRefused(cause, "see its log: arb status") from error


def _reason(error: BaseException) -> str:
    """Why: the words of the system for a connection, only the kind for an answer, which may quote what was sent."""
    name = type(error).__name__
    if isinstance(error, redis.exceptions.ResponseError):
        code = str(error).partition(" ")[0]
        return f"{name} {code}" if code.isalpha() and code.isupper() else name
    return f"{name}: {str(error).splitlines()[0][:120]}" if str(error) else name
