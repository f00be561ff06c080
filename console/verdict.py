"""`arb verdict`: is this worth trading? Trades judged, and what would change the answer."""

from pathlib import Path
from typing import Annotated

import typer

from console.options import (
    Data,
    Duration,
    Json,
    Levels,
    Preset,
    Rows,
    Seed,
    Settings,
    Symbols,
    Synthetic,
    Venues,
    wanted_of,
)


def verdict(
    data: Data = None,
    synthetic: Synthetic = None,
    session: Annotated[
        str | None,
        typer.Option(help="A session of which there is a journal, the beginning of its name, or a journal's folder."),
    ] = None,
    seed: Seed = 0,
    rows: Rows = None,
    venues: Venues = None,
    symbols: Symbols = None,
    duration: Duration = None,
    levels: Levels = None,
    settings: Settings = None,
    preset: Preset = None,
    trials: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="How many settings were tried to find these, these included. Default: as many as the study of the "
            "preset tried; 1 without one.",
        ),
    ] = None,
    chart: Annotated[Path | None, typer.Option(help="Draw the curves to this HTML file.", metavar="FILE.html")] = None,
    as_json: Json = False,
) -> None:
    """Say TRADE, DO NOT TRADE or NOT ENOUGH EVIDENCE, of quotes (--data), a synthetic market or a session.

    Exit code 0: TRADE. 1: DO NOT TRADE, NOT ENOUGH EVIDENCE, or a law was broken. 2: the input cannot be used.
    """
    from console.verdict_run import Order, run

    order = Order(
        wanted_of(data, synthetic, seed, rows, venues, symbols, duration, levels),
        tuple(settings or ()),
        session,
        preset=preset,
        trials=trials,
        chart=chart,
        as_json=as_json,
    )
    raise typer.Exit(run(order))
