"""The order of stages, and of each what it is for and when it is done: what the roadmap is made of."""

from pydantic import BaseModel, ConfigDict, Field

from arbitrage_core.domain.errors import BadInput


class Milestone(BaseModel):
    """A stage on the road: its goal, and when it is done. Its campaigns, once written, are in flows/stages/dNN.py."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=r"^D\d\d$")
    title: str
    goal: str
    done: tuple[str, ...] = Field(min_length=1, description="criteria, each of which can be checked")


ROAD: tuple[Milestone, ...] = (
    Milestone(
        name="D64",
        title="System audit",
        goal="Know what is there, what was shown of it and what is missing, from the code and the record.",
        done=(
            "for every feature of the mission: code, tests and measured evidence, or a gap with the stage that owns it",
            "with one feature switched off, the audit names just that one",
            "the standard campaigns S1, S2 and S6 show what they must on every seed",
        ),
    ),
    Milestone(
        name="D65",
        title="Trade lifecycle",
        goal="The engine wins and loses as its market lets it, and every number is found again from its fills.",
        done=(
            "C1, C2, C3: win rates of 40–60 %, 65–95 % and 5–35 % on each of twenty seeds fixed beforehand",
            "every exit reason and every order state occurs; partial closes occur",
            "record = ledger, replay and paper session to the same state hash, fees and slippage as modelled",
        ),
    ),
    Milestone(
        name="D66",
        title="Several symbols, independent",
        goal="Symbols in one session do not disturb each other.",
        done=(
            "M1–M3: each symbol decides, bit for bit, what it decides alone",
            "a symbol switched off, or stopped by its own guard, changes nothing for the others",
        ),
    ),
    Milestone(
        name="D67",
        title="Portfolio PnL",
        goal="The parts add up to the portfolio, and the limits on it are shared.",
        done=(
            "P1–P3: PnL by trade, symbol and venue adds up to the portfolio's to the unit",
            "exposure, capital, order rate, daily loss and drawdown stop entries; the kill switch latches",
        ),
    ),
    Milestone(
        name="D68",
        title="Parameter tuning",
        goal="Parameters that hold on data they were not chosen on.",
        done=(
            "studies and results in Postgres, without which nothing runs",
            "in and out of sample apart, with the deflated Sharpe ratio and the probability of overfitting",
        ),
    ),
    Milestone(
        name="D69",
        title="Robustness",
        goal="Six scenarios, really injected, and a verdict on whether it is worth trading.",
        done=(
            "each scenario's injection is measured on the rows and fills, not claimed",
            "the verdict: expectancy with its interval, break-even fee, probability of profit",
            "V1–V4: of markets whose edge is known it says on twenty seeds each what was stated beforehand",
        ),
    ),
    Milestone(
        name="D70",
        title="Persistence and resume",
        goal="A session that was killed goes on as if it had not been.",
        done=(
            "snapshots every 5 minutes, at each trade opened or closed and at exit; a damaged one is refused",
            "crash anywhere and resume = the uninterrupted run, bit for bit",
        ),
    ),
    Milestone(
        name="D71",
        title="Failure injection and recovery",
        goal="Every fault of the list ends in trading again or in a halt with a reason.",
        done=(
            "each fault injected in each phase; nothing lost, nothing sent twice, no exposure left",
            "escalation from pause to reduce to flatten; orders at an exchange reconciled",
        ),
    ),
    Milestone(
        name="D72",
        title="Scale",
        goal="From 2 to 50 symbols, and what limits more.",
        done=(
            "loop time, lag, CPU and memory at every rung; the ceiling named with what sets it",
            "a soak without growth",
        ),
    ),
    Milestone(
        name="D73",
        title="Monitoring and alerts",
        goal="What goes wrong is seen, and somebody is told.",
        done=("metrics and dashboards of a running session", "each alert fires on its fault and not without one"),
    ),
    Milestone(
        name="D74",
        title="Operator UI and CLI",
        goal="One person runs it, from one page or one command line.",
        done=("see, pause, reduce, flatten and kill from the control room", "every action recorded with its answer"),
    ),
)

ORDER: tuple[str, ...] = tuple(milestone.name for milestone in ROAD)
"""Stages in the order in which they are accepted."""


def before(stage: str) -> tuple[str, ...]:
    """The stages that must be accepted first, in order. Raises BadInput for a stage that is not on the road."""
    if stage not in ORDER:
        raise BadInput(f"no stage {stage!r} on the road", f"there are {', '.join(ORDER)}")
    return ORDER[: ORDER.index(stage)]
