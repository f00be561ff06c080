"""The section of the studies: of each seed its best set, in and out of sample, and what speaks for and against it."""

from flows.outcome import CampaignOutcome, SeedOutcome
from flows.report.charts import search_chart_name
from flows.report.markdown import code, plain, table
from flows.report.pictures import Pictures
from flows.report.quantity import NOTHING, number, quantity
from flows.report.symbols_apart import shown_seed
from flows.report.tables import FAILED, PASSED
from flows.stages.stage import Campaign, Stage

HEADS = (
    "seed",
    "best set",
    "in sample",
    "trades",
    "out of sample",
    "trades",
    "deflated Sharpe",
    "overfit",
    "loses",
    "worst neighbour",
    "holds up",
)


SMALL = 1_000.0
"""Numbers below are shown with their decimals."""

LEGEND = (
    "Money is net profit of the best set. *Deflated Sharpe*: the probability that its Sharpe ratio is above 0, the "
    "number of tries counted in. *Overfit*: how often the best in one half of the periods is below the middle in the "
    "other; on a broad plateau that is even odds. *Loses*: how often it loses there. *Worst neighbour*: what a set one "
    "step away brings of the best's, at least."
)


def study_sections(stage: Stage, by_name: dict[str, CampaignOutcome], pictures: Pictures) -> list[str]:
    """Nothing where a stage has no studies."""
    searched = [campaign for campaign in stage.campaigns if campaign.study is not None]
    if not searched:
        return []
    parts = ["## Studies: the best of many, in sample and out of sample", LEGEND]
    for campaign in searched:
        parts += _of(campaign, by_name.get(campaign.name), pictures)
    return parts


def _of(campaign: Campaign, outcome: CampaignOutcome | None, pictures: Pictures) -> list[str]:
    plan = campaign.study
    ranges = " ".join(code(one) for one in plan.vary)
    over = f", the worst case over the rows and {', '.join(map(code, plan.scenarios))}" if plan.scenarios else ""
    said = f"{ranges}: {number(plan.trials)} sets by {code(plan.sampler)}, by {code(plan.objective)}{over}."
    chart = f"{campaign.name}, seed {shown_seed(campaign)}: every set in and out of sample, and over two parameters"
    names = [one.partition("=")[0] for one in plan.vary]
    rows = [_row(seed, names) for seed in (outcome.backtests if outcome is not None else ())]
    return [
        f"### {plain(campaign.name)}: {plain(campaign.title)}",
        said,
        *pictures.of(search_chart_name(campaign), chart),
        table(HEADS, rows, right=tuple(range(2, 10))),
        *_reasons(outcome),
    ]


def _row(seed: SeedOutcome, names: list[str]) -> list[str]:
    one = seed.study
    if one is None:
        return [str(seed.seed), "no study", *[NOTHING] * (len(HEADS) - 2)]
    params = ", ".join(f"{name} {_short(one.params[name])}" for name in names)
    inside, outside = one.in_sample, one.out_of_sample
    return [
        str(seed.seed),
        plain(params),
        number(inside["pnl_quote"], 2, signed=True),
        number(inside["trades"]),
        number(outside["pnl_quote"], 2, signed=True),
        number(outside["trades"]),
        number(one.deflated_sharpe, 3),
        quantity("loss_probability", one.overfit_probability),
        quantity("loss_probability", one.loss_probability),
        quantity("plateau_share", one.plateau_share),
        f"{FAILED} no" if one.objections else f"{PASSED} yes",
    ]


def _short(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return number(value, 0 if abs(value) >= SMALL else 2)


def _reasons(outcome: CampaignOutcome | None) -> list[str]:
    """How often each thing spoke against a best set, by its first words."""
    counts: dict[str, int] = {}
    for seed in outcome.backtests if outcome is not None else ():
        for said in seed.study.objections if seed.study is not None else ():
            kind = KINDS.get(next((key for key in KINDS if key in said), ""), said)
            counts[kind] = counts.get(kind, 0) + 1
    if not counts:
        return []
    told = ", ".join(f"{kind} ({count} seeds)" for kind, count in sorted(counts.items(), key=lambda one: -one[1]))
    return [f"What spoke against the best sets: {plain(told)}."]


KINDS = {
    "out of sample it earned": "it earned nothing out of sample",
    "out of sample it made": "too few trades out of sample",
    "deflated Sharpe": "so many tries find its like by chance",
    "loses in the other": "the best of one half loses in the other",
    "in sample it brought": "it earned nothing in sample, either",
    "stands alone": "it stands alone among its neighbours",
}
"""What an objection is about, by words it contains."""
