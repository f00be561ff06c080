"""The bar: what a set must be above to be tried under further scenarios. `pruning.py` says why it may be given up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from arbitrage_core.tuning.figures import Figures, upward


@dataclass(frozen=True)
class Bar:
    """What a set must be above, in sample of at least one split; `order`: the scenarios, the likeliest worst first."""

    objective: str
    splits: tuple[float, ...]
    order: tuple[str, ...]

    def is_missed(self, conducts: Iterable[Sequence[tuple[Figures, Figures]]]) -> bool:
        """Whether a set with these splits, of every scenario it ran under so far, can be given up."""
        by_split = zip(*conducts, strict=True)
        return all(
            min(upward(inside, self.objective) for inside, _ in found) <= bar
            for found, bar in zip(by_split, self.splits, strict=True)
        )
