"""`arb accept` and `arb campaign`: a stage, or one of its campaigns, through the same flows as in the Prefect UI."""

from typing import Annotated

import typer

from console.options import Json


def accept(
    stage: Annotated[str, typer.Argument(metavar="STAGE", help="The stage, e.g. D65; or all, in order.")],
    seed_fault: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Run it with a deliberate defect, which it must reject; a wrong name lists them."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run a stage: its campaigns, its checks, its report. Prints STAGE_ACCEPTED or STAGE_REJECTED.

    The stages before it are cited when they were accepted on the same code and settings, and run first when not; an
    open critical gap in docs/D64_SYSTEM_AUDIT.md rejects the stage that owns it and all after it.

    Exit code 0: accepted. 1: rejected, or something it needs is not there. 2: there is no such stage.
    """
    from console.accept_run import run

    raise typer.Exit(run(stage, seed_fault, as_json=as_json))


def campaign(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The campaign, e.g. C1, M2, P3; a wrong name lists them.")
    ],
    mode: Annotated[
        str, typer.Option(metavar="backtest|paper|live", help="Every seed as a backtest, or one as a paper session.")
    ] = "backtest",
    pace: Annotated[
        str | None,
        typer.Option(metavar="real|N|max", help="Of a paper session: as fast as the market, N times as fast, or max."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run one campaign, every seed and its paper session, and show its seeds against its bands.

    With --mode paper one seed alone runs as a paper session, at full pace unless told otherwise: with --pace real S1
    takes an hour.

    Exit code 0: every check of it passed. 1: not so. 2: there is no such campaign, mode or pace.
    """
    from console.campaign_run import run

    raise typer.Exit(run(name, mode, pace, as_json=as_json))
