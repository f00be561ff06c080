"""The run of a campaign by itself: Prefect ready, the flow, its seeds against its bands."""

from typing import Any

from rich.table import Table

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.session.pace import MAX, pace_of
from console.accept_run import checks_shown, say
from console.complaint import ACCEPTED, FAILED
from console.document import print_document
from console.page import Page, shown_of
from console.prefect_ready import prefect_ready
from console.progress import SeedsProgress


def run(name: str, mode: str, pace: str | None, *, as_json: bool) -> int:
    """Runs a campaign, shows it and gives the exit code. Raises BadInput."""
    from flows.stages.registry import CampaignName, campaign_of

    chosen = CampaignName(campaign_of(name.upper())[1].name)
    _must_be_runnable(mode, pace)
    prefect_ready(say)
    from flows.campaign import Mode, campaign
    from flows.progress import listen

    with SeedsProgress() as progress:
        listen(progress.told)
        document = campaign(chosen, Mode(mode), pace or MAX)
    if as_json:
        print_document(document)
    else:
        _show(document)
    return ACCEPTED if document["passed"] else FAILED


def _must_be_runnable(mode: str, pace: str | None) -> None:
    if mode == "live":
        raise BadInput("campaigns on an exchange are not there yet", "choose --mode paper, or backtest")
    if mode not in ("backtest", "paper"):
        raise BadInput(f"no mode {mode!r}", "there are backtest and paper")
    if mode == "backtest" and pace is not None:
        raise BadInput("a backtest has no pace", "choose it with --mode paper")
    pace_of(pace or MAX)


def _show(document: dict[str, Any]) -> None:
    checks, document, console = document["checks"], shown_of(document), Page()
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for head in ("seed", "closed", "win rate", "net", "fees", "state"):
        table.add_column(head, justify="right")
    for seed in document["outcome"]["backtests"] or document["outcome"]["papers"]:
        figures = seed["figures"]
        cells = (
            str(seed["seed"]),
            _plain(figures.get("closed"), ",.0f"),
            _plain(figures.get("win_rate"), ".1%"),
            _plain(figures.get("pnl_quote"), "+,.2f"),
            _plain(figures.get("fees_quote"), ",.2f"),
            seed["state_hash"][:12],
        )
        table.add_row(*cells)
    console.print(table)
    console.print()
    console.print(checks_shown(checks))
    colour, word = ("green", "passed") if document["passed"] else ("red", "failed")
    console.print(f"\n[bold {colour}]{document['campaign']} {word}[/bold {colour}]")


def _plain(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
