"""The run of a study: Prefect ready, the flow, the best sets in sample and out of sample."""

import os
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from rich.console import Console
from rich.table import Table

from arbitrage_core.domain.errors import BadInput
from console.accept_run import say
from console.complaint import ACCEPTED
from console.document import print_document
from console.prefect_ready import prefect_ready
from console.progress import SeedsProgress
from console.source import Wanted
from flows.tuning_form import TuningForm, definition_of, planner
from flows.tuning_place import must_answer, place_wanted
from flows.tuning_rows import NS_PER_MS


@dataclass(frozen=True)
class Order:
    """What the operator asked for: the rows, and the fields of the flow's form that say what is searched."""

    wanted: Wanted
    search: dict[str, Any]


def run(order: Order, *, as_json: bool) -> int:
    """Runs it, shows the best sets and gives the exit code. Raises BadInput, RecordAway, ClusterFailed."""
    if bool(order.wanted.data) == (order.wanted.synthetic is not None):
        raise BadInput(
            "the rows come either from --data or from --synthetic, one of the two",
            "name one: --data FILE, or --synthetic mixed",
        )
    form = form_of(order)
    cluster = place_wanted(form.cluster)
    if isinstance(cluster, str):
        must_answer(cluster)
    # what ends the flow is said once, by `complain`, and in the Prefect UI with its traceback
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    prefect_ready(say)
    from flows.progress import listen
    from flows.tuning import tuning

    with SeedsProgress("sets") as progress:
        listen(progress.told)
        document = tuning(form)
    if as_json:
        print_document(document)
    else:
        _show(document)
    return ACCEPTED


def form_of(order: Order) -> TuningForm:
    """The flow's form, of a search that can be. Raises BadInput."""
    wanted = order.wanted
    try:
        form = TuningForm(
            market=wanted.synthetic,
            data=[str(path.resolve()) for path in wanted.data],
            venues=list(wanted.venues or ()),
            symbols=list(wanted.symbols or ()),
            seed=wanted.seed,
            rows=wanted.rows,
            duration_ms=None if wanted.duration_ns is None else wanted.duration_ns / NS_PER_MS,
            levels=wanted.levels,
            **order.search,
        )
    except ValidationError as error:
        found = error.errors()[0]
        raise BadInput(f"{found['loc'][0]}: {found['msg']}", "see arb tune --help") from None
    definition, plan = definition_of(form), planner(form)
    for name, one in definition.space.items():
        plan({name: one.choices[0] if one.choices else one.low})
    return form


def _show(document: dict[str, Any]) -> None:
    console, objectives = Console(highlight=False), document["objectives"]
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column("trial", justify="right")
    best = document["best"]
    names = list(best[0]["params"]) if best else []
    for name in (*names, *(f"{one}\n{part}" for one in (*objectives, "trades") for part in ("in sample", "out"))):
        table.add_column(name, justify="right")
    if stressed := bool(best and "worst" in best[0]):
        table.add_column("worst case")
    for one in best:
        figures = [one[part][name] for name in (*objectives, "trades") for part in ("in_sample", "out_of_sample")]
        table.add_row(
            str(one["trial"]),
            *(_plain(one["params"][name]) for name in names),
            *map(_plain, figures),
            *((one["worst"],) if stressed else ()),
        )
    console.print(table)
    given_up = f", {document['pruned']} given up" if document["pruned"] else ""
    said = f"{document['trials']} sets tried, {document['failed']} of them stopped by the engine{given_up}"
    console.print(f"\n{said}", end=" · ")
    console.print(f"{document['param_rows_per_s']:,} sets × rows a second")
    for name, said in (("deflated_sharpe", "deflated Sharpe ratio"), ("overfit_probability", "overfit probability")):
        value = document[name]
        console.print(f"{said}: {'cannot be told' if value is None else _plain(value)}")
    console.print(f"neighbours of the best: {_said_of(document['plateau'])}")
    if document["importance"]:
        shares = ", ".join(f"{name} {share:.0%}" for name, share in document["importance"].items())
        console.print(f"what mattered: {shares}")
    against = document["objections"]
    console.print("the best set holds up" if not against else "the best set does NOT hold up:")
    for one in against:
        console.print(f"  {one}")
    console.print(f"study {document['study']}")
    if document["preset"]:
        console.print(f"preset {document['preset']['name']}, version {document['preset']['version']}")


def _said_of(plateau: dict[str, Any] | None) -> str:
    if plateau is None:
        return "cannot be told"
    share = plateau["worst_share"]
    worst = "they cannot be compared" if share is None else f"the worst brings {share:.0%} of it"
    return f"{worst}, a plateau" if plateau["holds"] else f"{worst}, NO plateau"


def _plain(value: object) -> str:
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
