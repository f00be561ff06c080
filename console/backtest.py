"""`arb backtest`: recorded or synthetic rows through the engine and the simulated venue."""

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, nothing else.")]


def backtest(
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", help="Recorded quotes, one or more Parquet files.", metavar="FILE..."),
    ] = None,
    synthetic: Annotated[
        str | None,
        typer.Option("--synthetic", help="A synthetic market: mixed, high, low, calm, thin, wide50.", metavar="NAME"),
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="N", help="Of the synthetic rows and of the simulated venue's chance.")
    ] = 0,
    rows: Annotated[int | None, typer.Option(metavar="N", help="End after so many quotes.")] = None,
    venues: Annotated[
        str | None, typer.Option(metavar="A,B", help="Which venues, as in a,b. Default: all there are.")
    ] = None,
    symbols: Annotated[
        str | None, typer.Option(metavar="A,B", help="Which symbols, as in BTCUSDT,ETHUSDT. Default: all.")
    ] = None,
    duration: Annotated[
        str | None, typer.Option(metavar="TIME", help="End so long after the first quote: 250ms, 60s, 1.5h.")
    ] = None,
    levels: Annotated[
        int | None, typer.Option(metavar="N", help="Depth of the books. Default: as deep as the data.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Set a parameter for all; one market's by market.VENUE.SYMBOL.NAME=VALUE, a symbol's by "
            "symbol.SYMBOL.NAME, a venue's by venue.VENUE.NAME. Again for more.",
        ),
    ] = None,
    chart: Annotated[Path | None, typer.Option(help="Write a chart to this HTML file.", metavar="FILE.html")] = None,
    no_journal: Annotated[bool, typer.Option("--no-journal", help="Keep nothing to replay.")] = False,
    no_replay: Annotated[
        bool, typer.Option("--no-replay", help="Do not read the journal back and replay it at the end.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Backtest a strategy on recorded quotes (--data) or a synthetic market (--synthetic).

    Exit code 0: every law held. 1: a law was broken, or the disk refused. 2: the input cannot be used.
    """
    from console.backtest_run import Order, run
    from console.duration import duration_ns
    from console.source import Wanted, names_of

    wanted = Wanted(
        data=tuple(data or ()),
        synthetic=synthetic,
        seed=seed,
        rows=rows,
        venues=names_of("venues", venues),
        symbols=names_of("symbols", symbols),
        duration_ns=None if duration is None else duration_ns(duration),
        levels=levels,
    )
    order = Order(
        wanted,
        tuple(settings or ()),
        chart=chart,
        keeps_journal=not no_journal,
        proves=not no_replay,
        as_json=as_json,
    )
    raise typer.Exit(run(order))
