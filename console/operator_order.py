"""An operator's order: sent to a session that runs, and its answer shown."""

import getpass
import time
import uuid
from typing import Annotated

import typer

from console.plain import line

Named = Annotated[
    str, typer.Argument(metavar="[SESSION]", help="The session, or the beginning of its name. Default: the only one.")
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why, for the record.")]

WAIT_S = 10.0


def tell(kind: str, session: str, reason: str, *, target: str = "", as_json: bool) -> None:
    """Sends a command and waits for its answer; exit code 0 when it was accepted, else 1."""
    from arbitrage_core.storage.live_state.command import AnswerStatus, OperatorCommand
    from arbitrage_core.storage.live_state.connection import BLOCK_MAX_MS, connect
    from arbitrage_core.storage.live_state.control import ControlStream
    from console.complaint import ACCEPTED, FAILED, complain
    from console.document import print_document
    from console.session_list import meant, namespace, redis_url

    url, name = redis_url(), meant(session)
    command = OperatorCommand.of(
        command_id=f"{kind}-{uuid.uuid4().hex}",
        kind=kind,
        target=target,
        issued_ns=time.time_ns(),
        operator=getpass.getuser(),
        reason=reason,
    )
    with connect(url, block_ms=BLOCK_MAX_MS) as client:
        control = ControlStream(client, namespace(), name)
        control.send(command)
        answer = control.wait_for_answer(command.command_id, WAIT_S)
    if answer is None:
        complain(
            f"{name} has not answered within {WAIT_S:.0f} s; it may still obey",
            "see whether it lives: arb session list",
            as_json=as_json,
        )
        raise typer.Exit(FAILED)
    if as_json:
        print_document({"session": name, "command": kind, "status": answer.status.value, "text": answer.text})
    else:
        line(f"{name}: {kind} {answer.status.value}: {answer.text}")
    raise typer.Exit(ACCEPTED if answer.status == AnswerStatus.ACCEPTED else FAILED)
