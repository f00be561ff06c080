"""The pruning: a set is given up under further scenarios when it can be none of the best any more.

A worst case only gets worse with every further scenario. So a set whose worst case so far is not above the `BEST`-th
best of those complete before its batch is none of the best, whatever else befalls it; of equals the earlier set is the
better one. `walk_forward` asks for the best at each earlier split, so there, too, it must not be above the best. What
is shown of a study is therefore the same with pruning and without, and so is every set that is not given up.

Whoever is given up has run on the rows as they are: they come first. The deflated Sharpe ratio and the overfitting are
of those, and count it among the trials like any other. What is not known of it is what it would have done under the
scenarios it was spared; that includes whether the engine would have stopped itself there.

Bar and order follow from the sets recorded before the batch, so that neither threads nor an interruption change them.
For samplers that learn from what sets bring there is no pruning: told less, they would search elsewhere.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from heapq import heappush, heappushpop
from typing import Any

from arbitrage_core.storage.record.studies import TrialResult
from arbitrage_core.tuning.bar import Bar
from arbitrage_core.tuning.figures import upward
from arbitrage_core.tuning.search import Definition

BEST = 10
"""So many sets are shown, and none of them is ever given up."""


class Pruning:
    """Keeps the bar of a study: `take` every set recorded, ask for `bar` before each batch."""

    def __init__(self, definition: Definition) -> None:
        self._definition, self._objective = definition, definition.objectives[0]
        self._best: list[float] = []
        self._splits = [float("-inf")] * definition.walk_forward.count
        self._worst: Counter[str] = Counter()

    def take(self, results: Iterable[TrialResult]) -> None:
        """Takes in sets that were recorded."""
        for one in results if self._definition.prune else ():
            if one.figures is None or is_pruned(one.figures):
                continue
            inside = [upward(split[0], self._objective) for split in one.figures["splits"]]
            (heappush if len(self._best) < BEST else heappushpop)(self._best, inside[-1])
            self._splits = [max(pair) for pair in zip(self._splits, inside, strict=True)]
            self._worst[one.figures["worst"]] += 1

    @property
    def bar(self) -> Bar | None:
        """None while fewer sets are complete than are shown, and for a study that does not prune."""
        if len(self._best) < BEST:
            return None
        order = sorted(self._definition.scenarios, key=lambda name: -self._worst[name])
        return Bar(self._objective, (*self._splits[:-1], self._best[0]), tuple(order))


def is_pruned(figures: Mapping[str, Any]) -> bool:
    """Whether these figures are those of a set that was given up: worst cases of the scenarios it did see."""
    return "pruned" in figures
