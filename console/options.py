"""The options that several commands share, and what they make together."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from console.source import Wanted

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout, nothing else.")]
Data = Annotated[
    list[Path] | None,
    typer.Option("--data", help="Recorded quotes, one or more Parquet files.", metavar="FILE..."),
]
Synthetic = Annotated[
    str | None,
    typer.Option("--synthetic", help="A synthetic market: mixed, high, low, calm, thin, wide50.", metavar="NAME"),
]
Seed = Annotated[int, typer.Option(metavar="N", help="Of the synthetic rows and of the simulated venue's chance.")]
Rows = Annotated[int | None, typer.Option(metavar="N", help="End after so many quotes.")]
Venues = Annotated[str | None, typer.Option(metavar="A,B", help="Which venues, as in a,b. Default: all there are.")]
Symbols = Annotated[str | None, typer.Option(metavar="A,B", help="Which symbols, as in BTCUSDT,ETHUSDT. Default: all.")]
Duration = Annotated[
    str | None, typer.Option(metavar="TIME", help="End so long after the first quote: 250ms, 60s, 1.5h.")
]
Levels = Annotated[int | None, typer.Option(metavar="N", help="Depth of the books. Default: as deep as the data.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Set a parameter for all; one market's by market.VENUE.SYMBOL.NAME=VALUE, a symbol's by "
        "symbol.SYMBOL.NAME, a venue's by venue.VENUE.NAME. Again for more.",
    ),
]
Preset = Annotated[
    str | None,
    typer.Option(
        metavar="NAME[@VERSION]",
        help="Trade with a preset's parameters, over the market's settings and below --set. See arb preset list.",
    ),
]
NoReplay = Annotated[bool, typer.Option("--no-replay", help="Do not read the journal back and replay it at the end.")]


def wanted_of(
    data: list[Path] | None,
    synthetic: str | None,
    seed: int,
    rows: int | None,
    venues: str | None,
    symbols: str | None,
    duration: str | None,
    levels: int | None,
) -> "Wanted":
    """What of the data was asked for. Raises BadInput for a duration or names that cannot be read."""
    from console.duration import duration_ns
    from console.source import Wanted, names_of

    return Wanted(
        data=tuple(data or ()),
        synthetic=synthetic,
        seed=seed,
        rows=rows,
        venues=names_of("venues", venues),
        symbols=names_of("symbols", symbols),
        duration_ns=None if duration is None else duration_ns(duration),
        levels=levels,
    )
