"""The report of a stage: its verdict first, then what it stands on. Every number in it comes from the outcome.

Nothing in it depends on when, where or how fast it ran, so a run that finds the same gives the same report, byte by
byte, and a change to the one in the repository is a change of results.
"""

import math
import re

from arbitrage_core.domain.errors import InvariantBroken
from flows.outcome import CampaignOutcome, StageOutcome
from flows.report.bands_chart import banded_figures
from flows.report.campaign_section import campaign_section, sessions_table
from flows.report.charts import REFUSALS_CHART, band_chart_name, stage_charts
from flows.report.independence_table import independence_table
from flows.report.markdown import code, linked_picture, picture, plain, table, whole
from flows.report.pictures import Pictures
from flows.report.quantity import NOTHING, bare, number, words
from flows.report.remarks import remark_sections
from flows.report.rules_met import rules_met, rules_table
from flows.report.scenario_section import scenario_section
from flows.report.series import SessionSeries
from flows.report.study_section import study_sections
from flows.report.symbols_apart import shown_seed, tells_refusals
from flows.report.tables import FAILED, PASSED, checks_table
from flows.report.verdict_section import verdict_section
from flows.stages.stage import Campaign, Stage, StudyPlan

REPORT_BYTES_MAX = 500_000
"""Of a report that carries its charts: what a page of Prefect still opens at once."""
ALL = "all"
"""The key of a stage's old figures that are not any one campaign's."""


def stage_report(stage: Stage, outcome: StageOutcome, series: dict[str, SessionSeries], *, embeds_charts: bool) -> str:
    """The report as Markdown. `series`: of one representative session of each campaign, by campaign.

    `embeds_charts`: charts as data URIs, at most REPORT_BYTES_MAX in all; else links to SVG files in the folder
    `chart_folder(stage)` beside the report. Raises InvariantBroken when the verdict contradicts the checks.
    """
    _verdict_must_follow(stage, outcome)
    for name, one in series.items():
        if one.campaign != name:
            raise InvariantBroken(f"the series of {one.campaign} was to be drawn as {name}'s")
    charts = stage_charts(stage, outcome, series)
    currencies = {name: one.currency for name, one in series.items()}
    if not embeds_charts:
        folder = chart_folder(stage)
        linked = {name: f"{folder}/{name}.svg" for name in charts}
        beside = Pictures(charts, currencies, lambda name, what: linked_picture(linked[name], what))
        return _text(stage, outcome, beside)
    room = REPORT_BYTES_MAX - len(_text(stage, outcome, Pictures(charts, currencies, _left_out)).encode())
    embedded: dict[str, str] = {}
    for name, svg in charts.items():
        size = len(picture(svg, "").encode())  # its words replace a note that is longer than they are
        if size <= room:
            embedded[name], room = svg, room - size

    def shown(name: str, what: str) -> str:
        return picture(embedded[name], what) if name in embedded else _left_out(name, what)

    return _text(stage, outcome, Pictures(charts, currencies, shown))


def chart_folder(stage: Stage) -> str:
    """Of the charts beside the report, e.g. "d65"."""
    return stage.name.lower()


def _verdict_must_follow(stage: Stage, outcome: StageOutcome) -> None:
    """A report must not say more than was found, whoever calls it."""
    if outcome.stage != stage.name:
        raise InvariantBroken(f"the outcome of {outcome.stage} was to be reported as {stage.name}'s")
    failed = [one.name for one in outcome.checks if one.critical and not one.passed]
    if outcome.accepted and failed:
        raise InvariantBroken(f"{outcome.verdict} although {', '.join(failed)} failed")
    if outcome.accepted and not any(one.critical for one in outcome.checks):
        raise InvariantBroken(f"{outcome.verdict} although no critical check was made")


