"""The charts of a stage, by name: bands, refusals, and of each campaign those of one session."""

from flows.outcome import CampaignOutcome, StageOutcome
from flows.report.bands_chart import banded_figures, bands_chart, figures_banded_by_symbol, symbol_bands_chart
from flows.report.curves_chart import curves_chart
from flows.report.equity_chart import equity_chart
from flows.report.exposure_chart import exposure_chart
from flows.report.refusals_chart import refusals_chart
from flows.report.rules_met import rules_met
from flows.report.scenarios_chart import scenarios_chart, stressed_panels
from flows.report.search_chart import search_chart
from flows.report.series import SessionSeries
from flows.report.symbols_apart import shown_outcome, tells_refusals
from flows.report.symbols_chart import symbols_chart
from flows.report.trades_chart import trades_chart
from flows.report.verdicts_chart import verdicts_chart
from flows.stages.stage import Campaign, Stage

REFUSALS_CHART, SCENARIOS_CHART, VERDICTS_CHART = "refusals", "scenarios", "verdicts"


def stage_charts(stage: Stage, outcome: StageOutcome, series: dict[str, SessionSeries]) -> dict[str, str]:
    """SVGs by name, e.g. "bands_win_rate", "c1_equity", "c1_trades"; in the order the report shows them.

    `series` is by campaign: one representative session each. A campaign without one has no charts of its own but those
    of its bands; one with a scenario, or with verdicts, is a panel beside the others.
    """
    campaigns = {campaign.campaign: campaign for campaign in outcome.campaigns}
    panels = stressed_panels(stage, outcome, series)
    charts = {SCENARIOS_CHART: scenarios_chart(panels)} if panels else {}
    charts |= _verdict_charts(stage, campaigns, series)
    charts |= {band_chart_name(figure): bands_chart(stage, campaigns, figure) for figure in banded_figures(stage)}
    if tells_refusals(stage):
        sessions = [one for campaign in outcome.campaigns for one in campaign.all]
        charts[REFUSALS_CHART] = refusals_chart(stage.name, rules_met(stage, sessions))
    for campaign in stage.campaigns:
        for figure in figures_banded_by_symbol(campaign):
            found = campaigns.get(campaign.name)
            charts[symbol_band_chart_name(campaign, figure)] = symbol_bands_chart(campaign, found, figure)
        search = series[campaign.name].search if campaign.name in series else None
        if search is not None:
            charts[search_chart_name(campaign)] = search_chart(campaign.name, series[campaign.name].seed, search)
        if campaign.name in series and not campaign.scenario and not campaign.verdicts:
            for kind, svg in _session_charts(series[campaign.name]).items():
                charts[f"{campaign.name.lower()}_{kind}"] = svg
    return charts


def _verdict_charts(
    stage: Stage, outcomes: dict[str, CampaignOutcome], series: dict[str, SessionSeries]
) -> dict[str, str]:
    """All verdicts in one, and the curves of each seed that was run again."""
    campaigns = [campaign for campaign in stage.campaigns if campaign.verdicts]
    if not campaigns:
        return {}
    currency = next((series[one.name].currency for one in campaigns if one.name in series), "")
    charts = {VERDICTS_CHART: verdicts_chart(campaigns, outcomes, currency)}
    for campaign in campaigns:
        shown = shown_outcome(campaign, outcomes.get(campaign.name))
        if shown is not None and shown.judged is not None and "curves" in shown.judged.document:
            title = f"{campaign.name}, seed {shown.seed}"
            charts[curves_chart_name(campaign)] = curves_chart(title, shown.judged.document)
    return charts


def _session_charts(series: SessionSeries) -> dict[str, str]:
    charts = {"equity": equity_chart(series), "trades": trades_chart(series)}
    if series.realised is not None:
        charts["symbols"] = symbols_chart(series, series.realised)
    if series.exposure is not None:
        charts["exposure"] = exposure_chart(series, series.exposure)
    return charts


def search_chart_name(campaign: Campaign) -> str:
    """Of the chart of a campaign's study."""
    return f"{campaign.name.lower()}_search"


def band_chart_name(figure: str) -> str:
    """Of the chart of a figure's bands."""
    return f"bands_{figure}"


def curves_chart_name(campaign: Campaign) -> str:
    """Of the chart of a campaign's verdict with another fee, latency or size."""
    return f"{campaign.name.lower()}_curves"


def symbol_band_chart_name(campaign: Campaign, figure: str) -> str:
    """Of the chart of a campaign's bands of single symbols."""
    return f"{campaign.name.lower()}_bands_{figure}"
