"""The bench page: the benchmark's document for people."""

from typing import Any

from rich.padding import Padding
from rich.table import Table

from console.page import Page


def print_bench(document: dict[str, Any]) -> None:
    """Prints the document of `arb bench` to stdout."""
    conditions = document["conditions"]
    console = Page()
    console.print("[bold]Benchmark of the engine[/bold]")
    console.print(
        f"{conditions['venues']} venues, {conditions['levels']} level, {conditions['open_trades_max']} open trades a "
        f"symbol, {conditions['rows']:,} rows, best of {conditions['runs']} runs on one core\n"
    )
    for part in (_rates(document), _figures(document)):
        console.print(Padding(part, (0, 0, 0, 2), expand=False))
        console.print()


def _rates(document: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for head in (
        "symbols",
        "million rows/s",
        "median",
        "of a bare loop",
        "above entry",
        "round trips/million",
        "hashes",
    ):
        table.add_column(head, justify="right")
    for symbols, found in document["by_symbols"].items():
        table.add_row(
            symbols,
            f"{found['rows_per_s'] / 1e6:,.1f}",
            f"{found['rows_per_s_median'] / 1e6:,.1f}",
            f"{found['share_of_bare']:.0%} of {found['bare_rows_per_s'] / 1e6:,.0f}",
            f"{found['share_above']:.1%}",
            f"{found['round_trips_per_million_rows']:,.0f}",
            "[green]equal[/green]" if found["hashes_equal"] else "[red]differ[/red]",
        )
    return table


def _figures(document: dict[str, Any]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    bound = f"{document['memory_bound_rows_per_s'] / 1e6:,.0f} million rows/s"
    lines = (
        ("one row", f"{document['row_us']:.2f} µs (median {document['row_us_median']:.2f})"),
        ("cold start", f"{document['cold_compile_s']:.1f} s, compiling"),
        ("cached start", f"{document['cached_start_s']:.2f} s (median {document['cached_start_s_median']:.2f})"),
        ("memory reads", f"{document['memory_bandwidth_gb_s']:.1f} GB/s, at most {bound}"),
        (
            "peak memory",
            f"{document['peak_rss_mb']:,.0f} MB of a backtest whose rows are {document['rows_mb']:,.0f} MB",
        ),
    )
    for label, text in lines:
        table.add_row(label, text)
    return table


def print_tuning_bench(document: dict[str, Any]) -> None:
    """Prints the document of `arb bench tuning` to stdout."""
    conditions, console = document["conditions"], Page()
    console.print("[bold]Benchmark of the tuner[/bold]")
    console.print(
        f"{conditions['sets']} parameter sets over {conditions['rows']:,} rows, "
        f"best of {conditions['runs']} runs on {conditions['processors']} cores\n"
    )
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("market")
    for head in ("entry, bps", "trades a set", "million sets × rows/s", "of one core", "states of a backtest"):
        table.add_column(head, justify="right")
    for market, found in document["by_market"].items():
        low, high = found["entry_spread_bps"]
        table.add_row(
            market,
            f"{low:g} to {high:g}",
            f"{found['trades_a_set']:,}",
            f"{found['param_rows_per_s'] / 1e6:,.0f}",
            f"{found['param_rows_per_cpu_s'] / 1e6:,.0f}",
            "[green]equal[/green]" if found["hashes_equal"] else "[red]differ[/red]",
        )
    console.print(Padding(table, (0, 0, 0, 2), expand=False))
