"""The panel of a running session: how it stands, twice a second, on a terminal; nothing where there is none."""

import time
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from arbitrage_core.domain.currency import money_text
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.session.live_runner import LiveRunner
from console.page import Page, shown
from console.plain import aside, plain
from console.source import Source

REFUSALS_SHOWN = 3
SYMBOLS_SHOWN = 8


class PaperPanel:
    """Shown on stderr while the block runs, if that is a terminal; `look` refreshes it, `notice` says a line.

    `console` is where logs may write meanwhile, above the panel; None: as if there were no panel.
    """

    def __init__(self, session: str, source: Source, pace: str) -> None:
        self._session, self._source, self._pace = plain(session), source, pace
        self._err = Page(stderr=True)
        self.console = self._err if self._err.is_terminal else None
        self._live = Live(console=self._err, auto_refresh=False, transient=True) if self.console else None
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._live is not None:
            self._live.stop()

    def notice(self, text: str) -> None:
        """Says a line, above the panel if there is one."""
        if self.console is not None:
            self.console.print(Text(plain(f"arb: {text}"), style="dim"))
        else:
            aside(text)

    def look(self, runner: LiveRunner) -> None:
        """Shows the session as it stands."""
        if self._live is not None:
            self._live.update(self._page(runner), refresh=True)

    def _page(self, runner: LiveRunner) -> Group:
        state, config = runner.session.state[0], runner.session.config
        unit = booking_unit(config.reporting_currency)
        symbols = state.symbols[: len(config.symbols)]
        standing = runner.standing
        share = f" · {runner.market_rows / self._source.rows:.0%}" if self._source.rows else ""
        head = Text.assemble(
            (self._session, "bold"),
            f"  {_time_of(standing.row_ns)}  pace {self._pace}{share}",
            (f"  {standing.ending}", "yellow") if standing.ending else "",
            (f"  no entries: {', '.join(standing.silent)} does not answer", "bold red") if standing.silent else "",
        )
        grid = Table.grid(padding=(0, 3))
        equity, start = int(state.equity_amount) * unit, int(state.start_amount) * unit
        grid.add_row(
            f"rows {runner.market_rows:,}",
            f"trades {int(symbols['entries'].sum()):,}, {runner.open_trades} open",
            _money("realised", int(state.realised_amount) * unit, config.reporting_currency),
            _money("equity", equity - start, config.reporting_currency),
            f"drawdown {money_text(int(state.drawdown_amount) * unit, config.reporting_currency)}",
            f"loop {standing.busy_share:.0%}",
        )
        return Group(head, grid, self._symbols(runner), self._refusals(symbols))

    def _symbols(self, runner: LiveRunner) -> Table:
        config, state = runner.session.config, runner.session.state[0]
        currency, unit = config.reporting_currency, booking_unit(config.reporting_currency)
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        for name in ("symbol", "entries", "closed", "unwound", "open", "wins", "net"):
            table.add_column(name, justify="left" if name == "symbol" else "right")
        for place, name in enumerate(config.symbols[:SYMBOLS_SHOWN]):
            symbol = state.symbols[place]
            counts = [str(int(symbol[field])) for field in ("entries", "closed", "unwound", "in_use", "wins")]
            table.add_row(shown(name), *counts, money_text(int(symbol.realised_amount) * unit, currency, signed=True))
        if len(config.symbols) > SYMBOLS_SHOWN:
            table.add_row(f"and {len(config.symbols) - SYMBOLS_SHOWN} more", style="dim")
        return table

    def _refusals(self, symbols) -> Text:
        counts = symbols["refusals"].sum(axis=0)
        ranked = sorted(((int(counts[rule]), rule.name) for rule in Refusal if counts[rule]), reverse=True)
        said = ", ".join(f"{name.lower().replace('_', ' ')} {count:,}" for count, name in ranked[:REFUSALS_SHOWN])
        return Text(f"refused: {said}" if said else "nothing refused yet", style="dim")


def _money(label: str, value: float, currency: str) -> Text:
    colour = "green" if value > 0 else "red" if value < 0 else ""
    return Text.assemble(f"{label} ", (money_text(value, currency, signed=True), colour), f" {currency}")


def _time_of(row_ns: int) -> str:
    return datetime.fromtimestamp(row_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S") if row_ns > 0 else "waiting for rows"
