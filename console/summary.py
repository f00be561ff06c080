"""The summary: a session's document as a page for people, readable at 80 columns, with and without colour."""

from collections.abc import Iterable
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.padding import Padding
from rich.table import Table

from arbitrage_core.domain.currency import money_digits, money_text
from arbitrage_core.statistics.currencies import currency_notes
from console.page import Page, shown, shown_of

SYMBOLS_SHOWN_MAX = 12
NAMES_SHOWN_MAX = 5
DECIMALS_BELOW, CENTS = 10_000, 2
NONE = "–"

Document = dict[str, Any]


def print_summary(document: Document, *, title: str, footer: Iterable[tuple[str, str]] = ()) -> None:
    """Prints the document of a backtest or replay to stdout; `footer` are further (label, text) lines."""
    document, console = shown_of(document), Page()
    laws = [("laws", _laws(document))] if document.get("mode") != "replay" else []
    ending = [*laws, *((label, shown(text)) for label, text in footer)]
    tables = [_per_symbol(document), _exits(document)] if document["entries"] else []
    console.print(f"[bold]{shown(title)}[/bold]\n", overflow="fold")
    for part in (_pairs(_headline(document)), *tables, _pairs(_arbitrage(document)), _pairs(ending)):
        console.print(Padding(part, (0, 0, 0, 2), expand=False))
        console.print()


def _headline(document: Document) -> list[tuple[str, str]]:
    currency = document["reporting_currency"]
    counts = f"{document['entries']:,} entries = {document['closed_trades']:,} closed + {document['unwound']:,} unwound"
    deepest_pct = document["statistics"]["drawdown"]["max_drawdown_pct"]
    gross, fees = _money(document["gross_quote"], currency), _money(document["fees_quote"], currency, signed=False)
    money = f"(gross {gross}, fees {fees})"
    return [
        ("session", str(document["session"])),
        *(("currency", note) for note in currency_notes(document["quoted_in"])),
        ("rows", f"{document['rows']:,}, {_rate(document['rows_per_s'])} rows/s"),
        ("trades", f"{counts} + {document['open']:,} open"),
        ("PnL net", f"{_coloured(document['pnl_quote'], currency)} {currency} {money}"),
        ("win rate", _share(document["win_rate"])),
        (
            "drawdown",
            f"{_money(document['max_drawdown_quote'], currency, signed=False)} {currency}"
            + (f" ({deepest_pct:.2f} % of the peak)" if deepest_pct is not None else ""),
        ),
        *_left_open(document),
        *_withheld(document),
        *(("far exits", told) for told in far_exits_told(document)),
        ("state", str(document["state_hash"])[:16]),
    ]


def _left_open(document: Document) -> list[tuple[str, str]]:
    """Why what is open is open, the same reason once."""
    reasons: dict[str, int] = {}
    for trade in document.get("left_open", ()):
        reasons[trade["because"]] = reasons.get(trade["because"], 0) + 1
    told = [f"{count} open: {reason}" for reason, count in list(reasons.items())[:NAMES_SHOWN_MAX]]
    return [("flat", f"no; {'; '.join(told)}")] if told else []


def far_exits_told(document: Document) -> tuple[str, ...]:
    """That trades left at prices too far apart, and what that brought; nothing, or one line."""
    found, currency = document.get("far_exits"), document["reporting_currency"]
    if not found or not found["trades"]:
        return ()
    count = "1 trade" if found["trades"] == 1 else f"{found['trades']:,} trades"
    brought = f"{_money(found['pnl_quote'], currency)} {currency} of the PnL"
    apart = "left while the venues' prices were further apart than spread_max_bps"
    return (f"{count} {apart}: {brought}; was it so, or are the quotes wrong?",)


def _withheld(document: Document) -> list[tuple[str, str]]:
    """Quotes at which the simulated venue did not deal."""
    told = [
        f"{one['symbol']} on {one['venue']}: "
        + ", ".join(f"{one[why]:,} {why}" for why in ("crossed", "implausible") if one[why])
        for one in document.get("withheld_quotes", ())
    ]
    more = f"; {len(told) - NAMES_SHOWN_MAX} more markets" if len(told) > NAMES_SHOWN_MAX else ""
    return [("not dealt at", f"{'; '.join(told[:NAMES_SHOWN_MAX])}{more}")] if told else []


