"""What a strategy must answer. These stand-ins never trade; a session binds a real strategy in their place by name.

A strategy is three compiled functions with these signatures; `arbitrage_core.strategies` holds them.
"""

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.trade import ExitReason


@compiled
def propose_entry(state, params, s, now_ns):
    """(found, buy venue, sell venue, spread_bps, net_edge_bps, refusal): the pair to enter, if any.

    `found` says whether any pair shows a spread at all; `refusal` is why none of them may be used. Reads only.
    """
    return False, 0, 0, 0.0, 0.0, Refusal.NONE


@compiled
def wish_to_leave(symbol, terms, unit, trade, fresh, priced, now_ns):
    """(exit reason, lots): why an OPEN trade should leave now; 0 lots mean all. Reads only.

    `fresh`: both books are; `priced`: they are so in step and so plausible besides that their prices may be a reason.
    """
    return ExitReason.NONE, 0


@compiled
def watch(terms, trade, unit):
    """(closing cost in bps, loss px): below this closing cost, or above this difference of the fee-laden ask and bid,
    `wish_to_leave` may say something new. Errs towards a look. (−inf, inf): never."""
    return 0.0, 0.0
