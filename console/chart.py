"""The chart: one HTML file that needs nothing else, with what a session's money and spreads did.

From top to bottom: equity and drawdown; for each symbol the band of its best entry spread, with entries, exits and
thresholds; how trades ended up; and what was promised at decision against what was realised.

An entry stands at the spread it was decided at, an exit at the closing cost its fills came to. Long series are thinned
to the lowest and highest of each stretch of time, and trades beyond a few thousand to every so-manieth.
"""

from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from arbitrage_core.domain.currency import money_text
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.order import Purpose
from arbitrage_core.domain.trade import ExitReason, Phase
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.session.result import SessionResult
from arbitrage_core.statistics.drawdown import Drawdowns, marked_amounts
from arbitrage_core.storage.disk import write_whole
from console.spread_band import BPS, spread_band

STRETCHES = 1_200
SYMBOLS_DRAWN_MAX = 6
TRADES_DRAWN_MAX = 5_000
CROWD = 300
"""More trades than these are drawn smaller."""
BINS_MAX = 60
GAP, MARGIN_TOP = 52, 135
BLUE, RED, GREY, GREEN, BAND = "#2a5b8c", "#b5483a", "#8a8f98", "#3a7d54", "rgba(42, 91, 140, 0.22)"
REASON_COLOURS = {
    "CONVERGED": GREEN,
    "TAKE_PROFIT": "#7fb08f",
    "HOLD_TIME": "#c98a2b",
    "STOP_LOSS": RED,
    "FEED_ENDED": "#7a5c9e",
    "SESSION_END": GREY,
    "UNWOUND": "#333a44",
}


def write_chart(path: Path, result: SessionResult, feed: Feed, *, title: str) -> None:
    """Draws the session into `path`, whole or not at all; `feed` gives its rows once more. Raises DiskRefused."""
    chart = _Chart.of(result, feed, title)
    text = chart.figure().to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False})
    write_whole(path, text.replace("<head>", f"<head><title>{escape(chart.title)}</title>", 1).encode())


