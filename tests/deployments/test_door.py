"""What the door of Prefect's server lets through: a table of requests, without a server."""

import asyncio
import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from deployments.door import FORM_BYTES_MAX, Door

PORT = 21_212
HOST, LOCALHOST = f"127.0.0.1:{PORT}", f"localhost:{PORT}"
PASSWORD = "arb:sesame"
TOKEN = base64.b64encode(PASSWORD.encode()).decode()
BASIC = {"authorization": f"Basic {TOKEN}"}
OURS, FOREIGN = {"origin": f"http://{HOST}"}, {"origin": "http://evil.example"}
TROUBLE = {"trouble": {"schedule_deployments": "failed 2 times in a row"}}


async def inside(scope: Any, receive: Any, send: Any) -> None:
    """What stands behind the door."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.accept"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-inside", b"1")]})
    await send({"type": "http.response.body", "body": b"inside"})


def knock(
    method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b"", kind: str = "http"
) -> list[Any]:
    """What is answered."""
    sent: list[Any] = []
    pairs = [(name.encode(), value.encode()) for name, value in ({"host": HOST} | dict(headers or {})).items() if value]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    door = Door(inside, port=PORT, password=PASSWORD, well=lambda: TROUBLE)
    asyncio.run(door({"type": kind, "method": method, "path": path, "headers": pairs}, receive, send))
    return sent


LET_THROUGH = [
    ("GET", "/", {}),
    ("GET", "/api/health", {"host": LOCALHOST}),
    ("POST", "/api/automations/", BASIC),
    ("POST", "/api/automations/", OURS | {"sec-fetch-site": "same-origin"}),
    ("GET", "/api/flows/", {"sec-fetch-site": "same-origin"}),
    ("GET", "/", {"sec-fetch-site": "none", "sec-fetch-dest": "document"}),
    ("GET", "/", {"sec-fetch-site": "cross-site", "sec-fetch-dest": "document"}),
]
REFUSED = [
    ("GET", "/", {"host": "evil.example"}),
    ("GET", "/", {"host": f"evil.example:{PORT}"}),
    ("GET", "/", {"host": "127.0.0.1"}),
    ("GET", "/", {"host": f"127.0.0.1:{PORT + 1}"}),
    ("GET", "/", {"host": f"127.0.0.1.evil.example:{PORT}"}),
    ("GET", "/", {"host": ""}),
    ("POST", "/api/automations/", BASIC | FOREIGN),
    ("POST", "/api/automations/", BASIC | {"origin": "null"}),
    ("POST", "/api/automations/", BASIC | {"origin": f"https://{HOST}"}),
    ("POST", "/api/automations/", BASIC | {"origin": f"http://127.0.0.1:{PORT + 1}"}),
    ("POST", "/api/automations/", {"sec-fetch-site": "cross-site"}),
    ("GET", "/api/flows/", {"sec-fetch-site": "same-site"}),
    ("GET", "/", {"sec-fetch-site": "cross-site", "sec-fetch-dest": "iframe"}),
    ("POST", "/", {"sec-fetch-site": "cross-site", "sec-fetch-dest": "document"}),
    ("OPTIONS", "/api/automations/", FOREIGN | {"access-control-request-method": "POST"}),
]


@pytest.mark.parametrize("method,path,headers", LET_THROUGH)
def test_these_are_let_through(method: str, path: str, headers: dict[str, str]):
    start, body = knock(method, path, headers)
    assert (start["status"], body["body"]) == (200, b"inside")


@pytest.mark.parametrize("method,path,headers", REFUSED)
def test_these_are_refused(method: str, path: str, headers: dict[str, str]):
    start, body = knock(method, path, headers)
    assert start["status"] == 403
    assert "inside" not in body["body"].decode()


@pytest.mark.parametrize("headers", [{"host": "evil.example"}, FOREIGN, {"origin": "null"}])
def test_a_foreign_page_opens_no_websocket(headers: dict[str, str]):
    assert [message["type"] for message in knock("GET", "/api/events/in", headers, kind="websocket")] == [
        "websocket.close"
    ]
    assert [message["type"] for message in knock("GET", "/api/events/in", OURS, kind="websocket")] == [
        "websocket.accept"
    ]


def test_two_hosts_in_one_request_are_none():
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", HOST.encode()), (b"host", b"evil.example")]
    door = Door(inside, port=PORT, password=PASSWORD, well=lambda: TROUBLE)
    asyncio.run(door({"type": "http", "method": "GET", "path": "/", "headers": headers}, None, send))
    assert sent[0]["status"] == 403


def test_no_page_may_show_ours_inside_its_own():
    for headers in ({}, FOREIGN):
        told = dict(knock("GET", "/", headers)[0]["headers"])
        assert told[b"x-frame-options"] == b"DENY"
        assert b"frame-ancestors 'none'" in told[b"content-security-policy"]


def test_a_page_opened_by_the_other_name_moves_to_the_one_that_it_is_signed_in_at():
    (start, _) = knock("GET", "/runs", {"host": LOCALHOST, "sec-fetch-dest": "document"})
    assert (start["status"], dict(start["headers"])[b"location"]) == (307, f"http://{HOST}/runs".encode())


def test_which_loops_fail_is_told_to_who_has_the_password():
    start, body = knock("GET", "/arb/well", BASIC)
    assert (start["status"], json.loads(body["body"])) == (200, TROUBLE)
    for headers in ({}, {"authorization": "Basic xxxx"}, {"authorization": f"Basic {TOKEN}x"}):
        assert knock("GET", "/arb/well", headers)[0]["status"] == 401


def test_a_form_with_the_password_signs_in_and_no_other():
    form = f"token={TOKEN.replace('+', '%2B').replace('=', '%3D')}".encode()
    start, body = knock("POST", "/arb/sign-in", {"origin": "null", "sec-fetch-site": "cross-site"}, form)
    assert start["status"] == 200
    assert json.dumps(TOKEN) in body["body"].decode()
    assert dict(start["headers"])[b"cache-control"] == b"no-store"
    for body in (b"", b"token=", b"token=x", form + b"x" * FORM_BYTES_MAX):
        assert knock("POST", "/arb/sign-in", {}, body)[0]["status"] == 403
    assert knock("GET", "/arb/sign-in", {}, form)[0]["status"] == 403
    assert knock("POST", "/arb/sign-in", {"host": "evil.example"}, form)[0]["status"] == 403
