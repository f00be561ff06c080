"""The roadmap: each stage, its goal, when it is done, and where it stands, from the data the audit has."""

from collections import Counter
from collections.abc import Mapping, Sequence

from flows.audit import Finding, Mark, gaps_of
from flows.outcome import Standing
from flows.report.markdown import bullets, plain, table, whole
from flows.stages.order import ROAD, Milestone

INTRODUCTION = (
    "Made by `./arb audit` and `./arb accept` from the same data as [the audit](D64_SYSTEM_AUDIT.md). Nobody edits it. "
    "A stage is accepted only when those before it are accepted on the same code and settings, and when neither it nor "
    "one before it owns a critical gap."
)


def roadmap(findings: Sequence[Finding], standings: Mapping[str, Standing], written: Sequence[str]) -> str:
    """The roadmap as Markdown.

    `standings`: by stage, its verdict on the present code and settings, where there is one; `written`: the stages whose
    campaigns exist.
    """
    rows = [
        [plain(one.name), plain(one.title), _stand(one.name, standings, written), _features(one.name, findings)]
        for one in ROAD
    ]
    parts = [
        "# Roadmap",
        INTRODUCTION,
        table(["stage", "", "where it stands", "its features"], rows),
        *(_section(one, findings, standings, written) for one in ROAD),
    ]
    return "\n\n".join(parts) + "\n"


def _section(
    one: Milestone, findings: Sequence[Finding], standings: Mapping[str, Standing], written: Sequence[str]
) -> str:
    gaps = [f"{whole(gap.name)}: {plain(gap.evidence)}" for gap in gaps_of(findings, (one.name,))]
    parts = [
        f"## {plain(one.name)}: {plain(one.title)}",
        f"**Goal.** {whole(one.goal)}",
        "**Done when**\n\n" + bullets([whole(line) for line in one.done], ""),
        f"**Stands.** {_stand(one.name, standings, written)}.",
        "**Critical gaps**\n\n" + bullets(gaps, "") if gaps else "**Critical gaps.** None.",
    ]
    return "\n\n".join(parts)


def _stand(name: str, standings: Mapping[str, Standing], written: Sequence[str]) -> str:
    if name not in written:
        return "not written yet"
    if name not in standings:
        return "not judged on this code yet"
    return f"{Mark.MET} accepted" if standings[name].accepted else f"{Mark.MISSING} rejected"


def _features(name: str, findings: Sequence[Finding]) -> str:
    counts = Counter(one.state for one in findings if one.stage == name)
    return " ".join(f"{mark} {counts[mark]}" for mark in Mark if counts[mark]) or "none"
