"""The audit's report: the matrix, the critical gaps with their owners, the standard campaigns, surviving mutants.

Nothing in it depends on when, where or how fast anything ran: the same evidence gives the same bytes.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from flows.audit import Finding, Mark, gaps_of
from flows.outcome import CampaignOutcome
from flows.report.markdown import code, plain, table, whole
from flows.report.quantity import bare, number, quantity, words
from flows.stages.order import ROAD
from flows.stages.stage import Campaign, Stage

INTRODUCTION = (
    "Made by `./arb audit` and `./arb accept` from what exists: the sources and tests of this checkout, and what the "
    "record in PostgreSQL holds of the present code. Nobody edits it. ✅ code, tests and measured evidence of this "
    "code are there. ⚠️ code and tests are there, but nothing that could show it ran on this code, or a limit is "
    "stated. ❌ code or tests are missing, or it was looked for in what ran and is not there. A critical feature that "
    "is ❌ is a critical gap; from D65 on, a stage with one of its own or of a stage before it is rejected."
)


def audit_report(
    findings: Sequence[Finding],
    standard: Stage,
    outcomes: Iterable[CampaignOutcome],
    mutants: dict[str, Any] | None,
) -> str:
    """The report as Markdown.

    `standard`: the stage whose campaigns are the standard ones, `outcomes` what came of them on this code, if they ran.
    `mutants`: what the mutation run left (`mutants`, `killed`, `survived`, `equivalent`); None: there was none.
    """
    counts = Counter(finding.state for finding in findings)
    marks, gaps = ", ".join(f"{mark} {counts[mark]}" for mark in Mark), gaps_of(findings)
    by_name = {one.campaign: one for one in outcomes}
    parts = [
        "# System audit",
        INTRODUCTION,
        f"**{len(findings)} features: {marks}; {len(gaps)} critical gaps.**",
        "## Critical gaps",
        table(
            ["stage", "gap", "what is missing", "why it matters"],
            [[plain(one.stage), plain(one.name), plain(one.evidence), plain(one.why)] for one in _by_stage(gaps)],
        ),
        "## The matrix",
        table(
            ["", "stage", "feature", "evidence", "why it matters", "critical"],
            [_row(one) for one in _by_stage(findings)],
        ),
        "## Standard campaigns",
        "\n".join(_run_line(campaign) for campaign in standard.campaigns),
        *(_campaign(campaign, by_name.get(campaign.name)) for campaign in standard.campaigns),
        *_mutants(mutants),
    ]
    return "\n\n".join(parts) + "\n"


def _by_stage(findings: Iterable[Finding]) -> list[Finding]:
    order = [milestone.name for milestone in ROAD]
    return sorted(findings, key=lambda one: order.index(one.stage))


def _row(one: Finding) -> list[str]:
    cells = [str(one.state), plain(one.stage), plain(one.name), plain(one.evidence), plain(one.why)]
    return [*cells, "yes" if one.critical else "no"]


def _run_line(campaign: Campaign) -> str:
    seeds = f"seeds {campaign.seeds[0]} to {campaign.seeds[-1]}"
    run = code(f"./arb campaign {campaign.name}")
    real = code(f"./arb campaign {campaign.name} --mode paper --pace real")
    return f"- **{plain(campaign.name)}**, {plain(campaign.title)}, {seeds}: {run}; one seed in real time: {real}"


def _campaign(campaign: Campaign, outcome: CampaignOutcome | None) -> str:
    """What each seed must show, and the least any of them did."""
    seeds = outcome.backtests if outcome is not None else ()
    rows = []
    for path, asked in {"figures.closed": float(campaign.closed_least), **campaign.shows}.items():
        name = path.rpartition(".")[2]
        least = min((seed.at(path) or 0.0 for seed in seeds), default=None)
        mark = Mark.LIMITED if least is None else Mark.MET if least >= asked else Mark.MISSING
        rows.append([str(mark), plain(words(name)), bare(name, asked), bare(name, least)])
    for band in campaign.bands:
        values = [seed.figure(band.figure, band.symbol) for seed in seeds]
        known = [value for value in values if value is not None]
        mark = Mark.LIMITED if not seeds else Mark.MET if all(map(band.holds, values)) else Mark.MISSING
        asked = f"{bare(band.figure, band.least)} to {bare(band.figure, band.most)} %"
        seen = f"{bare(band.figure, min(known))} to {bare(band.figure, max(known))} %" if known else "–"
        rows.append([str(mark), plain(band.name), asked, seen])
    heads = ["", f"{campaign.name}: of every seed", "at least", "least seen"]
    return table(heads, rows, right=(2, 3))


def _mutants(mutants: dict[str, Any] | None) -> list[str]:
    if mutants is None:
        return []
    survived = mutants["survived"]
    rows = [
        [
            code(f"{one['file']}:{one['line']}"),
            plain(one["operator"]),
            code(one["before"]),
            code(one["after"]),
            plain(one["why"]),
        ]
        for one in survived
    ]
    noticed = f"the tests noticed {number(mutants['killed'])}; {number(len(survived))} survived"
    reasons = Counter((one["file"], one["why"]) for one in mutants["equivalent"])
    same = [
        [code(file), number(count), whole(why)]
        for (file, why), count in sorted(reasons.items(), key=lambda one: (one[0][0], -one[1], one[0][1]))
    ]
    share = mutants["killed"] / (mutants["killed"] + len(survived)) if mutants["killed"] + len(survived) else None
    rate = f"That is {quantity('killed_share', share)} of those that change anything (`python -m tests.mutation`)."
    return [
        "## Surviving mutants",
        f"Of {number(mutants['mutants'])} changes to ledger, guards, fills, orders, one at a time, {noticed}. {rate}",
        table(["where", "operator", "before", "after", "why"], rows) if rows else "None survived.",
        f"{number(len(mutants['equivalent']))} change nothing, by what is known of the code:" if same else "",
        table(["file", "changes", "why they change nothing"], same, right=(1,)) if same else "",
    ]
