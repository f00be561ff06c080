"""The charts of a stage, by name: a band's for every figure that has one, and two for each campaign."""

from flows.outcome import StageOutcome
from flows.report.bands_chart import banded_figures, bands_chart
from flows.report.equity_chart import equity_chart
from flows.report.series import SessionSeries
from flows.report.trades_chart import trades_chart
from flows.stages.stage import Stage


def stage_charts(stage: Stage, outcome: StageOutcome, series: dict[str, SessionSeries]) -> dict[str, str]:
    """SVGs by name, e.g. "bands_win_rate", "c1_equity", "c1_trades"; in the order the report shows them.

    `series` is by campaign: one representative session each. A campaign without one has no charts of its own.
    """
    campaigns = {campaign.campaign: campaign for campaign in outcome.campaigns}
    charts = {band_chart_name(figure): bands_chart(stage, campaigns, figure) for figure in banded_figures(stage)}
    for campaign in stage.campaigns:
        if campaign.name in series:
            charts[f"{campaign.name.lower()}_equity"] = equity_chart(series[campaign.name])
            charts[f"{campaign.name.lower()}_trades"] = trades_chart(series[campaign.name])
    return charts


def band_chart_name(figure: str) -> str:
    """Of the chart of a figure's bands."""
    return f"bands_{figure}"
