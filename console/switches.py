"""`arb kill`, `arb symbol on|off|reduce`: what stops new risk of a session that runs, or of one of its symbols."""

from typing import Annotated

import typer

from console.operator_order import Named, Reason, tell
from console.options import Json

symbol_app = typer.Typer(
    name="symbol",
    help="Switch a symbol of a running session off, or on again.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

Symbol = Annotated[str, typer.Argument(metavar="SYMBOL", help="As the session names it, e.g. BTCUSDT.")]


def kill(
    session: Named = "",
    release: Annotated[bool, typer.Option("--release", help="Let it take new risk again.")] = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """No new risk: entries are over, resting ones canceled, legs alone reversed; open trades still leave as they would.

    It holds until `arb kill --release`. Exit code 0: the session has it. 1: it refused, or did not
    answer. 2: no such session runs.
    """
    from arbitrage_core.storage.live_state.command import KILL_SWITCH

    if release:
        tell("guard_release", session, reason, target=KILL_SWITCH, as_json=as_json)
    else:
        tell("kill", session, reason, as_json=as_json)


@symbol_app.command("off")
def off(symbol: Symbol, session: Named = "", reason: Reason = "", as_json: Json = False) -> None:
    """No entries in this symbol, its resting ones are canceled; its exits go on, and so do all other symbols."""
    tell("symbol_off", session, reason, target=symbol, as_json=as_json)


@symbol_app.command("reduce")
def reduce(symbol: Symbol, session: Named = "", reason: Reason = "", as_json: Json = False) -> None:
    """As off, and its open trades leave."""
    tell("reduce", session, reason, target=symbol, as_json=as_json)


@symbol_app.command("on")
def on(symbol: Symbol, session: Named = "", reason: Reason = "", as_json: Json = False) -> None:
    """Entries in this symbol again."""
    tell("symbol_on", session, reason, target=symbol, as_json=as_json)
