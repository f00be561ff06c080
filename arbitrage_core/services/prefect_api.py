"""The API of a Prefect server, called without importing Prefect: a request takes a millisecond, the import a second.

An API's address carries its password (`http://USER:SECRET@HOST:PORT/api`), as a store's does, so it is not to be shown
nor put into a command line; `parted` takes it apart for Prefect's own programs.
"""

import base64
import http.client
import json
import secrets
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from arbitrage_core.services.service import Answer, State

ANSWER_BYTES_MAX = 1 << 20


def parted(api_url: str) -> tuple[str, str]:
    """An API's address without its password, and the password as Prefect takes it (`USER:SECRET`, or empty)."""
    parts = urlsplit(api_url)
    user, _, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=host)), unquote(user)


def call(api_url: str, path: str, timeout_s: float, body: object = None) -> tuple[int, bytes]:
    """Calls a Prefect API, through no proxy: HTTP status and at most 1 MB of the answer. Raises OSError."""
    address, password = parted(api_url)
    parts = urlsplit(address)
    root = parts.path.rstrip("/")
    connection = _connection(parts, timeout_s)
    try:
        headers = {"authorization": f"Basic {base64.b64encode(password.encode()).decode()}"} if password else {}
        if body is None:
            return _answer(connection, "GET", root + path, None, headers)
        headers |= _proof(connection, root, headers) | {"content-type": "application/json"}
        return _answer(connection, "POST", root + path, json.dumps(body), headers)
    finally:
        connection.close()


def ask_health(api_url: str, timeout_s: float) -> Answer:
    """What the Prefect server at this API address says of its health."""
    try:
        status, told = call(api_url, "/health", timeout_s)
    except TimeoutError:
        return Answer(State.HUNG, f"no answer within {timeout_s:g} s")
    except (OSError, http.client.HTTPException) as error:
        return Answer(State.STARTING, f"nothing answers: {error}")
    if status == 200 and told.strip() == b"true":
        return _ask_entry(api_url, timeout_s)
    return Answer(State.HUNG, f"HTTP {status}: what answers is no Prefect server in health")


def _ask_entry(api_url: str, timeout_s: float) -> Answer:
    """Whether the password in its address, or none, is the one it wants; its health it tells everybody."""
    try:
        status, _ = call(api_url, "/admin/version", timeout_s)
    except (OSError, http.client.HTTPException) as error:
        return Answer(State.HUNG, f"no answer: {error}")
    if status in (401, 403):
        return Answer(State.HUNG, "it wants another password: write it into the address, http://USER:PASSWORD@HOST")
    return Answer(State.UP)


def _connection(parts: SplitResult, timeout_s: float) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=timeout_s)


def _proof(connection: http.client.HTTPConnection, root: str, headers: dict[str, str]) -> dict[str, str]:
    """What a server with CSRF protection wants of every request that changes something; nothing of others."""
    client = secrets.token_hex(16)
    status, told = _answer(connection, "GET", f"{root}/csrf-token?client={client}", None, headers)
    if status != 200:
        return {}
    return {"prefect-csrf-token": json.loads(told)["token"], "prefect-csrf-client": client}


def _answer(
    connection: http.client.HTTPConnection, method: str, path: str, sent: str | None, headers: dict[str, str]
) -> tuple[int, bytes]:
    connection.request(method, path, sent, headers)
    answer = connection.getresponse()
    told = answer.read(ANSWER_BYTES_MAX)
    if not answer.isclosed():
        connection.close()  # there is more than we want
    return answer.status, told
