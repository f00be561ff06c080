"""`arb session`: which sessions run and ran, and what an operator tells one that runs."""

import typer

from console.operator_order import Named, Reason, tell
from console.options import Json

session_app = typer.Typer(
    name="session",
    help="List sessions; pause, resume, reduce, flatten or stop one that runs.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@session_app.command("list")
def list_sessions(as_json: Json = False) -> None:
    """List the sessions that run, and the latest of the record."""
    from console.session_list import living, print_sessions, recorded

    print_sessions(living(), recorded(), as_json=as_json)


@session_app.command("pause")
def pause(session: Named = "", reason: Reason = "", as_json: Json = False) -> None:
    """No entries until `resume`; exits go on."""
    tell("pause", session, reason, as_json=as_json)


@session_app.command("resume")
def resume(session: Named = "", reason: Reason = "", as_json: Json = False) -> None:
    """Entries again."""
    tell("resume", session, reason, as_json=as_json)


@session_app.command("reduce")
def reduce(session: Named = "", reason: Reason = "", as_json: Json = False) -> None:
    """As pause, and every open trade leaves; `resume` lets it trade again."""
    tell("reduce", session, reason, as_json=as_json)


@session_app.command("flatten")
def flatten(session: Named = "", reason: Reason = "", as_json: Json = False) -> None:
    """No entries any more, and every open trade leaves; the session goes on watching."""
    tell("flatten", session, reason, as_json=as_json)


@session_app.command("stop")
def stop(session: Named = "", reason: Reason = "", as_json: Json = False) -> None:
    """End the session in order, as Ctrl-C in its terminal does."""
    tell("stop", session, reason, as_json=as_json)
