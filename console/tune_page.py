"""The page of a study: the best sets in sample and out of sample, and what speaks against the first."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from rich.table import Table

from console.page import Page, shown_of


def print_study(document: dict[str, Any], vary: Sequence[str] = ()) -> None:
    """Prints it. Columns come as `vary` names them: the record does not keep their order."""
    document, vary, console = shown_of(document), shown_of(vary), Page()
    console.print(_fitting(console, document, vary))
    say = partial(console.print, soft_wrap=True)
    given_up = f", {document['pruned']} given up" if document["pruned"] else ""
    pace = document["param_rows_per_s"]
    done = f"{pace:,} sets × rows a second" if pace else "all of them recorded before"
    say(f"\n{document['trials']} sets tried, {document['failed']} of them stopped by the engine{given_up} · {done}")
    say(f"deflated Sharpe ratio: {_told(document['deflated_sharpe'])}")
    say(f"overfit probability: {_told(document['overfit_probability'])} (not asked for: sets may all be alike)")
    say(f"neighbours of the best: {_said_of(document['plateau'])}")
    if document["importance"]:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in document["importance"].items())
        say(f"what mattered: {shares}")
    against = document["objections"]
    say("the best set holds up" if not against else "the best set does NOT hold up:")
    for one in against:
        say(f"  {one}")
    say(f"study {document['study']}")
    if document["preset"]:
        say(f"preset {document['preset']['name']}, version {document['preset']['version']}")


def _fitting(console: Page, document: dict[str, Any], vary: Sequence[str]) -> Table:
    """The table with names in one piece, or broken where they may be if the terminal is too narrow for that."""
    table = _table(document, vary, narrow=False)
    fits = console.measure(table, options=console.options.update(max_width=10_000)).maximum <= console.width
    return table if fits else _table(document, vary, narrow=True)


def _table(document: dict[str, Any], vary: Sequence[str], *, narrow: bool) -> Table:
    best, objectives = document["best"], document["objectives"]
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 1 if narrow else 2, 0, 0))
    table.add_column("trial", justify="right")
    order = [one.partition("=")[0].strip() for one in vary]
    names = (
        sorted(best[0]["params"], key=lambda name: order.index(name) if name in order else len(order)) if best else []
    )
    for name in (*names, *(f"{one}\n{part}" for one in (*objectives, "trades") for part in ("in sample", "out"))):
        head = name.replace("_", "_\n").replace(".", ".\n").replace(" ", "\n") if narrow else name
        table.add_column(head, justify="right", overflow="fold")
    if stressed := bool(best and "worst" in best[0]):
        table.add_column("worst case", overflow="fold")
    for one in best:
        figures = [one[part][name] for name in (*objectives, "trades") for part in ("in_sample", "out_of_sample")]
        table.add_row(
            str(one["trial"]),
            *(_plain(one["params"][name]) for name in names),
            *map(_plain, figures),
            *((one["worst"],) if stressed else ()),
        )
    return table


def _told(value: float | None) -> str:
    return "cannot be told" if value is None else _plain(value)


def _said_of(plateau: dict[str, Any] | None) -> str:
    if plateau is None:
        return "cannot be told"
    share = plateau["worst_share"]
    worst = "they cannot be compared" if share is None else f"the worst brings {share:.0%} of it"
    return f"{worst}, a plateau" if plateau["holds"] else f"{worst}, NO plateau"


def _plain(value: object) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