@dataclass(frozen=True, eq=False)
class _Chart:
    """What is drawn: ended trades (TRADE_OUT[n]) with their exits' cost, and the band of each symbol."""

    result: SessionResult
    title: str
    unit: float
    trades: np.ndarray
    exit_costs_bps: np.ndarray
    symbols: list[int]
    span_ns: tuple[int, int]
    band: tuple[np.ndarray, np.ndarray, np.ndarray]

    @classmethod
    def of(cls, result: SessionResult, feed: Feed, title: str) -> "_Chart":
        log, config, document = result.log, result.config, result.document
        ended = log.trades[log.trades["phase"] != Phase.VOID]
        entries = [document["per_symbol"][symbol]["entries"] for symbol in config.symbols]
        symbols = sorted(sorted(range(len(entries)), key=lambda s: -entries[s])[:SYMBOLS_DRAWN_MAX])
        times = log.equity["now_ns"]
        first_ns, last_ns = (int(times[0]), _last_row_ns(feed, times)) if len(times) else (0, 1)
        data = f"data {document['data_sha256'][:12]}"
        return cls(
            result,
            f"Backtest of {title} · {data} · configuration {config.digest[:12]}",
            booking_unit(config.reporting_currency),
            ended,
            exit_costs_bps(log.fills, ended),
            symbols,
            (first_ns, last_ns),
            spread_band(feed, config, first_ns, last_ns, STRETCHES),
        )

    def figure(self) -> go.Figure:
        """All panels."""
        panels, currency = len(self.symbols), self.result.config.reporting_currency
        names = [f"spread of {self.result.config.symbols[s]}, bps" for s in self.symbols]
        heights = [150, 80, *([220] * panels), 260]
        figure = make_subplots(
            rows=panels + 3,
            cols=2,
            specs=[*([[{"colspan": 2}, None]] * (panels + 2)), [{}, {}]],
            row_heights=heights,
            vertical_spacing=GAP / (_height(heights) - MARGIN_TOP - 60),
            horizontal_spacing=0.08,
            subplot_titles=[
                f"equity, {currency}",
                f"drawdown, {currency}",
                *names,
                f"trades by net PnL, {currency}",
                "realised against promised edge, bps",
            ],
        )
        self._draw_equity(figure)
        for row, symbol in enumerate(self.symbols, 3):
            self._draw_spread(figure, symbol, row)
        self._draw_results(figure, panels + 3)
        figure.update_layout(
            title={"text": self._heading(), "x": 0.01, "y": 1 - 25 / _height(heights), "font": {"size": 16}},
            height=_height(heights),
            template="plotly_white",
            font={"size": 12, "color": "#2b2f36"},
            margin={"l": 70, "r": 30, "t": MARGIN_TOP, "b": 60},
            legend={
                "orientation": "h",
                "traceorder": "normal",
                "x": 1,
                "xanchor": "right",
                "y": 1 - 66 / _height(heights),
                "yref": "container",
            },
            bargap=0.03,
        )
        figure.update_annotations(font_size=12)
        spanned = {"matches": "x", "range": list(_times(np.array(self.span_ns)).astype(str)), "showticklabels": False}
        for row in range(1, panels + 3):
            figure.update_xaxes(**spanned, row=row, col=1)
        figure.update_xaxes(showticklabels=True, row=panels + 2, col=1)
        figure.update_yaxes(tickformat=",", row=1, col=1)
        return figure

    def _heading(self) -> str:
        document = self.result.document
        began, over = (str(moment)[:19].replace("T", " ") for moment in _times(np.array(self.span_ns)))
        counts = f"{began} to {over} UTC, {document['rows']:,} rows, {document['entries']:,} entries"
        currency = self.result.config.reporting_currency
        money = f"net {money_text(document['pnl_quote'], currency, signed=True)} {currency}"
        hidden = len(self.result.config.symbols) - len(self.symbols)
        rest = f" · {hidden} symbols with fewer entries not drawn" if hidden else ""
        return f"{escape(self.title)}<br><sup>{counts}, {money}{rest}</sup>"

    def _draw_equity(self, figure: go.Figure) -> None:
        equity, start_amount = self.result.log.equity, int(self.result.state["start_amount"])
        if not len(equity):
            return
        falls = Drawdowns.of(equity, start_amount)
        for row, amounts in ((1, marked_amounts(equity, start_amount)), (2, -falls.depth_amounts)):
            kept = extremes(falls.now_ns, amounts, STRETCHES)
            shade = {"fill": "tozeroy", "fillcolor": "rgba(181, 72, 58, 0.25)"} if row == 2 else {}
            line = {"width": 1.2, "color": RED if row == 2 else BLUE, "shape": "hv"}
            figure.add_scatter(
                x=_times(falls.now_ns[kept]),
                y=amounts[kept] * self.unit,
                mode="lines",
                line=line,
                showlegend=False,
                name="drawdown" if row == 2 else "equity",
                row=row,
                col=1,
                **shade,
            )

    def _draw_spread(self, figure: go.Figure, symbol: int, row: int) -> None:
        times_ns, lowest, highest = self.band
        seen = np.isfinite(highest[symbol])
        place, first = {"row": row, "col": 1}, row == 3
        x = _times(times_ns[seen])
        thin = {"mode": "lines", "line": {"width": 0.6, "color": BLUE}}
        figure.add_scatter(x=x, y=lowest[symbol][seen], **thin, name="lowest", showlegend=False, **place)
        band = {"fill": "tonexty", "fillcolor": BAND, "name": "best entry spread", "showlegend": first}
        figure.add_scatter(x=x, y=highest[symbol][seen], **thin, **band, **place)
        mine = self.trades["symbol"] == symbol
        kept = np.flatnonzero(mine)[:: _stride(int(mine.sum()))]
        trades, costs = self.trades[kept], self.exit_costs_bps[kept]
        shape = {"size": 7 if len(kept) <= CROWD else 4, "opacity": 0.9 if len(kept) <= CROWD else 0.6}
        entry = {**shape, "symbol": "triangle-up", "color": GREEN}
        exit_ = {**shape, "symbol": "triangle-down", "color": RED}
        for name, times, y, marker in (
            ("entry", trades["decided_ns"], trades["spread_bps"], entry),
            ("exit", trades["ended_ns"], costs, exit_),
        ):
            figure.add_scatter(
                x=_times(times), y=y, mode="markers", marker=marker, name=name, showlegend=first, **place
            )
        params = self.result.config.params_of(self.result.config.symbols[symbol])
        for level_bps, words in ((params.entry_spread_bps, "entry"), (params.exit_spread_bps, "exit")):
            line = {"dash": "dash" if words == "entry" else "dot", "width": 1, "color": GREY}
            note = {
                "annotation_text": f"{words} {level_bps:g}",
                "annotation_font_size": 10,
                "annotation_bgcolor": "white",
            }
            figure.add_hline(y=level_bps, line=line, annotation_position="top right", **note, **place)

    def _draw_results(self, figure: go.Figure, row: int) -> None:
        trades = self.trades
        if not len(trades):
            return
        bins = min(BINS_MAX, 10 + int(len(trades) ** 0.5))
        counts, edges = np.histogram(trades["realised_amount"] * self.unit, bins)
        middles = (edges[1:] + edges[:-1]) / 2
        colours = np.where(middles < 0, RED, GREEN)
        figure.add_bar(x=middles, y=counts, marker_color=colours, showlegend=False, name="trades", row=row, col=1)
        kept = trades[:: _stride(len(trades))]
        kept = kept[kept["entry_notional_amount"] > 0]
        realised_bps = kept["realised_amount"] / kept["entry_notional_amount"] * BPS
        reasons = [_reason(trade) for trade in kept]
        for reason, colour in REASON_COLOURS.items():
            mine = np.array([one == reason for one in reasons], bool)
            if mine.any():
                figure.add_scatter(
                    x=kept["net_edge_bps"][mine],
                    y=realised_bps[mine],
                    mode="markers",
                    marker={"size": 5, "color": colour, "opacity": 0.65},
                    name=reason.lower().replace("_", " "),
                    row=row,
                    col=2,
                )
        if len(kept):
            ends = [float(kept["net_edge_bps"].min()), float(kept["net_edge_bps"].max())]
            line = {"dash": "dot", "width": 1, "color": GREY}
            figure.add_scatter(x=ends, y=ends, mode="lines", line=line, name="as promised", row=row, col=2)


