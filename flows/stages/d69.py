"""Stage D69: what becomes of the engine when its market or its venues are not kind, and whether it is worth trading.

R0 to R13: the baseline and one campaign for each scenario, on the same seeds, rows and settings; the scenarios are in
arbitrage_core/scenarios/catalogue.py. V1 to V4: markets whose edge is known, judged by the verdict. What it must say of
them was stated before any of their seeds was run.
"""

from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.scenarios.catalogue import SCENARIOS, peg_script, stress_settings
from arbitrage_core.scenarios.scenario import Scenario
from arbitrage_core.statistics.verdict import Outcome
from flows.stages.stage import SEEDS as VERDICT_SEEDS
from flows.stages.stage import Campaign, Remark, Stage, VerdictBand

MARKET = "high"
SEEDS = (2, 3, 4)
"""Seed 1 ends on a book too thin to leave into, and a paper session must end with nothing open. What becomes of the
scenarios on seeds 1 to 20: `python -m tests.scenarios.every_seed`."""
ROWS = 120_000
SCRIPT_S = 2_000.0
"""Row time that so many rows last at least: rates of the second currency are told so long."""
_CHOSEN = preset(MARKET)

R0 = Campaign(
    name="R0",
    title="the baseline: every guard on, nothing injected",
    preset=MARKET,
    settings=stress_settings(_CHOSEN.venues, _CHOSEN.symbols),
    script=peg_script(SCRIPT_S),
    rows=ROWS,
    seeds=SEEDS,
    closed_least=500,
    paper_seed=SEEDS[0],
)


def _under(scenario: Scenario, number: int) -> Campaign:
    """The baseline with a scenario in it. Its venues are the simulated ones of a backtest: no paper session."""
    own = {
        "name": f"R{number}",
        "title": f"{scenario.name}: {scenario.title}",
        "scenario": scenario.name,
        "closed_least": 20,
        "paper_seed": None,
    }
    return Campaign.model_validate({**R0.model_dump(), **own})


SCENARIO_CAMPAIGNS = tuple(_under(scenario, number) for number, scenario in enumerate(SCENARIOS.values(), start=1))

EVERY = len(VERDICT_SEEDS)
MOST = 18
"""Of twenty seeds: what must be found where there is much to find. The verdict is sure to 98 %, not beyond doubt."""


def _never(*says: Outcome) -> tuple[VerdictBand, ...]:
    return tuple(VerdictBand(says=one, least=0, most=0) for one in says)


V1 = Campaign(
    name="V1",
    title="a market that earns: nearly all gaps close, ordinary costs",
    preset=MARKET,
    rows=120_000,
    verdicts=(VerdictBand(says=Outcome.TRADE, least=MOST, most=EVERY), *_never(Outcome.DO_NOT_TRADE)),
    closed_least=400,
    paper_seed=None,
)
V2 = Campaign(
    name="V2",
    title="a market that leaves nothing: the same, with a fee a little too high",
    preset=MARKET,
    settings=("taker_fee_bps=6",),
    rows=120_000,
    verdicts=(*_never(Outcome.TRADE), VerdictBand(says=Outcome.NOT_ENOUGH_EVIDENCE, least=10, most=EVERY)),
    closed_least=300,
    paper_seed=None,
)
V3 = Campaign(
    name="V3",
    title="a market too short to tell: the one that earns, less than a tenth of it",
    preset=MARKET,
    rows=8_000,
    verdicts=(
        VerdictBand(says=Outcome.NOT_ENOUGH_EVIDENCE, least=EVERY, most=EVERY),
        *_never(Outcome.TRADE, Outcome.DO_NOT_TRADE),
    ),
    closed_least=10,
    paper_seed=None,
)
V4 = Campaign(
    name="V4",
    title="a market that loses: nearly all gaps stay, ordinary costs",
    preset="low",
    rows=90_000,
    verdicts=(VerdictBand(says=Outcome.DO_NOT_TRADE, least=MOST, most=EVERY), *_never(Outcome.TRADE)),
    closed_least=300,
    paper_seed=None,
)
VERDICT_CAMPAIGNS = (V1, V2, V3, V4)
"""What each market really gives was measured on seeds 101 to 140, before these were run, USDT a trade (and deviation):
V1 +0.77 (2.3), V2 −0.08 (2.6), V3 +0.74 (2.1), V4 −1.27 (2.2)."""

D69 = Stage(
    name="D69",
    title="Robustness and verdict",
    purpose=(
        "Puts trouble into rows and venues, shows by measurement that it was there, and looks at what became of the "
        "session: no law broken, no runaway, the right guards tripped and let go, the drawdown inside its guard, and "
        "the profit gone the way that was stated beforehand. Of slippage and fees the cost on orders decided alike is "
        "the injected one. No two sessions may have come to the same. Then the question the whole is for: four markets "
        "of which it is known whether they pay are judged by the verdict on twenty seeds each, and its figures are "
        "found again in the record and by sessions run once more."
    ),
    campaigns=(R0, *SCENARIO_CAMPAIGNS, *VERDICT_CAMPAIGNS),
    required_trips=(
        "SLIPPAGE_MUST_BE_AS_EXPECTED",
        "LOSSES_MUST_NOT_RUN_ON",
        "PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE",
        "DRAWDOWN_MUST_STAY_INSIDE",
    ),
    remarks=(
        Remark(
            kind="works",
            text="Each injection is measured on rows or fills; one that is off is rejected by the check that names it.",
        ),
        Remark(
            kind="works",
            text="The engine is not told: venues charge, slip and answer other than the settings say; guards notice.",
        ),
        Remark(
            kind="works",
            text=(
                "The verdict says TRADE where the market earns, never where it leaves nothing, DO NOT TRADE where it "
                "loses, and NOT ENOUGH EVIDENCE where there are too few trades to tell, on twenty seeds each."
            ),
        ),
        Remark(
            kind="works",
            text=(
                "Its expectancy is the record's PnL, its costs are the record's, and a session with the taker fee or "
                "the latency at which it says that earning ends still earns, and with the next higher one does not."
            ),
        ),
        Remark(
            kind="limited",
            text=(
                "A simulated venue deals at the book it last showed. A flash or noise alone is therefore won, not "
                "lost, by who is quick; so these come with venues that answer late, as venues under stress do."
            ),
        ),
        Remark(
            kind="limited",
            text=(
                "Orders may slip by 100 bps here. With the bound of 5 bps that is the default none is dealt under "
                "80 bps of slippage: nothing is lost, and nothing traded."
            ),
        ),
        Remark(
            kind="limited",
            text=(
                "The verdict is tried on synthetic markets that go on alike. It knows nothing of a loss too rare to be "
                "among the trades, nor of a market that changes tomorrow."
            ),
        ),
        Remark(
            kind="limited",
            text=(
                "Of each campaign one seed is run again with other fees, latencies and sizes; the others are judged by "
                "their trades alone. That intervals are as sure as they say is measured by a calibration of its own, "
                "on 400 markets of each kind (docs/verdict.md): twenty seeds show a gross error only."
            ),
        ),
        Remark(kind="open", text="Scenarios run as backtests; a paper session is not stressed."),
    ),
)
