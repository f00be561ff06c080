"""The objections: what speaks against the best set of a study. A set against which nothing speaks holds up.

It was chosen as the best of many, so it looks good whatever it is. What is asked of it besides: that it earned where
it was not chosen, in trades enough to tell; that so many tries by chance alone would not have found its like; that what
is best in one half of the time does not lose in the other; that its neighbours are good, too. The bounds are stated
here, before any study.

Not asked is the probability of overfitting, how often the best in one half is below the middle in the other: on a broad
plateau all are alike, and it is one half whether they earn or not.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from arbitrage_core.tuning.plateau import PLATEAU_SHARE, Plateau

TRADES_LEAST = 20
"""Out of sample."""
DEFLATED_LEAST = 0.95
"""The probability, the number of tries counted in, that the Sharpe ratio is above 0: one error in twenty."""
LOSS_MOST = 0.05
"""Share of the halves."""


def objections_to(
    best: Sequence[Mapping[str, Any]],
    deflated_sharpe: float | None,
    loss_probability: float | None,
    plateau: Plateau | None,
) -> tuple[str, ...]:
    """In words, with figures; empty: the best set holds up. What cannot be told speaks against it."""
    if not best:
        return ("no set was judged",)
    outside, found = best[0]["out_of_sample"], []
    if not outside["pnl_quote"] > 0.0:
        found.append(f"out of sample it earned {outside['pnl_quote']:.6g}, which is nothing")
    if not outside["trades"] >= TRADES_LEAST:
        found.append(f"out of sample it made {outside['trades']} trades, too few to tell; {TRADES_LEAST} are asked for")
    if deflated_sharpe is None:
        found.append("the deflated Sharpe ratio cannot be told")
    elif not deflated_sharpe >= DEFLATED_LEAST:
        found.append(f"the deflated Sharpe ratio is {deflated_sharpe:.3f}; {DEFLATED_LEAST} is asked for")
    if loss_probability is None:
        found.append("whether the best of one half loses in the other cannot be told")
    elif not loss_probability <= LOSS_MOST:
        lost = f"the best of one half loses in the other in {loss_probability:.1%} of the halves"
        found.append(f"{lost}; {LOSS_MOST:.0%} at most is asked for")
    if plateau is None:
        found.append("its neighbours were not tried")
    elif not plateau.best > 0.0:
        found.append(f"in sample it brought {plateau.best:.6g}, which is nothing")
    elif not plateau.holds:
        share = "was stopped" if plateau.worst_share is None else f"brings {plateau.worst_share:.1%} of it"
        beside = ", ".join(
            f"{name} {value:.6g}" if isinstance(value, float) else f"{name} {value}"
            for name, value in plateau.worst.items()
        )
        found.append(f"it stands alone: its neighbour at {beside} {share}; {PLATEAU_SHARE:.0%} is asked for")
    return tuple(found)
