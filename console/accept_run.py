"""The run of an acceptance: Prefect ready, the flow, the verdict table."""

import time
from typing import Any

from rich.table import Table

from arbitrage_core.domain.errors import BadInput
from console.complaint import ACCEPTED, FAILED
from console.document import print_document
from console.page import Page, shown, shown_of
from console.plain import aside
from console.prefect_ready import prefect_ready, ui_of
from console.progress import SeedsProgress

ALL = "all"


def run(stage: str, seed_fault: str | None, *, as_json: bool) -> int:
    """Runs a stage, or all there are, shows the verdict and gives the exit code. Raises BadInput."""
    fault = _fault(seed_fault)
    name = _stage(stage)
    began = time.perf_counter()
    api = prefect_ready(say)
    with SeedsProgress() as progress:
        documents = [_document(outcome) for outcome in _outcomes(name, fault, progress)]
    accepted = all(document["verdict"].endswith("_ACCEPTED") for document in documents)
    if as_json:
        print_document({"stages": documents} if name == ALL else documents[0])
    else:
        for document in documents:
            _show(document, ui_of(api), time.perf_counter() - began)
    return ACCEPTED if accepted else FAILED


def _stage(stage: str) -> str:
    """The stage meant, or `all`. The names are read without Prefect, so that a wrong one is said at once."""
    from flows.stages.registry import stage_of

    return ALL if stage.lower() == ALL else stage_of(stage.upper()).name


def _fault(name: str | None):
    from flows.seed_faults import SeedFault

    if name is None:
        return None
    try:
        return SeedFault(name)
    except ValueError:
        raise BadInput(f"no seed fault {name!r}", f"there are {', '.join(SeedFault)}") from None


def _outcomes(name: str, fault, progress: SeedsProgress) -> tuple[Any, ...]:
    from flows.accept import accept, accept_all
    from flows.progress import listen
    from flows.stages.registry import StageName

    listen(progress.told)
    return accept_all(seed_fault=fault) if name == ALL else (accept(stage=StageName(name), seed_fault=fault),)


def _document(outcome: Any) -> dict[str, Any]:
    return outcome.model_dump(mode="json")


def say(text: str) -> None:
    """Says a line beside the document."""
    aside(text)


def checks_shown(checks: list[dict[str, Any]]) -> Table:
    """The checks as a table: what was observed, what was expected, and where it was not so."""
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for head in ("", "check", "observed", "expected"):
        table.add_column(head, overflow="fold")
    for check in shown_of(checks):
        mark = "[green]✓[/green]" if check["passed"] else "[red]✗[/red]" if check["critical"] else "[yellow]![/yellow]"
        observed = check["observed"]
        if check["detail"] and not check["passed"]:
            observed += f"\n[red]{check['detail']}[/red]"
        table.add_row(mark, check["name"], observed, check["expected"])
    return table


def _show(document: dict[str, Any], ui: str, elapsed_s: float) -> None:
    console = Page()
    console.print(checks_shown(document["checks"]))
    console.print()
    sessions = sum(len(one["backtests"]) + len(one["papers"]) for one in document["campaigns"])
    failed = sum(not check["passed"] for check in document["checks"])
    said = f"{len(document['checks'])} checks, " + (f"{failed} failed" if failed else "all passed")
    console.print(f"{said} · {sessions} sessions · {elapsed_s:.0f} s")
    if document["report"]:
        console.print(f"report {shown(document['report'])} · {shown(ui)}")
    colour = "green" if document["verdict"].endswith("_ACCEPTED") else "red"
    console.print(f"[bold {colour}]{document['verdict']}[/bold {colour}]")
