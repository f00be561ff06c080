"""The break-even: how far a cost may rise until nothing is earned any more, and what share of the edge costs eat.

Two answers. *Of the same trades*: what the trades made before fees, over what they turned over. *Of the session run
again*: with another fee other trades are made, so that the session itself is run at some values and, between one that
earns and the next that does not, at more, each halving the gap.

Where it is wrong: what is earned need not fall steadily as a cost rises. Then it is the crossing nearest to where the
session stands that the values tried can show.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from arbitrage_core.statistics.amounts import quotient
from arbitrage_core.statistics.trade_metrics import BPS

HALVINGS_MAX = 30


class Reach(StrEnum):
    """How far it earns: at no value up to the present one, up to one between two, at all from the present one on."""

    NOWHERE = "nowhere"
    UP_TO = "up to"
    THROUGHOUT = "throughout"


@dataclass(frozen=True)
class BreakEven:
    """`value`: the highest tried that still earned, within the tolerance of one that did not; None unless UP_TO."""

    reach: Reach
    value: float | None = None


def break_even(
    values: Sequence[float], present: float, earned: Callable[[float], float], tolerance: float
) -> BreakEven:
    """How far a cost may rise from where it is, or how far it has to fall, for `earned(value)` to be above 0.

    Where the present value earns, the first of the rising `values` above it that does not; else the first below that
    does; then halfway between the two until they lie within the tolerance. `present` is one of `values`. Raises
    ValueError when it is not, for values that do not rise and for a tolerance that is not above 0.
    """
    if present not in values or any(not low < high for low, high in pairwise(values)) or not tolerance > 0:
        raise ValueError("values that rise, the present one among them, and a tolerance above 0 are needed")
    here = list(values).index(present)
    if earned(present) > 0:
        beyond = next((at for at in range(here + 1, len(values)) if not earned(values[at]) > 0), None)
        if beyond is None:
            return BreakEven(Reach.THROUGHOUT)
        low, high = values[beyond - 1], values[beyond]
    else:
        below = next((at for at in range(here - 1, -1, -1) if earned(values[at]) > 0), None)
        if below is None:
            return BreakEven(Reach.NOWHERE)
        low, high = values[below], values[below + 1]
    for _ in range(HALVINGS_MAX):
        if high - low <= tolerance:
            break
        middle = (low + high) / 2.0
        low, high = (middle, high) if earned(middle) > 0 else (low, middle)
    return BreakEven(Reach.UP_TO, low)


def same_trades_fee_bps(net_amount: int, fees_amount: int, turnover_amount: int) -> float | None:
    """The one fee on all that was turned over that would have left nothing; None without turnover. May be negative."""
    return quotient((net_amount + fees_amount) * BPS, turnover_amount)


def cost_share(net_amount: int, fees_amount: int, slippage_amount: int) -> float | None:
    """Fees and slippage over what was made before them; None when that is not above 0: there was no edge to eat."""
    costs = fees_amount + slippage_amount
    return quotient(costs, net_amount + costs)
