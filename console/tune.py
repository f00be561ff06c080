"""`arb tune`: a study of parameter sets over recorded or synthetic rows, through the same flow as in the Prefect UI."""

from typing import Annotated

import typer

from console.options import Data, Duration, Json, Levels, Rows, Seed, Settings, Symbols, Synthetic, Venues

Cluster = Annotated[
    str | None,
    typer.Option(
        metavar="N|tcp://HOST:PORT",
        help="Try sets in N processes of their own, or on a Dask scheduler that runs. Same outcome. Default: here.",
    ),
]


def tune(
    vary: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=RANGE",
            help="LOW:HIGH, LOW:HIGH:STEP, LOW:HIGH:log, LOW:HIGH:int or A,B. Again for more parameters.",
        ),
    ],
    data: Data = None,
    synthetic: Synthetic = None,
    seed: Seed = 0,
    rows: Rows = None,
    venues: Venues = None,
    symbols: Symbols = None,
    duration: Duration = None,
    levels: Levels = None,
    settings: Settings = None,
    require: Annotated[
        list[str] | None, typer.Option(metavar="A<B", help="Try only sets for which this holds. Again for more.")
    ] = None,
    scenario: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="What is best is the worst case over this scenario, too. Or all; again."),
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune/--no-prune", help="Give up sets that can be none of the best: grid, random.")
    ] = False,
    sampler: Annotated[str, typer.Option(metavar="grid|random|tpe|cmaes", help="How sets are chosen.")] = "tpe",
    objective: Annotated[
        str, typer.Option(metavar="A,B", help="What is best: pnl_quote, expectancy_quote, sharpe, win_rate, ...")
    ] = "pnl_quote",
    trials: Annotated[int, typer.Option(metavar="N", min=1, help="How many sets, those tried before included.")] = 100,
    splits: Annotated[int, typer.Option(metavar="N", min=1, max=50, help="Walk-forward splits.")] = 4,
    study: Annotated[str | None, typer.Option(metavar="NAME", help="Its name; the same again goes on with it.")] = None,
    save: Annotated[str | None, typer.Option(metavar="NAME", help="Keep the best set as a preset.")] = None,
    cluster: Cluster = None,
    as_json: Json = False,
) -> None:
    """Search for parameters: every set through the full engine, in sample and out of sample, recorded in PostgreSQL.

    Exit code 0: all sets were tried and recorded. 1: the record or the cluster failed; nothing recorded is lost, and
    the same command goes on. 2: there is no such search.
    """
    from console.options import wanted_of
    from console.tune_run import Order, run

    order = Order(
        wanted=wanted_of(data, synthetic, seed, rows, venues, symbols, duration, levels),
        search={
            "vary": vary,
            "constraints": require or [],
            "scenarios": scenario or [],
            "prune": prune,
            "sampler": sampler,
            "objectives": objective.split(","),
            "trials": trials,
            "splits": splits,
            "study": study,
            "save": save,
            "cluster": cluster,
            "settings": settings or [],
        },
    )
    raise typer.Exit(run(order, as_json=as_json))
