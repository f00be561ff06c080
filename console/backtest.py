"""`arb backtest`: recorded or synthetic rows through the engine and the simulated venue."""

from pathlib import Path
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


def backtest(
    data: Data = None,
    synthetic: Synthetic = None,
    seed: Seed = 0,
    rows: Rows = None,
    venues: Venues = None,
    symbols: Symbols = None,
    duration: Duration = None,
    levels: Levels = None,
    settings: Settings = None,
    preset: Preset = None,
    chart: Annotated[Path | None, typer.Option(help="Write a chart to this HTML file.", metavar="FILE.html")] = None,
    no_journal: Annotated[bool, typer.Option("--no-journal", help="Keep nothing to replay.")] = False,
    no_replay: NoReplay = False,
    as_json: Json = False,
) -> None:
    """Backtest a strategy on recorded quotes (--data) or a synthetic market (--synthetic).

    Exit code 0: every law held. 1: a law was broken, or the disk refused. 2: the input cannot be used.
    """
    from console.backtest_run import Order, run

    order = Order(
        wanted_of(data, synthetic, seed, rows, venues, symbols, duration, levels),
        tuple(settings or ()),
        preset,
        chart=chart,
        keeps_journal=not no_journal,
        proves=not no_replay,
        as_json=as_json,
    )
    raise typer.Exit(run(order))
