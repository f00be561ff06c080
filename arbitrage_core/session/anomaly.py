"""The anomaly: a pattern that means "this is not trading", seen in a running session. A value; nothing here raises.

Bad luck is none: a market that loses money, a venue that rejects, a feed that lags have rules of their own. An anomaly
cannot come of them, only of a defect, so nothing after it can be trusted and the session stops at once.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from arbitrage_core.domain.errors import AnomalyFound


class Pattern(StrEnum):
    """What is looked for, in the order in which it is told of when several hold."""

    PNL = "PnL that does not follow from the fills"
    RUNAWAY = "runaway entries"
    NO_EXITS = "entries without exits"
    LAW = "a law broken"
    SILENCE = "all feeds silent"


@dataclass(frozen=True)
class Anomaly:
    """A pattern that holds, what was seen in one line, and its figures, plain enough for JSON."""

    pattern: Pattern
    finding: str
    figures: dict[str, object] = field(default_factory=dict)

    def as_error(self, row: int, now_ns: int) -> AnomalyFound:
        """The error that stops the session; `row`: so many rows were applied, `now_ns`: the time of the last."""
        return AnomalyFound(self.pattern, self.finding, row=row, now_ns=now_ns, figures=self.figures)
