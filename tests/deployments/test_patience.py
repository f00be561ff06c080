"""A change that met another is tried again, whole, and one that is answered is not."""

import asyncio
from typing import Any

import pytest

from deployments.patience import KEPT_BYTES_MAX, Patience

BODY = [b"run ", b"this"]


class Busy:
    """An application that is busy so many times, and keeps what it was sent."""

    def __init__(self, times: int, then: int = 201, *, raises: bool = False) -> None:
        self.left, self.then, self.sent, self.raises = times, then, [], raises

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        told, more = b"", True
        while more:
            message = await receive()
            told, more = told + message["body"], message.get("more_body", False)
        self.sent.append(told)
        scope["headers"].append((b"x-written", b"1"))
        self.left -= 1
        status = 503 if self.left >= 0 else self.then
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": str(status).encode()})
        if self.raises and status != self.then:
            raise OSError("database is locked")


def asked(app: Busy, method: str = "POST", body: list[bytes] = BODY) -> tuple[int, bytes]:
    sent: list[Any] = []
    parts = [{"type": "http.request", "body": one, "more_body": at < len(body)} for at, one in enumerate(body, 1)]

    async def receive() -> Any:
        return parts.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Patience(app, (0.0, 0.0))({"type": "http", "method": method, "headers": []}, receive, send))
    start, last = sent
    return start["status"], last["body"]


@pytest.mark.parametrize("times,status,tries", [(0, 201, 1), (1, 201, 2), (2, 201, 3), (3, 503, 3)])
def test_it_is_tried_again_with_the_same_body_until_it_is_not_busy_or_patience_ends(
    times: int, status: int, tries: int
):
    app = Busy(times)
    assert asked(app) == (status, str(status).encode())
    assert app.sent == [b"run this"] * tries


def test_what_it_raises_after_it_said_that_it_is_busy_ends_no_request():
    assert asked(Busy(2, raises=True))[0] == 201


def test_what_it_raises_otherwise_is_raised():
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        asked(broken)


@pytest.mark.parametrize("then", [200, 400, 409, 500])
def test_any_other_answer_is_passed_on_at_once(then: int):
    app = Busy(0, then)
    assert asked(app)[0] == then
    assert len(app.sent) == 1


def test_a_question_and_a_body_that_is_too_large_are_asked_once():
    for method, body in (("GET", BODY), ("POST", [b"x" * KEPT_BYTES_MAX, b"y", b"z"])):
        app = Busy(1)
        assert asked(app, method, body)[0] == 503
        assert app.sent == [b"".join(body)]