def _text(stage: Stage, outcome: StageOutcome, pictures: Pictures) -> str:
    by_name = {one.campaign: one for one in outcome.campaigns}
    names = [one.name for one in stage.campaigns]
    strangers = [one for one in outcome.campaigns if one.campaign not in names]
    parts = [
        f"# {PASSED if outcome.accepted else FAILED} {plain(outcome.verdict)}",
        f"**{plain(stage.name)}: {plain(stage.title)}.** {whole(stage.purpose)}",
        *_planted(outcome),
        "## What was run",
        _runs(stage, by_name),
        f"## Checks: {number(sum(one.passed for one in outcome.checks))} of {number(len(outcome.checks))} passed",
        _checks(outcome),
        *scenario_section(stage, by_name, pictures),
        *study_sections(stage, by_name, pictures),
        *verdict_section(stage, outcome, pictures),
        *_bands(stage, pictures),
        *_old_figures(stage, by_name),
        *_refusals(stage, outcome, pictures),
        *_independence(stage, by_name),
    ]
    for campaign in stage.campaigns:
        parts += campaign_section(campaign, by_name.get(campaign.name), pictures)
    for stranger in strangers:
        parts += [f"## {plain(stranger.campaign)}: not a campaign of this stage", sessions_table(stranger)]
    parts += remark_sections(stage, outcome, by_name)
    parts += ["## How to reproduce it", _commands(stage, outcome, by_name)]
    return "\n\n".join(parts) + "\n"


def _planted(outcome: StageOutcome) -> list[str]:
    if outcome.seed_fault is None:
        return []
    fault = code(outcome.seed_fault)
    return [f"> ⚠️ Run with a deliberate defect, {fault}: the stage must be rejected, by a check that names it."]


def _runs(stage: Stage, by_name: dict[str, CampaignOutcome]) -> str:
    rows = []
    for campaign in stage.campaigns:
        found = by_name.get(campaign.name)
        backtests, papers = (found.backtests, found.papers) if found else ((), ())
        closed = sum(one.figures.get("closed") or 0 for one in backtests)
        rows.append(
            [
                plain(f"{campaign.name} {campaign.title.split(':')[0]}"),
                ", ".join(map(code, dict.fromkeys(campaign.symbols.values()) or [campaign.preset])),
                _length(campaign),
                _span(campaign.seeds),
                number(len(backtests)),
                ", ".join(f"seed {one.seed}" for one in papers) or "none",
                number(closed),
            ]
        )
    heads = ["campaign", "market", "rows or time a seed", "seeds", "backtests", "paper", "closed trades"]
    return table(heads, rows, right=(2, 4, 6))


def _length(campaign: Campaign) -> str:
    """Rows, or the span: "1 h"."""
    if campaign.span_s is None:
        return number(campaign.rows)
    return f"{campaign.span_s / 3600:g} h"


def _span(seeds: tuple[int, ...]) -> str:
    """1–20 when none is left out, else one by one."""
    if len(seeds) > 1 and seeds == tuple(range(seeds[0], seeds[0] + len(seeds))):
        return f"{seeds[0]}–{seeds[-1]}"
    return ", ".join(map(str, seeds)) or "none"


def _checks(outcome: StageOutcome) -> str:
    found = checks_table(outcome)
    heads = ["passed", "name", "observed", "expected"]
    if any(row["detail"] for row in found):
        heads.append("detail")
    rows = [[plain(row[head]) for head in heads] for row in found]
    return table(heads, rows)


def _bands(stage: Stage, pictures: Pictures) -> list[str]:
    what = {figure: f"{words(figure)} of every seed against its band" for figure in banded_figures(stage)}
    shown = [line for figure in what for line in pictures.of(band_chart_name(figure), what[figure])]
    return ["## Every seed against its band", *shown] if shown else []


def _old_figures(stage: Stage, by_name: dict[str, CampaignOutcome]) -> list[str]:
    if not stage.old_figures:
        return []
    named = [(plain(one.name), one.name, [by_name[one.name]] if one.name in by_name else []) for one in stage.campaigns]
    named.append(("all of them", ALL, [by_name[one.name] for one in stage.campaigns if one.name in by_name]))
    rows = []
    for shown, name, ours in named:
        if name in stage.old_figures:
            old = stage.old_figures[name]
            entries, exits, rates = _ours(ours)
            before = (number(old.entries), number(old.exits), bare("win_rate", old.win_rate))
            rows.append([shown, before[0], entries, before[1], exits, before[2], rates])
    heads = ["campaign", "entries", "ours", "exits", "ours", "win rate, %", "ours, every seed"]
    return ["## Beside the figures of the system before", table(heads, rows, right=tuple(range(1, 7)))]


