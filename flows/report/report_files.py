"""The report's files: Markdown, and beside it a folder with its charts."""

from pathlib import Path

from arbitrage_core.storage.disk import could_not_write, write_whole
from flows.outcome import StageOutcome
from flows.report.charts import stage_charts
from flows.report.series import SessionSeries
from flows.report.stage_report import chart_folder, stage_report
from flows.stages.stage import Stage


def write_report(folder: Path, stage: Stage, outcome: StageOutcome, series: dict[str, SessionSeries]) -> Path:
    """Writes `D65_FINAL_REPORT.md` and `d65/*.svg` into `folder`, made if missing; gives the report's path.

    The charts first, so that the report never shows what is not there, and charts of an earlier run that this one does
    not make are taken away. Raises DiskRefused, and what `stage_report` raises before anything is written.
    """
    text = stage_report(stage, outcome, series, embeds_charts=False)
    charts = {f"{name}.svg": svg for name, svg in stage_charts(stage, outcome, series).items()}
    beside = folder / chart_folder(stage)
    try:
        beside.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise could_not_write(beside, error) from error
    for name, svg in charts.items():
        write_whole(beside / name, svg.encode())
    path = folder / f"{stage.name}_FINAL_REPORT.md"
    write_whole(path, text.encode())
    try:
        for file in sorted(beside.glob("*.svg")):
            if file.name not in charts:
                file.unlink()
    except OSError as error:
        raise could_not_write(file, error) from error
    return path
