"""`arb guard list|release`: guards with memory of a session, and the operator's release of them."""

from typing import Annotated

import typer

from console.operator_order import Named, Reason, tell
from console.options import Json

guard_app = typer.Typer(
    name="guard",
    help="Guards that tripped: list them, or release one of a running session.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Recorded = Annotated[
    str, typer.Argument(metavar="[SESSION]", help="The session, or the beginning of its name. Default: the newest.")
]
Target = Annotated[str, typer.Argument(metavar="TARGET", help="A symbol; or session; or kill_switch.")]


@guard_app.command("list")
def list_guards(session: Recorded = "", as_json: Json = False) -> None:
    """What tripped and was released, by the record, and what stands. Exit code 0. 2: the record is not up, or has no
    such session."""
    from console.guard_list import guards_of, print_guards

    print_guards(guards_of(session), as_json=as_json)


@guard_app.command("release")
def release(target: Target, session: Named = "", reason: Reason = "", as_json: Json = False) -> None:
    """Let what tripped of a symbol, or of the whole session, stand no more: losses and drawdown count from here on.

    Exit code 0: the session has it. 1: it refused, or did not answer. 2: no such session runs.
    """
    tell("guard_release", session, reason, target=target, as_json=as_json)
