"""The verdict's chart: PnL against taker fee, latency and size, one HTML file that needs nothing else."""

from html import escape
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from arbitrage_core.storage.disk import write_whole
from console.verdict_page import CURVES

BLUE, RED = "#2a5b8c", "#b5483a"
HEIGHT = 420


def write_chart(path: Path, document: dict[str, Any], *, title: str) -> None:
    """Draws the curves of a verdict's document into `path`, whole or not at all. Raises DiskRefused."""
    text = curves_figure(document, title).to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False})
    write_whole(path, text.replace("<head>", f"<head><title>{escape(title)}</title>", 1).encode())


def curves_figure(document: dict[str, Any], title: str) -> go.Figure:
    """A panel a curve: PnL in the reporting currency, the break-even marked, sizes on a logarithmic axis."""
    figure = make_subplots(cols=len(CURVES), subplot_titles=[f"{what}, {unit}" for what, unit in CURVES.values()])
    for column, name in enumerate(CURVES, 1):
        points = document["curves"][name]
        figure.add_scatter(
            x=[point["value"] for point in points],
            y=[point["pnl_quote"] for point in points],
            mode="lines+markers",
            line={"color": BLUE},
            showlegend=False,
            row=1,
            col=column,
        )
        figure.add_hline(y=0, line={"color": RED, "width": 1}, row=1, col=column)
        crossing = document.get(f"break_even_{name}")
        if crossing is not None:
            figure.add_vline(x=crossing, line={"color": RED, "dash": "dot", "width": 1}, row=1, col=column)
    figure.update_xaxes(type="log", row=1, col=len(CURVES))
    figure.update_yaxes(title_text=f"PnL, {document['reporting_currency']}", row=1, col=1)
    heading = f"{title}: {document['verdict']} · {document['reason']}"
    figure.update_layout(title={"text": escape(heading), "font": {"size": 15}}, height=HEIGHT, template="plotly_white")
    return figure
