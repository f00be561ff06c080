"""`arb accept` and `arb campaign`: a stage, or one of its campaigns, through the same flows as in the Prefect UI."""

from typing import Annotated

import typer

from console.options import Json


def accept(
    stage: Annotated[str, typer.Argument(metavar="STAGE", help="The stage: D65, D66, D67; or all.")],
    seed_fault: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Run it with a deliberate defect, which it must reject; a wrong name lists them."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run a stage: its campaigns, its checks, its report. Prints STAGE_ACCEPTED or STAGE_REJECTED.

    Exit code 0: accepted. 1: rejected, or something it needs is not there. 2: there is no such stage.
    """
    from console.accept_run import run

    raise typer.Exit(run(stage, seed_fault, as_json=as_json))


def campaign(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="The campaign, e.g. C1, M2, P3; a wrong name lists them.")
    ],
    as_json: Json = False,
) -> None:
    """Run one campaign, every seed and its paper session, and show its seeds against its bands.

    Exit code 0: every check of it passed. 1: not so. 2: there is no such campaign.
    """
    from console.campaign_run import run

    raise typer.Exit(run(name, as_json=as_json))
