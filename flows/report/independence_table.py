"""The table of independence: of campaigns whose symbols were also run alone, how many did the same, and where not."""

from flows.outcome import CampaignOutcome
from flows.report.markdown import plain, table
from flows.report.quantity import number
from flows.report.tables import FAILED, PASSED
from flows.stages.stage import Stage

SHOWN_MAX = 3
"""Of the places where symbols part; how many more there are is said."""


def independence_table(stage: Stage, by_name: dict[str, CampaignOutcome]) -> str:
    """A row a campaign; none when the stage has none that is run `alone`.

    `equal` counts the comparisons that came out the same to the last byte: each symbol alone, and each beside the
    first one switched off half-way.
    """
    rows = []
    for campaign in stage.campaigns:
        if not campaign.alone:
            continue
        seeds = by_name[campaign.name].backtests if campaign.name in by_name else ()
        parted = [f"seed {one.seed}: {where}" for one in seeds for where in one.not_independent]
        compared = sum(one.compared_alone for one in seeds)
        sound = bool(seeds) and all(one.compared_alone for one in seeds) and not parted
        shown = [*parted[:SHOWN_MAX], *([f"and {len(parted) - SHOWN_MAX} more"] if parted[SHOWN_MAX:] else [])]
        rows.append(
            [
                PASSED if sound else FAILED,
                plain(campaign.name),
                number(len(seeds)),
                number(compared),
                number(max(compared - len(parted), 0)),
                plain("; ".join(shown)) or ("nowhere" if compared else "not compared"),
            ]
        )
    heads = ["", "campaign", "seeds", "symbols compared", "equal", "where they part"]
    return table(heads, rows, right=(2, 3, 4)) if rows else ""