def _ours(campaigns: list[CampaignOutcome]) -> list[str]:
    seeds = [one for campaign in campaigns for one in campaign.backtests]
    entries, exits = (sum(one.figures.get(name) or 0 for one in seeds) for name in ("entries", "closed"))
    rates = [rate for one in seeds if (rate := one.figures.get("win_rate")) is not None and not math.isnan(rate)]
    span = f"{bare('win_rate', min(rates))} to {bare('win_rate', max(rates))}" if rates else NOTHING
    return [number(entries if seeds else None), number(exits if seeds else None), span]


def _refusals(stage: Stage, outcome: StageOutcome, pictures: Pictures) -> list[str]:
    """Of all sessions together; nothing where the stage is not about them."""
    if not tells_refusals(stage):
        return []
    rules = rules_met(stage, [one for campaign in outcome.campaigns for one in campaign.all])
    shown = pictures.of(REFUSALS_CHART, "refusals by reason: looks refused and opportunities missed")
    return ["## Refusals by reason", *shown, "Missed by reason, in the order of precedence:", rules_table(rules)]


def _independence(stage: Stage, by_name: dict[str, CampaignOutcome]) -> list[str]:
    found = independence_table(stage, by_name)
    return ["## Each symbol as if it were alone", found] if found else []


def _commands(stage: Stage, outcome: StageOutcome, by_name: dict[str, CampaignOutcome]) -> str:
    fault = f" --seed-fault {outcome.seed_fault}" if outcome.seed_fault else ""
    lines = [f"./arb accept {stage.name}{fault}"]
    for campaign in stage.campaigns:
        lines.append(_command(campaign))
        ours = by_name[campaign.name].backtests if campaign.name in by_name else ()
        lines += [f"./arb replay {one.session}   # its journal" for one in ours if one.seed == shown_seed(campaign)]
    return "```\n" + "\n".join(line.replace("`", "'") for line in lines) + "\n```"


def _command(campaign: Campaign) -> str:
    """One seed as a backtest, or judged; as a whole one with markets or a script of its own, which no option says."""
    if campaign.study is not None:
        return _search_command(campaign, campaign.study)
    if {*campaign.symbols.values()} - {campaign.preset} or campaign.script:
        return f"./arb campaign {campaign.name}   # all seeds of {campaign.name}"
    settings = "".join(f" --set {_quoted(one)}" for one in campaign.settings)
    asked = "verdict" if campaign.verdicts else "backtest"
    command = f"./arb {asked} --synthetic {campaign.preset} --seed {shown_seed(campaign)} {campaign.options}"
    return f"{command}{settings}   # one seed of {campaign.name}"


def _search_command(campaign: Campaign, plan: StudyPlan) -> str:
    """The study of one seed."""
    command = f"./arb tune --synthetic {campaign.preset} --seed {shown_seed(campaign)} --rows {campaign.rows}"
    options = [f"--set {_quoted(one)}" for one in campaign.settings]
    options += [f"--vary {_quoted(one)}" for one in plan.vary]
    options += [f"--scenario {one}" for one in plan.scenarios]
    options += [f"--sampler {plan.sampler}", f"--objective {plan.objective}", f"--trials {plan.trials}"]
    return f"{command} {' '.join(options)}   # the study of one seed of {campaign.name}"


def _quoted(setting: str) -> str:
    """In double quotes, which both shells know, if it has what a shell would take for its own."""
    return setting if re.fullmatch(r"[\w./:=,+-]*", setting) else '"' + setting.replace('"', "'") + '"'


def _left_out(name: str, shown: str) -> str:
    return f"(Chart {code(name)}, {plain(shown)}, is left out: the page would be too large. It is in the repository.)"
