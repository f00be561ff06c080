"""The slots: the trades a state holds, without the empty ones, flat."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from arbitrage_core.domain.order import FIRST_FINAL_STATE, OrderState
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.state import LEGS
from arbitrage_core.laws.groups import trade_key, trade_name
from arbitrage_core.laws.terms import Terms


@dataclass(frozen=True, eq=False)
class Slots:
    """n trades in use. `symbol` int64 [n]; `trades` (TRADE) [n]; `legs` (LEG) and `orders` (ORDER) [n, 2]."""

    symbol: np.ndarray
    trades: np.ndarray
    legs: np.ndarray
    orders: np.ndarray

    @cached_property
    def keys(self) -> np.ndarray:
        """The key of each trade."""
        return trade_key(self.symbol, self.trades["number"])

    @cached_property
    def leg_symbol(self) -> np.ndarray:
        """The symbol of each leg, [n, 2]."""
        return np.repeat(self.symbol, LEGS).reshape(self.legs.shape)

    @cached_property
    def working(self) -> np.ndarray:
        """Whether each leg's order may still trade, bool [n, 2]."""
        state = self.orders["state"]
        return (state != OrderState.NONE) & (state < FIRST_FINAL_STATE)

    def trade_name(self, index: int) -> str:
        """A trade in words."""
        return trade_name(int(self.keys[index]))

    def leg_name(self, index: int, leg: int) -> str:
        """A leg in words."""
        return f"{self.trade_name(index)} leg {leg}"


def slots_of(terms: Terms, state: np.record) -> Slots:
    """The slots in use of a state."""
    every = state["symbols"]["trades"][: terms.symbols].view(np.ndarray)
    symbol, slot = np.nonzero(every["phase"] != Phase.FREE)
    trades = every[symbol, slot]
    legs = trades["legs"]
    return Slots(symbol, trades, legs, legs["order"][..., 0])
