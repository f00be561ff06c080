"""Refusal counts: how often each rule refused or made miss, by symbol, as the engine's state counts them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class RefusalCount(NamedTuple):
    """Looks at which a rule refused an entry, and opportunities missed because of it."""

    refused: int
    missed: int


def refusal_counts(symbols: Sequence[str], state: np.record) -> dict[tuple[str, int], RefusalCount]:
    """By symbol and number of the refusal; those that never happened are left out."""
    return {
        (symbol, code): RefusalCount(int(counted["refusals"][code]), int(counted["missed"][code]))
        for symbol, counted in zip(symbols, state["symbols"], strict=False)  # the state has room for more
        for code in np.flatnonzero((counted["refusals"] != 0) | (counted["missed"] != 0)).tolist()
    }
