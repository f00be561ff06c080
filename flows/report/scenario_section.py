"""The section of the scenarios: a row for each against the baseline, and a panel for each."""

from flows.outcome import CampaignOutcome, SeedOutcome
from flows.report.charts import SCENARIOS_CHART
from flows.report.markdown import code, plain, table
from flows.report.pictures import Pictures
from flows.report.quantity import NOTHING, number
from flows.report.symbols_apart import shown_seed
from flows.report.tables import FAILED, PASSED
from flows.stages.stage import Campaign, Stage


def scenario_section(stage: Stage, by_name: dict[str, CampaignOutcome], pictures: Pictures) -> list[str]:
    """Nothing where a stage has no scenarios. The figures are of one seed, the mark of all of them."""
    scenarios = [campaign for campaign in stage.campaigns if campaign.scenario]
    if not scenarios:
        return []
    rows = [_row(campaign, by_name.get(campaign.name)) for campaign in scenarios]
    heads = ["", "scenario", "injected, as measured (as intended)", "entries", "fills", "refused looks"]
    heads += ["net PnL", "max drawdown", "guards tripped"]
    told = (
        "Each scenario runs beside the same session without it: same rows, seed and settings but for what is injected. "
        f"Figures are of seed {shown_seed(scenarios[0])}, first the baseline's; the mark is of all seeds. Net PnL is "
        "what was booked; the chart shows equity, and with it what money in another currency lost."
    )
    return [
        "## Scenarios against the baseline",
        told,
        table(heads, rows, right=(3, 4, 5, 6, 7)),
        *pictures.of(SCENARIOS_CHART, "profit under each scenario beside the baseline's"),
    ]


def _row(campaign: Campaign, outcome: CampaignOutcome | None) -> list[str]:
    seeds = outcome.backtests if outcome is not None else ()
    shown = next((one.stress for one in seeds if one.seed == shown_seed(campaign)), None)
    name = f"{campaign.name} {code(campaign.scenario)}"
    if shown is None:
        return [FAILED, name, "not run", *[NOTHING] * 6]
    before, after = shown.baseline, shown.stressed
    injected = "; ".join(
        f"{one.what}: {number(one.measured, _places(one.intended))} {one.unit} "
        f"({number(one.intended, _places(one.intended))})"
        for one in shown.injected
    )
    refused = [sum(one.refusals.values()) for one in (before, after)]
    tripped = ", ".join(f"{rule} {count}" for rule, count in after.guards.items())
    return [
        PASSED if all(_passed(one) for one in seeds) else FAILED,
        name,
        plain(injected),
        _both(before.entries, after.entries),
        _both(before.fills, after.fills),
        _both(*refused),
        _both(before.pnl_quote, after.pnl_quote, 2, signed=True),
        _both(before.max_drawdown_quote, after.max_drawdown_quote, 2),
        plain(tripped) or "none",
    ]


def _places(intended: float) -> int:
    """So many decimals that a twentieth of it shows, which is how far off a measure may be."""
    return 2 if abs(intended) >= 1 else 4


def _passed(seed: SeedOutcome) -> bool:
    return seed.stress is not None and seed.stress.passed


def _both(before: float, after: float, places: int = 0, *, signed: bool = False) -> str:
    return f"{number(before, places, signed=signed)} → {number(after, places, signed=signed)}"
