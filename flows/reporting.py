"""The reporting: what a stage's report is made of, read back from the record, and where it goes.

A run with a planted defect is reported like any other, but not written over the stage's report in the repository.
"""

from dataclasses import replace
from pathlib import Path

from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.frames import read_equity, read_trades
from arbitrage_core.storage.record.reader import session_log_of, session_row
from arbitrage_core.storage.record.studies import read_results
from arbitrage_core.tuning.space import range_of
from flows.outcome import CampaignOutcome, StageOutcome
from flows.report.exposure import exposure_of
from flows.report.realised import realised_tracks
from flows.report.report_files import write_report
from flows.report.search import Search
from flows.report.series import SessionSeries
from flows.report.stage_report import stage_report
from flows.report.symbols_apart import shown_seed, tells_symbols_apart
from flows.seed_rows import config_of
from flows.stages.stage import Campaign, Stage, StudyPlan
from flows.study_evidence import StudyEvidence

REPORTS = Path("docs") / "reports"


def written_report(stage: Stage, outcome: StageOutcome, record: Record, root: Path) -> tuple[StageOutcome, str]:
    """The outcome with the path of its report (below `root`), and the report as Markdown with its charts inside."""
    series = series_of(stage, outcome, record)
    if outcome.seed_fault is None:
        path = write_report(root / REPORTS, stage, outcome, series)
        outcome = outcome.model_copy(update={"report": path.relative_to(root).as_posix()})
    return outcome, stage_report(stage, outcome, series, embeds_charts=True)


def series_of(stage: Stage, outcome: StageOutcome, record: Record) -> dict[str, SessionSeries]:
    """Of each campaign the series of one seed's backtest, as recorded (`shown_seed`); none where it never got there."""
    by_name = {one.campaign: one for one in outcome.campaigns}
    found = {campaign.name: _series(campaign, by_name.get(campaign.name), record) for campaign in stage.campaigns}
    return {name: series for name, series in found.items() if series is not None}


def _series(campaign: Campaign, outcome: CampaignOutcome | None, record: Record) -> SessionSeries | None:
    seeds = outcome.backtests if outcome is not None else ()
    shown = next((seed for seed in seeds if seed.seed == shown_seed(campaign) and seed.record_id), None)
    if shown is None:
        return None
    config = config_of(campaign, shown.seed)
    series = SessionSeries.of_frames(
        campaign.name,
        shown.seed,
        read_equity(record, shown.record_id),
        read_trades(record, shown.record_id),
        currency=config.reporting_currency,
        start_quote=float(shown.figures["start_quote"] or 0.0),
    )
    if campaign.study is not None and shown.study is not None:
        series = replace(series, search=_search(campaign.study, shown.study, record))
    if not tells_symbols_apart(campaign):
        return series
    config, log = session_row(record, shown.record_id).config, session_log_of(record, shown.record_id)
    return replace(series, realised=realised_tracks(config, log), exposure=exposure_of(config, log))


def _search(plan: StudyPlan, study: StudyEvidence, record: Record) -> Search | None:
    """What a seed's study tried, read back from the record."""
    with record.begin() as connection:
        results = read_results(connection, study.study_id)
    return Search.of(dict(map(range_of, plan.vary)), plan.objective, results, study.trial)
