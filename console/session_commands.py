"""`arb session`: which sessions run and ran, and what an operator tells one that runs."""

import getpass
import time
import uuid
from typing import Annotated

import typer

from console.options import Json

session_app = typer.Typer(
    name="session",
    help="List sessions; pause, resume, flatten or stop one that runs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Named = Annotated[
    str, typer.Argument(metavar="[SESSION]", help="The session, or the beginning of its name. Default: the only one.")
]
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why, for the record.")]

WAIT_S = 10.0


@session_app.command("list")
def list_sessions(as_json: Json = False) -> None:
    """List the sessions that run, and the latest of the record."""
    from console.session_list import living, print_sessions, recorded

    print_sessions(living(), recorded(), as_json=as_json)


@session_app.command("pause")
def pause(session: Named = "", reason: Reason = "", as_json: Json = False) -> None:
    """No entries until `resume`; exits go on."""
    _tell("pause", session, reason, as_json=as_json)


@session_app.command("resume")
def resume(session: Named = "", reason: Reason = "", as_json: Json = False) -> None:
    """Entries again."""
    _tell("resume", session, reason, as_json=as_json)


@session_app.command("flatten")
def flatten(session: Named = "", reason: Reason = "", as_json: Json = False) -> None:
    """No entries any more, and every open trade leaves; the session goes on watching."""
    _tell("flatten", session, reason, as_json=as_json)


@session_app.command("stop")
def stop(session: Named = "", reason: Reason = "", as_json: Json = False) -> None:
    """End the session in order, as Ctrl-C in its terminal does."""
    _tell("stop", session, reason, as_json=as_json)


def _tell(kind: str, session: str, reason: str, *, as_json: bool) -> None:
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
        print(f"{name}: {kind} {answer.status.value}: {answer.text}")
    raise typer.Exit(ACCEPTED if answer.status == AnswerStatus.ACCEPTED else FAILED)