def _per_symbol(document: Document) -> Table:
    table = _table("symbol", ">entries", ">closed", ">unwound", ">win", ">net", ">fees", ">capture")
    symbols, currency = document["per_symbol"], document["reporting_currency"]
    ranked = sorted(symbols, key=lambda name: -abs(symbols[name]["pnl_amount"]))
    shown = [name for name in symbols if name in ranked[:SYMBOLS_SHOWN_MAX]]
    for name in shown:
        one = symbols[name]
        table.add_row(
            name,
            f"{one['entries']:,}",
            f"{one['closed_trades']:,}",
            f"{one['unwound']:,}",
            _share(one["win_rate"]),
            _coloured(one["pnl_quote"], currency),
            _money(one["fees_quote"], currency, signed=False),
            _share(one["edge"]["capture_ratio"]),
        )
    rest = [symbols[name] for name in symbols if name not in shown]
    if rest:
        sums = [sum(one[key] for one in rest) for key in ("entries", "closed_trades", "unwound")]
        pnl, fees = (sum(one[key] for one in rest) for key in ("pnl_quote", "fees_quote"))
        counts = [f"{count:,}" for count in sums]
        money = (_coloured(pnl, currency), _money(fees, currency, signed=False))
        table.add_row(f"{len(rest)} more", *counts, "", *money, "")
    return table


def _exits(document: Document) -> Table:
    table = _table("exit", ">trades", ">share")
    ended = sum(document["exits"].values())
    for reason, count in document["exits"].items():
        if count:
            table.add_row(_words(reason), f"{count:,}", _share(count / ended))
    return table


def _arbitrage(document: Document) -> list[tuple[str, str]]:
    seen, statistics, incidents = document["opportunities"], document["statistics"], document["incidents"]
    edge, gap = statistics["edge"], statistics["legs"]["leg_gap_ms"]
    currency = document["reporting_currency"]
    lines = [
        ("opportunities", f"{seen['seen']:,} seen, {seen['taken']:,} taken, {seen['missed']:,} missed"),
        ("missed by", _counted(seen["missed_by"])),
        ("refusals", _counted(document["refusals"])),
    ]
    if document["entries"]:
        realised = f"{_bps(edge['decision_edge_bps'])} decided, {_bps(edge['realised_bps'])} realised"
        lines += [
            ("edge", f"{realised}, capture ratio {_share(edge['capture_ratio'])}"),
            ("leg gap", _gap(gap)),
            ("unhedged", f"{_unhedged(statistics['legs']['unhedged_quote_s'], currency)} {currency}·s"),
        ]
    cost = f"{incidents['count']:,} at a cost of {_money(incidents['cost_quote'], currency, signed=False)} {currency}"
    standing = f", {incidents['standing']:,} standing" if incidents["standing"] else ""
    return [*lines, ("incidents", cost + standing if incidents["count"] or standing else "none")]


def _laws(document: Document) -> str:
    laws = document.get("laws", [])
    if not laws:
        return "[green]all hold[/green]"
    listed = "; ".join(_law(law) for law in laws[:NAMES_SHOWN_MAX])
    return f"[red]{len(laws)} violated[/red]: {listed}" + ("; …" if len(laws) > NAMES_SHOWN_MAX else "")


def _law(law: Any) -> str:
    if isinstance(law, dict):
        return f"{law['law']}: {law['subject']}: expected {law['expected']}, observed {law['observed']}"
    return str(law)


def _gap(gap: Document) -> str:
    """Milliseconds between the first fills of both legs."""
    if not gap["count"]:
        return NONE
    return f"median {gap['median']:,.1f} ms, p95 {gap['p95']:,.1f} ms, most {gap['max']:,.1f} ms"


def _pairs(lines: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True, min_width=13)
    table.add_column(overflow="fold")
    for label, text in lines:
        table.add_row(label, text)
    return table


def _table(*heads: str) -> Table:
    """A table; a head that begins with > has its column set right."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for head in heads:
        table.add_column(head.removeprefix(">"), justify="right" if head.startswith(">") else "left", no_wrap=True)
    return table


def _counted(counts: dict[str, int]) -> str:
    """The most frequent first: edge must exceed costs 1,200, …"""
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    listed = ", ".join(f"{_words(name)} {count:,}" for name, count in ranked[:NAMES_SHOWN_MAX])
    return (listed or NONE) + (", …" if len(ranked) > NAMES_SHOWN_MAX else "")


def _words(name: str) -> str:
    return name.lower().replace("_", " ")


def _money(value: float | None, currency: str, *, signed: bool = True) -> str:
    """In the digits that the currency needs; thousands of it without cents."""
    if value is None:
        return NONE
    cents = 0 < money_digits(currency) <= CENTS and abs(value) >= DECIMALS_BELOW
    return money_text(value, currency, signed=signed, finer=-money_digits(currency) if cents else 0)


def _unhedged(value: float, currency: str) -> str:
    """Money × seconds, in a digit less than money."""
    return money_text(value, currency, finer=-1 if money_digits(currency) else 0)


def _coloured(value: float | None, currency: str) -> str:
    colour = "red" if value is not None and value < 0 else "green"
    return f"[{colour}]{_money(value, currency)}[/{colour}]" if value else _money(value, currency)


def _share(value: float | None) -> str:
    return NONE if value is None else f"{value:.1%}"


def _bps(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f} bps"


def _rate(value: float) -> str:
    return f"{value / 1e6:,.1f} million" if value >= 1e6 else f"{value:,.0f}"
