"""`arb bench`: how fast the engine is on this machine, and what the machine could do."""

from typing import Annotated

import typer

from console.options import Json


def bench(
    quick: Annotated[bool, typer.Option("--quick", help="Two million rows each instead of ten.")] = False,
    as_json: Json = False,
) -> None:
    """Measure the engine: rows per second, one row's time, starts, memory; best of several runs on one core.

    Exit code 0: measured, and the bulk run's state is the row-by-row run's. 1: it is not.
    """
    import sys

    from arbitrage_core.session.bench import bench_engine
    from console.complaint import ACCEPTED, FAILED
    from console.document import print_document

    document = bench_engine(quick, progress=lambda text: print(f"arb: {text} ...", file=sys.stderr, flush=True))
    if as_json:
        print_document(document)
    else:
        from console.bench_page import print_bench

        print_bench(document)
    raise typer.Exit(ACCEPTED if document["hashes_equal"] else FAILED)
