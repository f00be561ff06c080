"""`arb paper`: rows at a pace through the live runner, orders to the simulated venue, all of it kept in real stores."""

from typing import Annotated

import typer

from console.options import (
    Data,
    Duration,
    Json,
    Levels,
    NoReplay,
    Preset,
    Rows,
    Seed,
    Settings,
    Symbols,
    Synthetic,
    Venues,
    wanted_of,
)


def paper(
    data: Data = None,
    synthetic: Synthetic = None,
    pace: Annotated[
        str,
        typer.Option(metavar="real|N|max", help="As fast as the rows came, N times as fast, or as fast as can be."),
    ] = "real",
    seed: Seed = 0,
    rows: Rows = None,
    venues: Venues = None,
    symbols: Symbols = None,
    duration: Duration = None,
    levels: Levels = None,
    settings: Settings = None,
    preset: Preset = None,
    on_stop: Annotated[
        str,
        typer.Option(metavar="flatten|leave", help="When stopped (Ctrl-C): open trades leave first, or stand."),
    ] = "flatten",
    no_replay: NoReplay = False,
    as_json: Json = False,
) -> None:
    """Run a paper session: the live runner over recorded or synthetic rows, with its record in Postgres.

    Ctrl-C ends it in order; a second one at once, and even then its journal is sealed.

    Exit code 0: every law held and the record equals the engine's ledger. 1: not so, or it had to end early. 2: the
    input cannot be used.
    """
    from console.paper_run import PaperWish, run

    wish = PaperWish(
        wanted_of(data, synthetic, seed, rows, venues, symbols, duration, levels),
        tuple(settings or ()),
        preset,
        pace=pace,
        on_stop=on_stop,
        proves=not no_replay,
        as_json=as_json,
    )
    raise typer.Exit(run(wish))
