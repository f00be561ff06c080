"""The scenario: trouble injected into a session's rows and venues, with what proves it and what must come of it. Data.

Whoever injects must show it. So a scenario states beforehand what will be measured on rows or fills, how much of it
there must be, which way the profit goes and which guards answer.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from arbitrage_core.feeds.distortion import Distortion
from arbitrage_core.scenarios.run import Run


@dataclass(frozen=True)
class Setting:
    """What a scenario is put into: names of venues and symbols as the feed has them, and how long the rows last."""

    venues: tuple[str, ...]
    symbols: tuple[str, ...]
    span_s: float


@dataclass(frozen=True)
class Injection:
    """What is changed: rows by `distortions`; what venues really do by `venue_settings`, as --set takes them. The
    engine is told of neither."""

    distortions: tuple[Distortion, ...] = ()
    venue_settings: tuple[str, ...] = ()

    def __add__(self, other: "Injection") -> "Injection":
        """Both: this one's changes of rows first, the other's settings last."""
        return Injection(self.distortions + other.distortions, self.venue_settings + other.venue_settings)


class Direction(StrEnum):
    """Which way the profit goes, against the baseline's. NEARER_ZERO: less is won or lost."""

    DOWN = "down"
    UP = "up"
    NEARER_ZERO = "nearer zero"


@dataclass(frozen=True)
class Proof:
    """What is measured to know that the injection was there: `measure` of (baseline, stressed), None where there is
    nothing to measure; it must come within `tolerance` (a share) of what was intended."""

    what: str
    unit: str
    measure: Callable[[Run, Run], float | None]
    intended: Callable[[Setting], float]
    tolerance: float = 0.05


@dataclass(frozen=True)
class Scenario:
    """A scenario: its injection, a proof of each part of it, and what must come of it.

    `trips`: guards, by their rule, that must trip; `releases`: of these, those that must let go again. `refuses`: rules
    that must refuse more than in the baseline. `raised_term`: what of the venues' terms is raised, in bps; then what
    orders decided alike cost more must be just that. `entries_most`: so many times the entries of the baseline's
    busiest minute at most. `spares`: checks that ask of every session what cannot be asked of this one.
    `symbols_least`, `currencies_least`: with fewer symbols, or currencies, there is nothing to inject.
    """

    name: str
    title: str
    inject: Callable[[Setting], Injection]
    proofs: tuple[Proof, ...]
    direction: Direction
    trips: tuple[str, ...] = ()
    releases: tuple[str, ...] = ()
    refuses: tuple[str, ...] = ()
    raised_term: str = ""
    entries_most: float = 1.5
    spares: tuple[str, ...] = ()
    symbols_least: int = 1
    currencies_least: int = 1
