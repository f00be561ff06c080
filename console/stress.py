"""`arb stress`: scenarios injected into rows and venues, each beside the same session without it."""

from typing import Annotated

import typer

from console.options import Data, Duration, Json, Levels, Preset, Rows, Settings, Symbols, Venues, wanted_of

ROWS = 120_000


def stress(
    scenario: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A scenario; again for more. Default: all. A wrong name lists them."),
    ] = None,
    data: Data = None,
    synthetic: Annotated[
        str | None, typer.Option(help="A synthetic market, as for arb backtest. Default: high.", metavar="NAME")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Of the synthetic rows and of the venues' chance.")] = 1,
    rows: Rows = None,
    venues: Venues = None,
    symbols: Symbols = None,
    duration: Duration = None,
    levels: Levels = None,
    settings: Settings = None,
    preset: Preset = None,
    as_json: Json = False,
) -> None:
    """Put trouble into rows and venues, measure that it is there, and compare with the session without it.

    Every guard is on, with limits that suit the synthetic market; --set states others. Nothing is kept.

    Exit code 0: every scenario was measured and came out as stated. 1: not so. 2: the input cannot be used.
    """
    from console.stress_run import run

    if not data and synthetic is None:
        synthetic = "high"
    if synthetic is not None and rows is None and duration is None:
        rows = ROWS
    wanted = wanted_of(data, synthetic, seed, rows, venues, symbols, duration, levels)
    raise typer.Exit(run(wanted, tuple(scenario or ()), tuple(settings or ()), preset, as_json=as_json))
