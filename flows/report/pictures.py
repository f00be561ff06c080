"""The pictures of a report: its charts, and how the page at hand shows them."""

from collections.abc import Callable
from dataclasses import dataclass

Show = Callable[[str, str], str]
"""(name of a chart, what it shows) → the Markdown that shows it."""


@dataclass(frozen=True)
class Pictures:
    """The charts there are, the currency of each campaign's money, and how a chart is shown."""

    charts: dict[str, str]
    currencies: dict[str, str]
    show: Show

    def of(self, name: str, what: str) -> list[str]:
        """The Markdown of a chart; nothing when there is none of that name."""
        return [self.show(name, what)] if name in self.charts else []
