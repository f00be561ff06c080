"""The verdict's page: its document for people, readable at 80 columns, with and without colour."""

from collections.abc import Iterable
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.padding import Padding
from rich.table import Table

from arbitrage_core.domain.currency import money_text, most_money
from arbitrage_core.statistics.currencies import currency_notes
from console.page import Page, shown, shown_of

NONE = "–"
COLOURS = {"TRADE": "green", "DO NOT TRADE": "red", "NOT ENOUGH EVIDENCE": "yellow"}
CURVES = {"fee_bps": ("taker fee", "bps"), "latency_ms": ("latency", "ms"), "size_factor": ("size", "×")}
POINTS_SHOWN_MAX = 12

Document = dict[str, Any]


def print_verdict(document: Document, *, title: str) -> None:
    """Prints the document of `arb verdict` to stdout."""
    document, console = shown_of(document), Page()
    colour = COLOURS[document["verdict"]]
    console.print(f"[bold]{shown(title)}[/bold]\n", overflow="fold")
    console.print(f"  [bold {colour}]{document['verdict']}[/bold {colour}]: {document['reason']}\n")
    curves = [_curve(document, name) for name in CURVES if any(point["trades"] for point in document["curves"][name])]
    for part in (_pairs(_figures(document)), *curves, _pairs(_changes(document))):
        console.print(Padding(part, (0, 0, 0, 2), expand=False))
        console.print()


def _figures(document: Document) -> list[tuple[str, str]]:
    currency, run, capacity = document["reporting_currency"], document["longest_losing_run"], document["capacity"]
    low, high = document["interval"]
    interval = f"{document['confidence']:.0%} interval {_mean(low, currency)} to {_mean(high, currency)}"
    expected = f"{_mean(document['expectancy_quote'], currency)} {currency} a trade"
    mean = f"{expected}, {_figure(document['expectancy_bps'])} bps"
    counted = f", the best of {document['trials']:,} trials" if document["trials"] > 1 else ""
    block = document["block_trades"]
    dependent = "" if block is None else f", blocks of {block:.1f}"
    chance = document["probability_positive"]
    standing = f", {document['open']:,} still open" if document["open"] else ""
    trades = f"{document['trades']:,}{standing}{dependent}{counted}"
    return [
        *_preset(document),
        *(("currency", note) for note in currency_notes(document["quoted_in"])),
        ("trades", f"{trades}; PnL net {money_text(document['pnl_quote'], currency, signed=True)} {currency}"),
        ("expectancy", f"{mean}; {interval}" if document["trades"] else NONE),
        ("above 0", NONE if chance is None else f"with a confidence of {chance:.1%}"),
        ("break-even fee", _reach(document, "fee", "bps") + _same_trades(document)),
        ("break-even latency", _reach(document, "latency", "ms")),
        ("costs eat", NONE if document["cost_share"] is None else f"{document['cost_share']:.0%} of the gross edge"),
        ("capacity", _capacity(capacity, currency)),
        (
            "losing run",
            NONE
            if run["median"] is None
            else f"longest {run['seen']}; expect {_count(run['median'])}, in one of twenty {_count(run['p95'])}",
        ),
    ]


def _preset(document: Document) -> list[tuple[str, str]]:
    """The preset, and what of the search for it is counted in."""
    preset = document["preset"]
    if preset is None:
        return []
    tried, counted = preset["trials"], document["trials"]
    if tried is None:
        said = f"how many were tried to find it is not known, {counted:,} counted"
    else:
        study = f"its study {preset['study']!s} tried {tried:,}"
        said = f"{study}, all counted in" if tried == counted else f"{study}, by --trials {counted:,} are counted in"
    seen = "; judged on the very rows it was chosen by" if preset.get("rows_of_its_study") else ""
    return [("preset", f"{preset['name']}@{preset['version']}: {said}{seen}")]


def _reach(document: Document, name: str, unit: str) -> str:
    value, present = document[f"break_even_{name}_{unit}"], document["present"]
    now = present["taker_fee_bps" if name == "fee" else "latency_ms"]
    if value is not None:
        return f"{value:.4g} {unit} ({now:g} now)"
    return {"nowhere": f"none: at no value up to {now:g} {unit}", "throughout": "none: earned at all values tried"}[
        document[f"{name}_earns"]
    ]


def _same_trades(document: Document) -> str:
    value = document["break_even_fee_same_trades_bps"]
    return "" if value is None else f"; of just these trades {value:.4g} bps"


def _capacity(capacity: Document | None, currency: str) -> str:
    if capacity is None:
        return "none: no size earned"
    least, notional = "at least " if capacity["at_least"] else "", capacity["notional_quote"]
    size = f"{capacity['size_factor']:g} times the size"
    size += "" if notional is None else f", {_plain(notional)} {currency} a trade"
    most = f"{_plain(most_money(currency))} {currency} is the most that can be set"
    ends = {"purse": f"; the purse ended the curve: {most}", "bound": f"; no larger size can be set: {most}"}
    ended = ends.get(capacity["ended_by"], "") if capacity["at_least"] else ""
    return f"{least}{size}: PnL {money_text(capacity['pnl_quote'], currency, signed=True)} {currency}{ended}"


def _plain(value: float) -> str:
    """Money that was chosen, with no more decimals than it has: 16,000 or 0.16."""
    text = f"{value:,.10f}"
    return text.rstrip("0").rstrip(".")


def _curve(document: Document, name: str) -> Table:
    """A curve as a table; of many points those nearest each other, made to close in on the break-even, are left out."""
    (what, unit), currency = CURVES[name], document["reporting_currency"]
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for head in (f"{what}, {unit}", "trades", "PnL", "a trade"):
        table.add_column(head, justify="right", no_wrap=True, min_width=12)
    for point in _thinned(document["curves"][name]):
        stopped = point["pnl_quote"] is None
        table.add_row(
            f"{point['value']:.4g}",
            "stopped" if stopped else f"{point['trades']:,}",
            NONE if stopped else money_text(point["pnl_quote"], currency, signed=True),
            _mean(point["expectancy_quote"], currency),
        )
    return table


def _thinned(points: list[Document]) -> list[Document]:
    points = list(points)
    while len(points) > POINTS_SHOWN_MAX:
        gaps = [points[at + 1]["value"] - points[at - 1]["value"] for at in range(1, len(points) - 1)]
        del points[1 + gaps.index(min(gaps))]
    return points


def _changes(document: Document) -> list[tuple[str, str]]:
    return [("would change it" if at == 0 else "", words) for at, words in enumerate(document["would_change"])] + (
        [("chart", document["chart"])] if "chart" in document else []
    )


def _pairs(lines: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True, min_width=18)
    table.add_column(overflow="fold")
    for label, text in lines:
        table.add_row(label, text)
    return table


def _mean(value: float | None, currency: str) -> str:
    """Money of one trade, two digits finer than that of a session."""
    return NONE if value is None else money_text(value, currency, signed=True, finer=2)


def _figure(value: float | None) -> str:
    return NONE if value is None else f"{value:+,.4f}"


def _count(value: int | None) -> str:
    return NONE if value is None else f"{value:,}"
