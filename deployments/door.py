"""The door of Prefect's server: who may speak to it, looked at before Prefect sees a request.

Prefect's own password keeps other accounts of the machine out. A browser is the other way in: a page of a foreign site
can send requests to 127.0.0.1 (some without asking first), and a foreign name that resolves to 127.0.0.1 makes the
browser take that page for one of ours. So a request must name this server in `Host`, and one that a page sends must
come from a page of this server. Nothing may show our pages inside its own.

Two paths are the door's own, and both want the password: `/arb/well` says which of the server's loops fail, and
`/arb/sign-in` takes the password from a form (`arb ui`) and leaves it where Prefect's page looks for it.

Where it is wrong: a browser older than 2020 sends no `Sec-Fetch-Site`, and of its requests without `Origin` (a picture,
a link) the door cannot tell whose page sent them. Those carry no password, so the API refuses them all the same.
"""

import base64
import hmac
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

WELL, SIGN_IN = "/arb/well", "/arb/sign-in"
FORM_BYTES_MAX = 4096
OWN_NAMES = ("127.0.0.1", "localhost")
GUARDS = [
    (b"x-frame-options", b"DENY"),
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
]
SIGNED_IN = """<!doctype html><meta charset="utf-8"><title>Prefect</title>
<script>localStorage.setItem("prefect-password", {token}); location.replace("/")</script>
"""


class Door:
    """An ASGI application in front of another: lets through what names this server and comes from its own pages.

    `password` as Prefect's clients send it (`user:secret`); `well` gives what `/arb/well` answers.
    """

    def __init__(self, app: App, *, port: int, password: str, well: Callable[[], dict[str, Any]]) -> None:
        self._app, self._well = app, well
        self._token = base64.b64encode(password.encode()).decode()
        self._host = f"{OWN_NAMES[0]}:{port}"
        self._hosts = {f"{name}:{port}" for name in OWN_NAMES}
        self._origins = {f"http://{host}" for host in self._hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection: a request, a websocket, or the server's own life, which is none of the door's business."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        why = self._refusal(scope)
        if why and scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": why})
        elif why:
            await _answer(send, 403, json.dumps({"detail": why}))
        elif _is_opened(scope) and _headers(scope, b"host") != [self._host]:
            there = f"http://{self._host}{scope['path']}".encode()  # the page keeps what it knows by its own name
            await send({"type": "http.response.start", "status": 307, "headers": [(b"location", there), *GUARDS]})
            await send({"type": "http.response.body", "body": b""})
        elif scope["type"] == "http" and scope["path"] == WELL:
            await self._say_well(scope, send)
        elif scope["type"] == "http" and scope["path"] == SIGN_IN:
            await self._sign_in(scope, receive, send)
        else:
            await self._app(scope, receive, _guarded(send))

    def _refusal(self, scope: Scope) -> str:
        """Why a request is not let through; empty if it is."""
        hosts, origins = _headers(scope, b"host"), _headers(scope, b"origin")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            return f"this server answers to {' and '.join(sorted(self._hosts))} only"
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] == SIGN_IN:
            return ""  # from a file of the operator's, which has no origin; the password in it is asked for
        if any(origin.lower() not in self._origins for origin in origins):
            return "pages of other origins may not use this server"
        from_elsewhere = any(site not in ("same-origin", "none") for site in _headers(scope, b"sec-fetch-site"))
        if from_elsewhere and not origins and not _is_opened(scope):
            return "pages of other origins may not use this server"
        return ""

    async def _say_well(self, scope: Scope, send: Send) -> None:
        sent = _headers(scope, b"authorization")
        if len(sent) != 1 or not hmac.compare_digest(sent[0].encode(), f"Basic {self._token}".encode()):
            await _answer(send, 401, json.dumps({"detail": "not this checkout's password"}))
            return
        await _answer(send, 200, json.dumps(self._well()))

    async def _sign_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        told = await _body(receive) if scope["method"] == "POST" else None
        words = parse_qs(told.decode("ascii", "replace")) if told is not None else {}
        if not hmac.compare_digest("".join(words.get("token", [])).encode(), self._token.encode()):
            await _answer(send, 403, json.dumps({"detail": "sign in with: arb ui"}))
            return
        page = SIGNED_IN.replace("{token}", json.dumps(self._token))
        await _answer(send, 200, page, kind="text/html; charset=utf-8")


def _is_opened(scope: Scope) -> bool:
    """Whether somebody opens a page by it, and no page fetches it."""
    return scope["type"] == "http" and scope["method"] == "GET" and _headers(scope, b"sec-fetch-dest") == ["document"]


def _headers(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key.lower() == name]


async def _body(receive: Receive) -> bytes | None:
    """What was sent, if it is no more than a form of ours."""
    told, more = b"", True
    while more:
        message = await receive()
        told += message.get("body", b"")
        more = message.get("more_body", False)
        if message["type"] != "http.request" or len(told) > FORM_BYTES_MAX:
            return None
    return told


async def _answer(send: Send, status: int, text: str, *, kind: str = "application/json") -> None:
    body = text.encode()
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *GUARDS]})
    await send({"type": "http.response.body", "body": body})


def _guarded(send: Send) -> Send:
    """`send`, with what forbids other pages to frame ours in every answer."""

    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", []), *GUARDS]
        await send(message)

    return sent
