"""The remarks: what works, what is limited, what is open. A rejected stage claims nothing, and failures come first."""

from flows.outcome import CampaignOutcome, Check, SeedOutcome, StageOutcome
from flows.report.markdown import bullets, code, plain, whole
from flows.report.quantity import number
from flows.report.symbol_table import adds_up
from flows.report.tables import by_seed, outside
from flows.stages.stage import Stage

LINES_MAX = 40
"""Of one list; how many more there are is said."""


def remark_sections(stage: Stage, outcome: StageOutcome, by_name: dict[str, CampaignOutcome]) -> list[str]:
    """Three lists with their headings."""
    works = [whole(one.text) for one in stage.remarks if one.kind == "works"]
    if not outcome.accepted:
        works = []
    failed = [one for one in outcome.checks if not one.passed]
    limits = [_failed(one) for one in failed if not one.critical]
    limits += [whole(one.text) for one in stage.remarks if one.kind == "limited"]
    troubles = [_failed(one) for one in failed if one.critical]
    troubles += [plain(line) for line in _troubles(stage, by_name)]
    remarks = [whole(one.text) for one in stage.remarks if one.kind == "open"]
    nothing_works = "Nothing to say." if outcome.accepted else "Nothing is claimed of a stage that is rejected."
    return [
        "## ✅ What works",
        bullets(works, nothing_works),
        "## ⚠️ What is limited",
        bullets(limits, "Nothing known."),
        "## ❌ What is open",
        bullets([*_cut(troubles), *remarks], "Nothing known."),
    ]


def _failed(check: Check) -> str:
    where = f" ({plain(check.detail)})" if check.detail else ""
    return f"Check {code(check.name)} failed: {plain(check.observed)}, expected {plain(check.expected)}{where}."


def _troubles(stage: Stage, by_name: dict[str, CampaignOutcome]) -> list[str]:
    """What the sessions themselves show, whatever the checks made of it."""
    lines = []
    for campaign in stage.campaigns:
        found = by_name.get(campaign.name)
        if found is None:
            lines.append(f"{campaign.name} was not run.")
            continue
        lines += [f"{line}." for line in outside(campaign, found)]
        for one in by_seed(found):
            lines += [f"{campaign.name}, seed {one.seed}, {one.mode}: {what}" for what in _findings(one)]
    return lines


def _findings(one: SeedOutcome) -> list[str]:
    found = [*one.findings, *one.differences, *one.model_differences, *one.not_independent]
    if one.symbols and not adds_up(one):
        found.append("the PnL of its symbols does not add up to its own.")
    return [*found, "the replay of its journal differs."] if not one.identical else found


def _cut(lines: list[str]) -> list[str]:
    if len(lines) <= LINES_MAX:
        return lines
    return [*lines[:LINES_MAX], f"… and {number(len(lines) - LINES_MAX)} more."]
