"""`arb bench`: how fast the engine, or the tuner, is on this machine, and what the machine could do."""

from enum import StrEnum
from typing import Annotated

import typer

from console.options import Json
from console.plain import aside


class Part(StrEnum):
    """What is measured."""

    ENGINE = "engine"
    TUNING = "tuning"


def bench(
    part: Annotated[Part, typer.Argument(help="What to measure.")] = Part.ENGINE,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer rows: a fifth.")] = False,
    as_json: Json = False,
) -> None:
    """Measure the engine (rows per second, one row's time, starts, memory) or the tuner (parameter sets × rows).

    Exit code 0: measured, and the fast way left the states of the slow one. 1: it did not.
    """

    from console.complaint import ACCEPTED, FAILED
    from console.document import print_document

    def told(text: str) -> None:
        aside(f"{text} ...")

    if part is Part.ENGINE:
        from arbitrage_core.session.bench import bench_engine

        document = bench_engine(quick, progress=told)
    else:
        from arbitrage_core.tuning.bench import bench_tuning

        document = bench_tuning(quick, progress=told)
    if as_json:
        print_document(document)
    else:
        from console.bench_page import print_bench, print_tuning_bench

        (print_bench if part is Part.ENGINE else print_tuning_bench)(document)
    raise typer.Exit(ACCEPTED if document["hashes_equal"] else FAILED)
