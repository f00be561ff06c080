"""The registry of strategies: a name, and the module whose three compiled functions are bound into the engine."""

from types import ModuleType

from arbitrage_core.domain.compiled import Compiled
from arbitrage_core.strategies import taker_taker

STRATEGIES: dict[str, ModuleType] = {
    "taker_taker": taker_taker,
}


def strategy_functions(name: str) -> dict[str, Compiled]:
    """The functions to bind for a strategy, by the names the engine calls. ValueError names the known ones."""
    if name not in STRATEGIES:
        raise ValueError(f"no strategy {name!r}; there are {', '.join(sorted(STRATEGIES))}")
    module = STRATEGIES[name]
    return {called: getattr(module, called) for called in ("propose_entry", "wish_to_leave", "watch")}