def _height(heights: list[int]) -> int:
    """Of the whole figure, in pixels."""
    return sum(heights) + GAP * (len(heights) - 1) + MARGIN_TOP + 60


def exit_costs_bps(fills: np.ndarray, trades: np.ndarray) -> np.ndarray:
    """What each of TRADE_OUT[n] paid to close, f8[n] in bps: average price bought back / average price sold out − 1.

    Of its EXIT fills in FILL_OUT[m], in the reporting currency; NaN for a trade that did not close both legs so.
    """
    numbers = {(int(trade["symbol"]), int(trade["number"])): at for at, trade in enumerate(trades)}
    closing = fills[fills["purpose"] == Purpose.EXIT]
    keys = zip(closing["symbol"].tolist(), closing["trade"].tolist(), strict=True)
    places = np.array([numbers.get(key, -1) for key in keys], np.int64)
    known = places >= 0
    closing, places = closing[known], places[known]
    cash, lots = np.zeros((2, len(trades))), np.zeros((2, len(trades)))
    np.add.at(cash, (closing["leg"], places), np.abs(closing["cash_reporting_amount"]).astype(np.float64))
    np.add.at(lots, (closing["leg"], places), closing["lots"].astype(np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        prices = cash / lots
        return (prices[1] / prices[0] - 1.0) * BPS


def extremes(times_ns: np.ndarray, values: np.ndarray, stretches: int) -> np.ndarray:
    """Indices, ascending, of first, lowest, highest and last of each of so many equal stretches of i8[n] times."""
    if len(values) <= 4 * stretches:
        return np.arange(len(values))
    span_ns = max(1, int(times_ns[-1] - times_ns[0]))
    stretch = (times_ns - times_ns[0]) * stretches // (span_ns + 1)
    begins = np.flatnonzero(np.diff(stretch, prepend=-1))
    ends = np.append(begins[1:], len(values))
    kept = {len(values) - 1}
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        part = values[begin:end]
        kept |= {begin, begin + int(np.argmin(part)), begin + int(np.argmax(part)), end - 1}
    return np.array(sorted(kept), np.int64)


def _last_row_ns(feed: Feed, times_ns: np.ndarray) -> int:
    """When the rows end; the marks go on for the grace in which open trades leave, which is not worth the width."""
    last_ns = int(times_ns[0])
    for rows in feed:
        last_ns = int(rows["now_ns"][-1])
    return last_ns


def _reason(trade: np.void) -> str:
    if trade["phase"] == Phase.UNWOUND:
        return Phase.UNWOUND.name
    return ExitReason(int(trade["exit_reason"])).name


def _stride(count: int) -> int:
    return max(1, -(-count // TRADES_DRAWN_MAX))


def _times(times_ns: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(times_ns).astype("datetime64[ns]").astype("datetime64[us]")
